"""What a build may stand on: the last complete one, unless what it was made by or from is another."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import duckdb
import pytest

from mingsuan.settings import Settings
from pipelines import increments
from pipelines.bookkeeping import prepare
from pipelines.build_context import BuildContext
from pipelines.increments import Basis

CONTEXT = BuildContext(date(2026, 3, 31), datetime(2026, 3, 31, 4, tzinfo=UTC), 7, "CNY", "Asia/Shanghai", False)
SETTINGS = Settings(as_of_date=None)


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    opened = duckdb.connect()
    prepare(opened)
    opened.execute("create schema meta; create table meta.build_context (built_batch_id bigint)")
    opened.execute("insert into meta.build_context values (null)")
    return opened


def _basis(
    connection: duckdb.DuckDBPyConnection, context: BuildContext = CONTEXT, models: str = "m1", *, asked: bool = False
) -> Basis:
    return increments.basis(connection, SETTINGS, context, models, asked=asked)


def test_an_increment_stands_on_the_last_complete_build(connection: duckdb.DuckDBPyConnection) -> None:
    assert _basis(connection) == Basis(None, "there is no complete build yet")
    increments.complete(connection, SETTINGS, CONTEXT, "m1")
    later = replace(CONTEXT, batch_id=9)
    assert _basis(connection, later) == Basis(7)
    increments.begin(connection, SETTINGS, Basis(7))
    assert _basis(connection, later) == Basis(7), "one that breaks half way is repaired by the next"
    told = connection.execute("select built_batch_id from meta.build_context").fetchall()
    assert told == [(7,)]


@pytest.mark.parametrize(
    ("context", "models", "asked", "why"),
    [
        (CONTEXT, "m1", True, "as asked for"),
        (CONTEXT, "m2", False, "the models are not those of the last build"),
        (replace(CONTEXT, timezone="Europe/Berlin"), "m1", False, "the shop's zone or currency is another"),
        (replace(CONTEXT, currency="USD"), "m1", False, "the shop's zone or currency is another"),
        (replace(CONTEXT, batch_id=6), "m1", False, "the source was read anew"),
    ],
)
def test_what_was_built_otherwise_is_built_from_the_start(
    connection: duckdb.DuckDBPyConnection, context: BuildContext, models: str, asked: bool, why: str
) -> None:
    increments.complete(connection, SETTINGS, CONTEXT, "m1")
    basis = _basis(connection, context, models, asked=asked)
    assert basis == Basis(None, why)
    increments.begin(connection, SETTINGS, basis)
    assert _basis(connection).batch_id is None, "until it is complete there is nothing to stand on"


def _tombstone(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("insert into ingest.tombstone values (8, 'orders', '{\"id\": 1}')")


def _resync(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("insert into ingest.batch values (8, 'resync', '1:1:', '7', 1, 5, now(), now(), 0, 0.5, '')")


@pytest.mark.parametrize("happen", [_tombstone, _resync])
def test_rows_that_are_gone_cannot_be_seen_by_an_increment(
    connection: duckdb.DuckDBPyConnection, happen: Callable[[duckdb.DuckDBPyConnection], None]
) -> None:
    increments.complete(connection, SETTINGS, CONTEXT, "m1")
    happen(connection)
    assert _basis(connection, replace(CONTEXT, batch_id=8)) == Basis(None, "the source was read anew")
    increments.complete(connection, SETTINGS, replace(CONTEXT, batch_id=8), "m1")
    assert _basis(connection, replace(CONTEXT, batch_id=9)) == Basis(8)
