"""What things were called and how they stood at any time, from the versions of their rows that ingests saw."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import duckdb
import pytest

from mingsuan.progress import silent
from mingsuan.settings import Settings
from pipelines import attribute_history
from pipelines.build_context import BuildContext

NOW = datetime(2026, 4, 1, tzinfo=UTC)
CONTEXT = BuildContext(date(2026, 4, 1), NOW, 3, "CNY", "UTC", False)
P, Q = "00000000-0000-7000-8000-000000000001", "00000000-0000-7000-8000-000000000002"


def _day(day: int) -> datetime:
    return datetime(2026, 3, day, tzinfo=UTC)


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as made:
        made.execute("create schema raw; create schema raw_current; create schema computed")
        made.execute("create table raw_current.category as select 1 as id, 'games' as slug")
        of_all = "public_id uuid, created_at timestamptz, updated_at timestamptz, _batch bigint"
        made.execute(
            f"create table raw.product ({of_all}, category_id bigint, slug varchar, kind varchar,"
            " title_zh varchar, title_en varchar, publish_state varchar)"
        )
        named = "code varchar, name_zh varchar, name_en varchar, publish_state varchar"
        made.execute(f"create table raw_current.sku ({of_all}, {named})")
        made.execute(f"create table raw.supply_channel ({of_all}, code varchar, name varchar, state varchar)")
        made.execute("alter table raw.supply_channel add column protocol varchar")
        made.execute(f"create table raw.staff ({of_all}, role varchar, disabled_at timestamptz)")
        yield made


def _product(connection: duckdb.DuckDBPyConnection, batch: int, changed: datetime | None, title: str) -> None:
    connection.execute(
        "insert into raw.product values (?, ?, ?, ?, 1, 'card', 'code', ?, 'Card', 'published')",
        [P, _day(1), changed, batch, title],
    )


def _history(connection: duckdb.DuckDBPyConnection, attribute: str) -> list[tuple[object, ...]]:
    attribute_history.compute(connection, Settings(), CONTEXT, silent)
    return connection.execute(
        "select attribute_value, valid_from_at, valid_to_at from computed.attribute_history where attribute = ?"
        " order by valid_from_at",
        [attribute],
    ).fetchall()


def test_a_value_holds_until_another_one_is_seen(connection: duckdb.DuckDBPyConnection) -> None:
    _product(connection, 1, _day(1), "点卡")
    _product(connection, 2, _day(9), "游戏点卡")
    _product(connection, 3, _day(20), "游戏点卡")
    assert _history(connection, "title_zh") == [("点卡", _day(1), _day(9)), ("游戏点卡", _day(9), None)]
    assert _history(connection, "category") == [("games", _day(1), None)]


def test_a_value_that_comes_back_has_two_intervals(connection: duckdb.DuckDBPyConnection) -> None:
    for batch, title in enumerate(("点卡", "游戏点卡", "点卡"), start=1):
        _product(connection, batch, _day(batch), title)
    assert [value for value, *_ in _history(connection, "title_zh")] == ["点卡", "游戏点卡", "点卡"]


def test_of_two_versions_of_one_instant_the_later_ingest_holds(connection: duckdb.DuckDBPyConnection) -> None:
    _product(connection, 1, _day(5), "点卡")
    _product(connection, 2, _day(5), "游戏点卡")
    assert _history(connection, "title_zh") == [("游戏点卡", _day(5), None)]


def test_a_restored_source_takes_back_what_it_lost(connection: duckdb.DuckDBPyConnection) -> None:
    _product(connection, 1, _day(5), "点卡")
    _product(connection, 2, _day(9), "游戏点卡")
    _product(connection, 3, _day(5), "点卡")
    assert _history(connection, "title_zh") == [("点卡", _day(5), None)]


def test_staff_who_leave_are_disabled_from_then_on(connection: duckdb.DuckDBPyConnection) -> None:
    for batch, left in ((1, None), (2, _day(8))):
        connection.execute(
            "insert into raw.staff values (?, ?, ?, ?, 'buyer', ?)", [Q, _day(1), left or _day(1), batch, left]
        )
    assert _history(connection, "state") == [("active", _day(1), _day(8)), ("disabled", _day(8), None)]


def test_a_table_without_a_log_tells_its_present_rows(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        "insert into raw_current.sku values (?, null, null, 1, 'C50', '五十', 'Fifty', 'published')", [Q]
    )
    assert _history(connection, "code") == [("C50", NOW, None)]
