"""The one list of the shop's tables: which come to the warehouse, by what key, and what of them never does.

How rows travel is not told here. Every table of schema `shop` is listed or excused; a test compares with the schema.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class SourceTable:
    """A table that is followed; `dropped` columns hold persons or secrets and never leave the source."""

    name: str
    append_only: bool
    key: tuple[str, ...] = ("id",)
    dropped: frozenset[str] = frozenset()


def _mutable(name: str, *dropped: str, key: str = "id") -> SourceTable:
    return SourceTable(name, append_only=False, key=(key,), dropped=frozenset(dropped))


def _append_only(name: str) -> SourceTable:
    return SourceTable(name, append_only=True)


TABLES: tuple[SourceTable, ...] = (
    _mutable("shop_profile"),
    # external_ref is whatever another shop called its customer: often a telephone number or an address
    _mutable("customer", "email", "display_name", "password_hash", "external_ref"),
    _mutable("wallet", key="customer_id"),
    _mutable("staff", "email", "display_name", "password_hash"),
    _mutable("category"),
    _mutable("product"),
    _mutable("sku"),
    _append_only("price"),
    _mutable("card_batch"),
    _mutable("card", "ciphertext", "fingerprint", "data_key_id"),
    _append_only("card_reveal"),
    _append_only("order_import"),
    _mutable("orders"),
    _mutable("order_item"),
    _mutable("fulfilment"),
    _append_only("order_event"),
    _mutable("payment"),
    _mutable("refund"),
    _mutable("ledger_account", key="code"),
    _append_only("ledger_transaction"),
    _append_only("ledger_entry"),
    _append_only("document_line"),
)

EXCUSED: dict[str, str] = {
    "alembic_version": "belongs to the migrations",
    "data_key": "keys, wrapped or not, have no place in a warehouse",
    "idempotency_key": "stored answers repeat what the tables say, personal fields included",
    "session": "tokens of people who are logged in",
}

_GUARDED = re.compile(
    r"e_?mail|phone|mobile|wechat|display_name|real_name|full_name|nick|address|birth|gender|identity|passport"
    r"|password|secret|token|totp|ciphertext|fingerprint|wrapped|private|(^|_)ip($|_)|user_agent|external_ref|data_key"
)


def is_guarded(column: str) -> bool:
    """True for a column whose name says person or secret: withheld until this list tells otherwise."""
    return bool(_GUARDED.search(column))


def is_withheld(table: SourceTable, column: str) -> bool:
    """True when the column stays in the source: dropped by the list, or new there under a telling name."""
    return column in table.dropped or is_guarded(column)
