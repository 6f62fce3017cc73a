"""Columns and constraints that the tables of schema `shop` share, so that a revision says only what is its own.

What they become (privileges, triggers, change log) is in `change_log`. Names follow `transactional.db.Base`.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from transactional.migrations.change_log import add_append_only, add_mutable


def create(
    table: str, *parts: sa.Column[Any] | sa.Constraint, public: bool = False, append_only: bool = False, key: str = "id"
) -> None:
    """A table like a model's `Numbered` (or `Public`, or a `Row` with a `key` of its own); indexes come after it."""
    op.create_table(table, *_first(key, public), *parts, *_last(), *_constraints(table, key, public), schema="shop")
    (add_append_only if append_only else add_mutable)(table)
    if key == "id":
        op.execute(f"grant usage, select on sequence shop.{table}_id_seq to shop_app")


def instant(name: str, *, required: bool = False, now: bool = False) -> sa.Column[Any]:
    """An instant; with `now`, the transaction's unless told otherwise."""
    default = sa.text("now()") if now else None
    return sa.Column(name, sa.DateTime(timezone=True), nullable=not (required or now), server_default=default)


def text(name: str, *, required: bool = True, default: str | None = None, unique: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=not required, server_default=default, unique=unique)


def number(name: str, *, required: bool = True, default: int | None = None) -> sa.Column[Any]:
    shown = None if default is None else str(default)
    return sa.Column(name, sa.BigInteger(), nullable=not required, server_default=shown)


def octets(name: str, *, required: bool = True) -> sa.Column[Any]:
    return sa.Column(name, sa.LargeBinary(), nullable=not required)


def points_to(table: str, column: str, other: str, *, of: str = "id") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"shop.{other}.{of}"], name=op.f(f"{table}_{column}_fkey"))


def unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"{table}_{'_'.join(columns)}_key"))


def check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"{table}_{name}_check"))


def index(
    table: str, *columns: str, where: str | None = None, is_unique: bool = False, name: str | None = None
) -> None:
    """An index; without a name of its own it is called as a model's `index=True` calls it."""
    condition = sa.text(where) if where else None
    called = name or op.f(f"{table}_{'_'.join(columns)}_idx")
    op.create_index(called, table, list(columns), schema="shop", unique=is_unique, postgresql_where=condition)


def add(table: str, *columns: sa.Column[Any]) -> None:
    for column in columns:
        op.add_column(table, column, schema="shop")


def add_reference(table: str, column: str, other: str) -> None:
    """A column that points to another table's id, empty at first."""
    add(table, number(column, required=False))
    op.create_foreign_key(
        op.f(f"{table}_{column}_fkey"), table, other, [column], ["id"], source_schema="shop", referent_schema="shop"
    )


def _first(key: str, public: bool) -> Sequence[sa.Column[Any]]:
    if key != "id":
        return ()
    numbered: list[sa.Column[Any]] = [sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False)]
    if public:
        numbered.append(sa.Column("public_id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False))
    return numbered


def _last() -> Sequence[sa.Column[Any]]:
    writer = sa.text("(pg_current_xact_id()::text)::bigint")
    return (
        instant("created_at", now=True),
        instant("updated_at", now=True),
        sa.Column("row_xid", sa.BigInteger(), server_default=writer, nullable=False),
    )


def _constraints(table: str, key: str, public: bool) -> Sequence[sa.Constraint]:
    primary = sa.PrimaryKeyConstraint(key, name=op.f(f"{table}_pkey"))
    return (primary, unique(table, "public_id")) if public else (primary,)
