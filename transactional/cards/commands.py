"""What the command line does with keys and codes; each answer is a sentence for the person at the terminal."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from mingsuan.progress import Progress
from mingsuan.settings import Settings
from transactional.cards.export import export_batch
from transactional.cards.re_encryption import re_encrypt as run_re_encrypt
from transactional.cards.rotation import NothingSealedError
from transactional.cards.rotation import rotate_master_key as run_rotation
from transactional.cards.vault import VaultClosedError, key_files
from transactional.db import engine, writing
from transactional.errors import NotFoundError
from transactional.first_start import CommandRefusedError
from transactional.shop import Shop, open_shop

Answer = TypeVar("Answer")


def rotate_master_key(app_url: str, settings: Settings) -> str:
    """A new master key takes the old one's place. Raises CommandRefusedError."""

    async def work(shop: Shop) -> str:
        done = await run_rotation(shop.engine, settings)
        file = key_files(settings)[0]
        return (
            f"{done.data_keys:,} data keys are wrapped by master key {done.after} now; it is in {file}: back it up."
            f" The one before is kept as {file.name}.{done.before}, which older backups of the database need."
        )

    return _told(app_url, settings, work)


def re_encrypt(app_url: str, settings: Settings, batch: str | None, progress: Progress) -> str:
    """Codes, and what staff handed over, under new data keys. Raises CommandRefusedError."""

    async def work(shop: Shop) -> str:
        done = await run_re_encrypt(shop.engine, shop.vault, progress, UUID(batch) if batch else None)
        went_on = "An earlier run was cut off and is complete now. " if done.resumed else ""
        return f"{went_on}{done.codes:,} codes and {done.deliveries:,} deliveries are under new data keys."

    return _told(app_url, settings, work)


def export_cards(
    app_url: str, settings: Settings, batch: str, reason: str, to: Path | None, *, delivered: bool
) -> tuple[str, str]:
    """The file's text, empty when it went to `to`, and the sentence. Raises CommandRefusedError."""
    if not reason.strip():
        raise CommandRefusedError("Say why the codes are taken out: --reason must not be empty.")

    async def work(shop: Shop) -> tuple[str, str]:
        async with writing(shop.engine) as session:
            content = await export_batch(session, shop.vault, UUID(batch), reason.strip(), None, delivered=delivered)
        if to is None:
            return content.decode("utf-8-sig"), f"Batch {batch} was exported; the act is on record."
        to.touch(mode=0o600)
        to.write_bytes(content)
        return "", f"Batch {batch} was exported to {to}; the act is on record."

    return _told(app_url, settings, work)


def _told(app_url: str, settings: Settings, work: Callable[[Shop], Awaitable[Answer]]) -> Answer:
    async def run() -> Answer:
        source = engine(app_url)
        try:
            return await work(await open_shop(settings, source))
        finally:
            await source.dispose()

    try:
        return asyncio.run(run())
    except NotFoundError:
        raise CommandRefusedError("Nothing was changed: there is no such batch.") from None
    except (NothingSealedError, VaultClosedError, OSError) as error:
        raise CommandRefusedError(f"{error}.") from None
    except ValueError:
        raise CommandRefusedError("Nothing was changed: a batch is named by its id, such as the desk shows.") from None
