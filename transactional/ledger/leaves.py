"""A ledger transaction with its entries and document lines as the bytes that a seal covers.

Canonical JSON (RFC 8785; integers and strings only, what is absent is left out). Change log columns stay out, so that a
restored and re-stamped database has the same leaves.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import text

from transactional import merkle
from transactional.canonical_json import canonical
from transactional.db import ReadSession

AT_ONCE = 2_000
TRANSACTIONS = text("""
select id, public_id, reference, event, effective_at, ledger_date, order_id
from shop.ledger_transaction where id = any(:ids)
""")
ENTRIES = text("""
select transaction_id, id, account, amount_fen, customer_id, order_item_id, supplier_id, channel_id
from shop.ledger_entry where transaction_id = any(:ids) order by id
""")
LINES = text("""
select transaction_id, id, public_id, kind, component, amount_fen, order_item_id, fulfilment_id, customer_id,
    supplier_id, channel_id, effective_at
from shop.document_line where transaction_id = any(:ids) order by id
""")


class _Row(Protocol):
    def _asdict(self) -> dict[str, Any]: ...


async def leaf_hashes(session: ReadSession, ids: Sequence[int]) -> dict[int, bytes]:
    """Hash of the leaf of each transaction that exists; an id that is missing here is missing in the ledger."""
    hashes: dict[int, bytes] = {}
    for start in range(0, len(ids), AT_ONCE):
        hashes |= await _leaf_hashes(session, ids[start : start + AT_ONCE])
    return hashes


async def _leaf_hashes(session: ReadSession, ids: Sequence[int]) -> dict[int, bytes]:
    given = {"ids": list(ids)}
    found = {row.id: _object(row._asdict()) for row in await session.execute(TRANSACTIONS, given)}
    for name, statement in (("entries", ENTRIES), ("lines", LINES)):
        for row in await session.execute(statement, given):
            if row.transaction_id in found:
                found[row.transaction_id].setdefault(name, []).append(_part(row))
    return {number: merkle.leaf_hash(canonical(content)) for number, content in found.items()}


def _part(row: _Row) -> dict[str, Any]:
    part = _object(row._asdict())
    del part["transaction_id"]
    return part


def _object(columns: dict[str, Any]) -> dict[str, Any]:
    return {name: _plain(value) for name, value in columns.items() if value is not None}


def _plain(value: object) -> int | str:
    match value:
        case int() | str():
            return value
        case UUID():
            return str(value)
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        case date():
            return value.isoformat()
    raise TypeError(f"{value!r} has no canonical form")


def in_order(hashes: dict[int, bytes], ids: Iterable[int]) -> list[bytes]:
    """The hashes in the order of `ids`. Raises KeyError for a missing one."""
    return [hashes[number] for number in ids]
