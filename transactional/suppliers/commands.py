"""What the command line does for suppliers; each answer is a sentence for the person at the terminal."""

import asyncio
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import select

from mingsuan import money
from mingsuan.settings import Settings
from transactional.db import engine, writing
from transactional.errors import NotFoundError, ShopError
from transactional.first_start import CommandRefusedError
from transactional.profile_service import ensure_profile
from transactional.suppliers.errors import RefusedStatementError
from transactional.suppliers.models import SupplyChannel
from transactional.suppliers.money import statements
from transactional.suppliers.money.statements import NewStatement


def import_statement(app_url: str, settings: Settings, file: Path, channel: str, days: tuple[date, date] | None) -> str:
    """Takes a statement in. Raises RefusedStatementError naming every bad cell, CommandRefusedError."""
    return asyncio.run(taken_in(app_url, settings, file, channel, days))


async def taken_in(app_url: str, settings: Settings, file: Path, channel: str, days: tuple[date, date] | None) -> str:
    """The same, for who has an event loop."""
    try:
        return await _import_statement(app_url, settings, file, channel, days)
    except RefusedStatementError:
        raise
    except NotFoundError:
        raise CommandRefusedError(f"no channel has the code {channel}") from None
    except ShopError as refusal:
        raise CommandRefusedError(str(refusal)) from None


async def _import_statement(
    app_url: str, settings: Settings, file: Path, channel: str, days: tuple[date, date] | None
) -> str:
    source = engine(app_url)
    try:
        async with writing(source) as session:
            profile = await ensure_profile(session, settings.currency, settings.timezone)
            found = await session.scalar(select(SupplyChannel.id).where(SupplyChannel.code == channel))
            if found is None:
                raise NotFoundError
            new = NewStatement(found, file.name, file.read_bytes(), "inbox", days)
            done = await statements.take_in(session, new, ZoneInfo(profile.timezone), profile.currency)
    finally:
        await source.dispose()
    again = "" if done.is_new else " It was stored before; nothing was changed."
    fen = money.text(done.difference_fen, profile.currency)
    return f"{done.line_count:,} lines of {channel}: {done.difference_count:,} differ, by {fen} in all.{again}"
