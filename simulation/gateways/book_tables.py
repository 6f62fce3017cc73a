"""The book's tables in SQLite and the way from their rows to entries. What may be booked is `book`'s."""

import dataclasses
import sqlite3
from datetime import UTC, datetime
from typing import Any, TypeVar

SCHEMA = """
create table if not exists trade (
  method text not null, out_trade_no text not null, gateway_trade_no text not null unique, amount_fen integer not null,
  state text not null, title text not null, way text not null, payer text, expires_at text, notify_url text not null,
  return_url text not null, shares_profit integer not null, created_at text not null, paid_fen integer,
  fee_fen integer not null default 0, paid_at text, closed_at text, primary key (method, out_trade_no));
create table if not exists refund (
  method text not null, out_refund_no text not null, gateway_refund_no text not null unique, out_trade_no text not null,
  gateway_trade_no text not null, amount_fen integer not null, state text not null, reason text not null,
  notify_url text not null, created_at text not null, fee_returned_fen integer not null default 0, succeeded_at text,
  primary key (method, out_refund_no));
create index if not exists refund_of_trade on refund (method, out_trade_no);
create table if not exists share (
  method text not null, out_order_no text not null, gateway_share_no text not null unique, out_trade_no text not null,
  gateway_trade_no text not null, kind text not null, receiver text not null, amount_fen integer not null,
  description text not null, original text, state text not null, reason text not null, created_at text not null,
  ended_at text, primary key (method, out_order_no));
create index if not exists share_of_trade on share (method, out_trade_no);
create table if not exists settlement (
  method text not null, bank_reference text not null, amount_fen integer not null, settled_at text not null,
  primary key (method, bank_reference));
"""
FLAGS = ("shares_profit",)

Entry = TypeVar("Entry")


def stored(value: object) -> object:
    """A value as a column keeps it: instants as text in UTC that sorts by time."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value


def insert(connection: sqlite3.Connection, table: str, entry: Any) -> None:
    names = [f.name for f in dataclasses.fields(entry)]
    values = [stored(getattr(entry, name)) for name in names]
    marks = ", ".join("?" * len(names))
    connection.execute(f"insert into {table} ({', '.join(names)}) values ({marks})", values)


def select(connection: sqlite3.Connection, kind: type[Entry], table: str, where: str, *values: object) -> list[Entry]:
    """The entries of a table that meet a condition, in the order in which they were written."""
    cursor = connection.execute(
        f"select * from {table} where {where} order by rowid", [stored(value) for value in values]
    )
    names = [column[0] for column in cursor.description]
    return [kind(**{name: _value(name, value) for name, value in zip(names, row, strict=True)}) for row in cursor]


def _value(name: str, value: object) -> object:
    if name.endswith("_at") and isinstance(value, str):
        return datetime.fromisoformat(value)
    return bool(value) if name in FLAGS else value
