"""Postings of a whole history into the ledger by COPY: for imports and simulations, not for the running shop."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, tzinfo

from mingsuan.clock import business_date
from transactional.bulk_copy import Connection, copy_rows, reserve_ids
from transactional.ledger.rules import Posting

TRANSACTION = ("id", "reference", "event", "effective_at", "ledger_date", "order_id")
ENTRY = ("transaction_id", "account", "amount_fen", "customer_id", "order_item_id", "supplier_id", "channel_id")
LINE = (
    "transaction_id",
    "kind",
    "component",
    "amount_fen",
    "order_item_id",
    "fulfilment_id",
    "customer_id",
    "supplier_id",
    "channel_id",
    "effective_at",
)
FIRST_OPEN_DAY = "select coalesce(max(month) + interval '1 month', '0001-01-01')::date from shop.month_close"
Numbered = tuple[int, Posting]


def write(connection: Connection, postings: Iterable[Posting], zone: tzinfo) -> int:
    """Write the postings that carry money and return how many did.

    All entries travel in one statement, so that the database checks each transaction's sum. What belongs to a closed
    month is dated the first open day; no month is closed until the transaction ends. Raises
    psycopg.errors.UniqueViolation when a reference is already posted.
    """
    posted = [posting for posting in postings if posting]
    first_open = _first_open_day(connection)
    numbered = list(zip(reserve_ids(connection, "ledger_transaction", len(posted)), posted, strict=True))
    copy_rows(connection, "ledger_transaction", TRANSACTION, _transactions(numbered, zone, first_open))
    copy_rows(connection, "ledger_entry", ENTRY, _entries(numbered))
    copy_rows(connection, "document_line", LINE, _lines(numbered))
    return len(posted)


def _first_open_day(connection: Connection) -> date:
    """Holds off the closing of months (the lock comes before the look), then looks."""
    connection.execute("lock table shop.ledger_transaction in row exclusive mode")
    [day] = connection.execute(FIRST_OPEN_DAY).fetchone() or [date.min]
    return day if isinstance(day, date) else date.min


def _transactions(numbered: Sequence[Numbered], zone: tzinfo, first_open: date) -> Iterator[tuple[object, ...]]:
    for number, posting in numbered:
        at = posting.effective_at
        day = max(business_date(at, zone), first_open)
        yield number, posting.reference, posting.event, at, day, posting.order_id


def _entries(numbered: Sequence[Numbered]) -> Iterator[tuple[object, ...]]:
    for number, posting in numbered:
        for entry in posting.entries:
            about = (entry.customer_id, entry.order_item_id, entry.supplier_id, entry.channel_id)
            yield number, entry.account.value, entry.amount_fen, *about


def _lines(numbered: Sequence[Numbered]) -> Iterator[tuple[object, ...]]:
    for number, posting in numbered:
        for line in posting.lines:
            about = (line.order_item_id, line.fulfilment_id, line.customer_id, line.supplier_id, line.channel_id)
            yield (number, line.kind, line.component, line.amount_fen, *about, posting.effective_at)
