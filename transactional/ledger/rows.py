"""Postings as rows of the three ledger tables, for whatever statement writes them. No SQL runs here.

A business date in a closed month becomes the first open day inside the INSERT itself: that takes its lock before it
looks, so that a month that is being closed is either seen or waits.
"""

from collections.abc import Iterable
from datetime import tzinfo

from mingsuan.clock import business_date
from transactional.arrays import arrays, insert
from transactional.ledger.rules import Posting

TRANSACTION = {
    "id": "bigint",
    "reference": "text",
    "event": "text",
    "effective_at": "timestamptz",
    "ledger_date": "date",
    "order_id": "bigint",
}
ENTRY = {
    "transaction_id": "bigint",
    "account": "text",
    "amount_fen": "bigint",
    "customer_id": "bigint",
    "order_item_id": "bigint",
    "supplier_id": "bigint",
    "channel_id": "bigint",
}
LINE = {
    "transaction_id": "bigint",
    "kind": "text",
    "component": "text",
    "amount_fen": "bigint",
    "order_item_id": "bigint",
    "fulfilment_id": "bigint",
    "customer_id": "bigint",
    "supplier_id": "bigint",
    "channel_id": "bigint",
    "effective_at": "timestamptz",
}
OPEN_DATE = "greatest(ledger_date, (select (max(month) + interval '1 month')::date from shop.month_close))"
INSERTS = (
    insert("ledger_transaction", TRANSACTION, {"ledger_date": OPEN_DATE}),
    insert("ledger_entry", ENTRY),
    insert("document_line", LINE),
)


def parameters(numbered: Iterable[tuple[int, Posting]], zone: tzinfo) -> dict[str, list[object]]:
    """What INSERTS take, from postings that carry money and the ids reserved for them."""
    transactions: list[tuple[object, ...]] = []
    entries: list[tuple[object, ...]] = []
    lines: list[tuple[object, ...]] = []
    for number, posting in numbered:
        at = posting.effective_at
        transactions.append((number, posting.reference, posting.event, at, business_date(at, zone), posting.order_id))
        entries += [
            (number, e.account.value, e.amount_fen, e.customer_id, e.order_item_id, e.supplier_id, e.channel_id)
            for e in posting.entries
        ]
        for line in posting.lines:
            about = (line.order_item_id, line.fulfilment_id, line.customer_id, line.supplier_id, line.channel_id)
            lines.append((number, line.kind, line.component, line.amount_fen, *about, at))
    return {
        **arrays("ledger_transaction", TRANSACTION, transactions),
        **arrays("ledger_entry", ENTRY, entries),
        **arrays("document_line", LINE, lines),
    }
