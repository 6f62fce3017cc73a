"""What one process of the shop runs with: settings, database, keys, the shop's currency and zone, the intake of orders.

Made once by `create_app`, kept in `app.state.shop`; nothing here is global.
"""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncEngine

from mingsuan.settings import Settings
from transactional.cards.vault import Vault, open_vault
from transactional.db import writing
from transactional.orders.intake import Intake
from transactional.profile_service import ensure_profile


@dataclass(frozen=True)
class Shop:
    """Handed to every edge (`shop_of(request)` in `transactional.edge`)."""

    settings: Settings
    engine: AsyncEngine
    vault: Vault
    currency: str
    zone: ZoneInfo
    intake: Intake


async def open_shop(settings: Settings, engine: AsyncEngine) -> Shop:
    """Reads (or fixes, in a new shop) currency and zone, and opens the vault.

    Raises VaultClosedError when the key files do not belong to this database.
    """
    async with writing(engine) as session:
        profile = await ensure_profile(session, settings.currency, settings.timezone)
        vault = await open_vault(session, settings)
    zone = ZoneInfo(profile.timezone)
    return Shop(settings, engine, vault, profile.currency, zone, Intake(engine, zone))
