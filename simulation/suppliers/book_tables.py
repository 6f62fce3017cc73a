"""The book's tables in SQLite and the way from their rows to entries. What may be booked is `book`'s."""

import dataclasses
import sqlite3
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar

SCHEMA = """
create table if not exists placed (
  order_ref text primary key, request_no text not null, attempt integer not null, supplier_sku text not null,
  kind text not null, quantity integer not null, unit_cost integer not null, state text not null,
  planned_state text not null, planned_good integer not null, good_quantity integer not null,
  callback_url text not null, told text not null, asked_at text not null, ready_at text not null, ended_at text,
  unique (request_no, attempt));
create index if not exists placed_open on placed (ready_at) where state = 'processing';
create table if not exists code (
  content text not null, order_ref text not null, is_bad integer not null, is_repeat integer not null,
  expires_at text not null, sold_at text not null);
create index if not exists code_of_order on code (order_ref);
create table if not exists movement (
  kind text not null, amount integer not null, request_no text not null, order_ref text not null,
  supplier_sku text not null, quantity integer not null, happened_at text not null);
create index if not exists movement_time on movement (happened_at);
create index if not exists movement_of_request on movement (request_no);
"""
MICROS = 6
AMOUNTS = ("unit_cost", "amount")
FLAGS = ("is_bad", "is_repeat")

Entry = TypeVar("Entry")


def stored(value: object) -> object:
    """A value as a column keeps it: instants as text in UTC that sorts by time, amounts as millionths."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, Decimal):
        return int(value.scaleb(MICROS))
    return value


def amount(micros: int) -> Decimal:
    return Decimal(micros).scaleb(-MICROS).normalize() + Decimal(0)


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


def _value(name: str, value: Any) -> object:
    if name.endswith("_at") and value is not None:
        return datetime.fromisoformat(value)
    if name in AMOUNTS:
        return amount(value)
    return bool(value) if name in FLAGS else value
