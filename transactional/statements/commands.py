"""What the command line does with statements of advertising platforms and couriers, and with the inbox."""

import asyncio
from pathlib import Path
from zoneinfo import ZoneInfo

from mingsuan.settings import Settings
from transactional.db import engine, writing
from transactional.profile_service import ensure_profile
from transactional.statement_intake import NewFile
from transactional.statements import inbox, report
from transactional.statements.inbox import Handled
from transactional.statements.kinds import KINDS
from transactional.statements.report import Report


def import_file(app_url: str, settings: Settings, kind: str, sender: str, file: Path) -> Report:
    """Takes one file in. Raises ShopError, with the bad cells as its problems."""
    return asyncio.run(taken_in(app_url, settings, kind, sender, file))


async def taken_in(app_url: str, settings: Settings, kind: str, sender: str, file: Path) -> Report:
    """The same, for who has an event loop."""
    source = engine(app_url)
    try:
        async with writing(source) as session:
            profile = await ensure_profile(session, settings.currency, settings.timezone)
            new = NewFile(sender, file.name, file.read_bytes(), "inbox")
            taken = await KINDS[kind](session, new, ZoneInfo(profile.timezone), profile.currency)
    finally:
        await source.dispose()
    return report.of_taken(taken, profile.currency, "en")


def import_inbox(app_url: str, settings: Settings) -> list[Handled]:
    """Takes everything in the inbox in; waits for another run that is at work there."""
    with inbox.alone(settings.inbox_dir):
        return asyncio.run(emptied(app_url, settings))


async def emptied(app_url: str, settings: Settings) -> list[Handled]:
    """The same, for who has an event loop and is alone in the inbox."""
    source = engine(app_url)
    try:
        async with writing(source) as session:
            profile = await ensure_profile(session, settings.currency, settings.timezone)
        return await inbox.take_all(source, settings.inbox_dir, profile, settings.language)
    finally:
        await source.dispose()
