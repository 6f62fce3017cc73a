"""What one process of the shop runs with: settings, database, keys, currency and zone, intake of orders, gateways.

Made once by `create_app`, kept in `app.state.shop`; nothing here is global.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncEngine

from mingsuan.alerting import Sink
from mingsuan.alerting import sinks as alert_sinks
from mingsuan.settings import Settings
from transactional.accounts.entry.attempts import Watch
from transactional.accounts.entry.gate import Gate
from transactional.accounts.entry.log_ins import LogIns
from transactional.accounts.entry.refused_attempts import RefusedAttempts
from transactional.accounts.persons.identity_http import configured as identity_provider
from transactional.accounts.persons.identity_provider import IdentityProvider, ManualReview
from transactional.cards.vault import Vault, open_vault
from transactional.catalogue.cache import CatalogueCache
from transactional.db import beside, writing
from transactional.draws.beacon import Beacon, beacons
from transactional.draws.intake import Entering
from transactional.draws.log.keeper import Keeper, keeper_of
from transactional.logistics.tracker import Tracker, tracker
from transactional.notices.senders.configured import senders
from transactional.notices.senders.interface import Sender
from transactional.orders.intake import Intake
from transactional.payments.flood import RefusalBudget
from transactional.payments.gateways.configured import gateways
from transactional.payments.gateways.interface import Gateway
from transactional.profile_service import ensure_profile
from transactional.suppliers.purchases.supplies import Supplies

SHARED_CONNECTIONS = 8
"""For what requests wait for together: both intakes' batches, log-ins, the catalogue."""


@dataclass(frozen=True)
class Shop:
    """Handed to every edge (`shop_of(request)` in `transactional.edge`)."""

    settings: Settings
    engine: AsyncEngine
    vault: Vault
    currency: str
    zone: ZoneInfo
    intake: Intake
    log_ins: LogIns
    catalogue: CatalogueCache
    entering: Entering
    gate: Gate
    staff_gate: Gate
    wrong_log_ins: Watch
    keeper: Keeper
    gateways: Mapping[str, Gateway] = field(default_factory=dict)
    refused_notices: RefusalBudget = field(default_factory=RefusalBudget)
    senders: Mapping[str, Sender] = field(default_factory=dict)
    tracker: Tracker | None = None
    identity: IdentityProvider = field(default_factory=ManualReview)
    supplies: Supplies = field(default_factory=Supplies)
    alert_sinks: tuple[Sink, ...] = ()
    beacons: Mapping[str, Beacon] = field(default_factory=dict)

    async def aclose(self) -> None:
        """Ends the connections to gateways, providers and the cache; the engine is the caller's."""
        await self.catalogue.aclose()
        await self.gate.refused.aclose()
        ends = [gateway.aclose() for gateway in self.gateways.values()]
        ends += [sender.aclose() for sender in self.senders.values()]
        ends += [self.tracker.aclose()] if self.tracker else []
        ends += [sink.aclose() for sink in self.alert_sinks]
        ends += [beacon.aclose() for beacon in self.beacons.values()]
        await asyncio.gather(*ends, self.identity.aclose(), self.supplies.aclose())


async def open_shop(settings: Settings, engine: AsyncEngine) -> Shop:
    """Reads (or fixes, in a new shop) currency and zone, and opens the vault.

    Raises VaultClosedError when the key files do not belong to this database, ConfigurationError when a gateway or
    a sender is switched on without what it needs, AlertSettingsError when a sink of alerts is, LogSettingsError when
    the log's witnesses are not named as they should be.
    """
    doors, ways, identity = gateways(settings), senders(settings), identity_provider(settings)
    async with writing(engine) as session:
        profile = await ensure_profile(session, settings.currency, settings.timezone)
        vault = await open_vault(session, settings)
    keeper = keeper_of(settings)
    zone = ZoneInfo(profile.timezone)
    redis_url = settings.redis_url.get_secret_value() if settings.redis_url else None
    own = beside(engine, SHARED_CONNECTIONS)
    asked = Intake(own, zone), LogIns(own), CatalogueCache(own, redis_url), Entering(own, zone)
    watch = Watch()
    refused = RefusedAttempts(own, vault, watch)
    gates = Gate("customer", refused), Gate("staff", refused)
    about = (settings, engine, vault, profile.currency, zone)
    return Shop(
        *about,
        *asked,
        *gates,
        watch,
        keeper,
        doors,
        senders=ways,
        identity=identity,
        tracker=tracker(settings),
        alert_sinks=alert_sinks(settings),
        beacons=beacons(settings),
    )
