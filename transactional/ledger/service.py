"""Writing postings of the running shop, and asking whether the ledger is whole."""

from collections.abc import Sequence
from datetime import tzinfo

from sqlalchemy import text

from transactional.db import ReadSession, WriteSession
from transactional.ledger import queries, rows
from transactional.ledger.rules import Posting
from transactional.ledger.schemas import AccountBalance, LedgerFindings

RESERVE = text("select nextval('shop.ledger_transaction_id_seq') from generate_series(1, :count)")
INSERTS = tuple(text(statement) for statement in rows.INSERTS)


async def post(session: WriteSession, postings: Sequence[Posting], zone: tzinfo) -> int:
    """Write the postings that carry money, in the caller's transaction; returns how many did.

    One INSERT for the entries of all. Raises IntegrityError for a reference that was posted before.
    """
    posted = [posting for posting in postings if posting]
    if not posted:
        return 0
    numbers = list(await session.scalars(RESERVE, {"count": len(posted)}))
    values = rows.parameters(zip(numbers, posted, strict=True), zone)
    for statement in INSERTS:
        await session.execute(statement, {name: values[name] for name in statement.compile().params})
    return len(posted)


async def trial_balance(session: ReadSession) -> tuple[AccountBalance, ...]:
    """The balance of every account that has entries, debit positive; they add up to zero."""
    return await queries.trial_balance(session)


async def check(session: ReadSession) -> LedgerFindings:
    """What is wrong with the ledger: nothing, when all findings are zero."""
    return await queries.findings(session)
