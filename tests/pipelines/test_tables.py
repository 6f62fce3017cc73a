"""The list of tables is whole, and what is personal or secret is not in it."""

import psycopg
import pytest

from mingsuan.postgres import DatabaseUrls
from pipelines.tables import EXCUSED, TABLES, SourceTable, is_guarded, is_withheld
from transactional.models import METADATA

BY_NAME = {table.name: table for table in TABLES}


def test_every_table_of_the_shop_is_listed_or_excused_with_a_reason(connection: psycopg.Connection) -> None:
    rows = connection.execute(
        "select relname from pg_class where relnamespace = 'shop'::regnamespace and relkind in ('r', 'p')"
    ).fetchall()
    assert {name for (name,) in rows} == BY_NAME.keys() | EXCUSED.keys()
    assert not BY_NAME.keys() & EXCUSED.keys()
    assert all(EXCUSED.values())


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_the_list_agrees_with_the_schema(table: SourceTable) -> None:
    model = METADATA.tables[f"shop.{table.name}"]
    assert tuple(column.name for column in model.primary_key) == table.key
    assert table.dropped <= set(model.columns.keys())


def test_the_list_says_append_only_where_the_database_refuses_changes(connection: psycopg.Connection) -> None:
    rows = connection.execute(
        "select tgrelid::regclass::text from pg_trigger where tgname = 'refuse_change'"
    ).fetchall()
    listed = {name.removeprefix("shop.") for (name,) in rows} - EXCUSED.keys()
    assert listed == {table.name for table in TABLES if table.append_only}


def test_no_column_that_sounds_like_a_person_or_a_secret_is_left_to_its_name_alone() -> None:
    judged = {
        f"{table.name}.{column}"
        for table in TABLES
        for column in METADATA.tables[f"shop.{table.name}"].c.keys()  # noqa: SIM118  (columns, not names, without it)
        if is_guarded(column)
    }
    assert judged <= {f"{table.name}.{column}" for table in TABLES for column in table.dropped}


@pytest.mark.parametrize("column", ["order_no", "quantity", "description_zh", "shipped_at", "name_en"])
def test_ordinary_columns_are_not_withheld(column: str) -> None:
    assert not is_withheld(BY_NAME["orders"], column)


def test_the_reader_may_read_what_is_listed(database_urls: DatabaseUrls) -> None:
    with psycopg.connect(database_urls.reader) as reader:
        for table in TABLES:
            reader.execute(f"select count(*) from shop.{table.name}").fetchone()
