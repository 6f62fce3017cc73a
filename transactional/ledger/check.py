"""The whole check of the ledger, at one instant of the database: an empty answer means that the books are whole."""

from sqlalchemy.ext.asyncio import AsyncEngine

from transactional.db import ReadSession
from transactional.ledger import book_checks, control_accounts, seal_checks, supplier_checks
from transactional.ledger.findings import Finding
from transactional.ledger.heads_file import HeadsFile

CHECKS = (*book_checks.CHECKS, *supplier_checks.CHECKS)
AT_ONE_INSTANT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


async def examine(source: AsyncEngine, file: HeadsFile, *, newest_seals: int | None = None) -> tuple[Finding, ...]:
    """Every finding. Takes the engine: all statements must see one instant, or a sale in between would be a finding.

    With `newest_seals` only the rows of that many seals are hashed again; without, of all.
    """
    published = file.read()
    async with ReadSession(source, expire_on_commit=False) as session:
        await session.connection(execution_options=AT_ONE_INSTANT)
        found = [finding for check in CHECKS for finding in await check.findings(session)]
        found += await control_accounts.findings(session)
        found += await seal_checks.findings(session, file, published, newest=newest_seals)
    return tuple(found)
