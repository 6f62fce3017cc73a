"""Reading the shop: one snapshot for everything, bounded sessions, types that are told apart."""

import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb
import psycopg
import pytest

from mingsuan.postgres import DatabaseUrls
from pipelines import source as module
from pipelines.source import Snapshot, SourceUnavailableError, UnsupportedColumnError, attached
from pipelines.tables import TABLES

WALLET = next(table for table in TABLES if table.name == "wallet")
CARD = next(table for table in TABLES if table.name == "card")


@pytest.fixture
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.execute("set timezone = 'UTC'")
        yield opened


def _fill_wallets(owner_url: str, count: int) -> None:
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute(
            "with c as (insert into shop.customer (source) select 'x' from generate_series(1, %s) returning id)"
            " insert into shop.wallet (customer_id, balance_fen) select id, 1000 from c",
            [count],
        )
        connection.execute("vacuum analyze shop.wallet")


class _Transfers:
    """Moves fen between wallets and opens new empty ones, so that only a torn read changes the sum."""

    def __init__(self, app_url: str) -> None:
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._move, args=(app_url,))

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _move(self, app_url: str) -> None:
        with psycopg.connect(app_url, autocommit=True) as connection:
            while not self._stopped.is_set():
                # the first thousand gives to the last: pages that are read first and last
                connection.execute(
                    "with bounds as (select min(customer_id) as first, max(customer_id) as last from shop.wallet)"
                    " update shop.wallet set balance_fen = balance_fen + case when customer_id < first + 300"
                    " then -1 else 1 end from bounds where customer_id < first + 300 or customer_id > last - 300"
                )


def _sums(warehouse: duckdb.DuckDBPyConnection, reader_url: str) -> list[tuple[int, ...]]:
    warehouse.execute("set threads = 4")
    sums: list[tuple[int, ...]] = []
    with attached(warehouse, reader_url, by_index=False) as source:
        warehouse.execute("set pg_pages_per_task = 2")
        columns = source.columns([WALLET])["wallet"]
        for _ in range(15):
            warehouse.execute("begin")
            snapshot = source.state().snapshot
            query = f"select count(*), sum(balance_fen), max(row_xid) < {snapshot.xmax} from"
            sums.append(warehouse.execute(f"{query} ({source.all_rows(WALLET, columns)})").fetchone() or ())
            warehouse.execute("commit")
    return sums


def test_parallel_ranges_of_a_table_are_read_in_the_snapshot_of_the_batch(
    fresh_database: DatabaseUrls, warehouse: duckdb.DuckDBPyConnection
) -> None:
    _fill_wallets(fresh_database.owner, 6000)
    with _Transfers(fresh_database.app):
        assert set(_sums(warehouse, fresh_database.reader)) == {(6000, 6_000_000, True)}


def test_the_difference_holds_exactly_the_rows_committed_between_two_snapshots(
    fresh_database: DatabaseUrls, warehouse: duckdb.DuckDBPyConnection
) -> None:
    insert = "insert into shop.wallet (customer_id) select id from shop.customer where acquisition_channel = %s"
    with (
        psycopg.connect(fresh_database.app) as early,
        psycopg.connect(fresh_database.app) as late,
        attached(warehouse, fresh_database.reader, by_index=True) as source,
    ):
        early.execute("insert into shop.customer (acquisition_channel) values ('before'), ('early'), ('late')")
        early.execute(insert, ["before"])
        early.commit()
        early.execute(insert, ["early"])
        late.execute(insert, ["late"])
        late.commit()
        first = source.state().snapshot
        early.commit()
        columns = source.columns([WALLET])["wallet"]
        found = warehouse.execute(f"select customer_id from ({source.new_rows(WALLET, columns, first)})").fetchall()
        expected = early.execute("select id from shop.customer where acquisition_channel = 'early'").fetchall()
        assert found == expected
        assert source.changed(TABLES, first) == {"wallet"}


def test_instants_at_infinity_arrive_as_they_are(
    fresh_database: DatabaseUrls, warehouse: duckdb.DuckDBPyConnection
) -> None:
    with psycopg.connect(fresh_database.owner) as connection:
        connection.execute(
            "alter table shop.wallet add free_at timestamptz default '-infinity',"
            " add taken_at timestamptz default 'infinity'"
        )
        connection.execute(
            "with c as (insert into shop.customer (source) values ('x') returning id)"
            " insert into shop.wallet (customer_id) select id from c"
        )
    with attached(warehouse, fresh_database.reader, by_index=False) as source:
        columns = source.columns([WALLET])["wallet"]
        for query in (source.all_rows(WALLET, columns), source.new_rows(WALLET, columns, Snapshot("3:3:"))):
            row = warehouse.execute(
                f"select free_at::varchar, taken_at::varchar, isfinite(free_at) from ({query})"
            ).fetchone()
            assert row == ("-infinity", "infinity", False)


def test_dropped_columns_are_not_even_asked_for(
    fresh_database: DatabaseUrls, warehouse: duckdb.DuckDBPyConnection
) -> None:
    with attached(warehouse, fresh_database.reader, by_index=False) as source:
        names = {column.name for column in source.columns([CARD])["card"]}
    assert names.isdisjoint(CARD.dropped)
    assert "cost_fen" in names


@pytest.mark.parametrize("kind", ["numeric", "numeric(50,2)", "point", "text[]", "interval"])
def test_a_type_that_would_lose_something_is_refused_by_name(
    fresh_database: DatabaseUrls, warehouse: duckdb.DuckDBPyConnection, kind: str
) -> None:
    with psycopg.connect(fresh_database.owner) as connection:
        connection.execute(f"alter table shop.wallet add odd {kind}")
    with (
        attached(warehouse, fresh_database.reader, by_index=False) as source,
        pytest.raises(UnsupportedColumnError, match=r"shop\.wallet\.odd has the type"),
    ):
        source.columns([WALLET])


def test_a_hung_reader_does_not_hold_the_source_for_ever(
    fresh_database: DatabaseUrls, warehouse: duckdb.DuckDBPyConnection
) -> None:
    with attached(warehouse, fresh_database.reader, by_index=True):
        names = ("idle_in_transaction_session_timeout", "statement_timeout", "enable_seqscan")
        query = "select " + ", ".join(f"current_setting(''{name}'') as {name}" for name in names)
        row = warehouse.execute(f"from postgres_query('{module.ALIAS}', '{query}')").fetchone()
    assert row == ("15min", "1h", "off")


def test_the_session_closes_with_the_block(fresh_database: DatabaseUrls, warehouse: duckdb.DuckDBPyConnection) -> None:
    with attached(warehouse, fresh_database.reader, by_index=True) as source:
        source.state()
        assert _sessions(fresh_database) == 1
    assert _sessions(fresh_database) == 0


def _sessions(urls: DatabaseUrls) -> int:
    with psycopg.connect(urls.owner, autocommit=True) as connection:
        row = connection.execute(
            "select count(*) from pg_stat_activity"
            " where application_name = 'mingsuan ingest' and datname = current_database()"
        ).fetchone()
    assert row is not None
    return int(row[0])


def test_the_age_of_the_oldest_writing_transaction_is_known(
    fresh_database: DatabaseUrls, warehouse: duckdb.DuckDBPyConnection
) -> None:
    with (
        psycopg.connect(fresh_database.app) as writer,
        attached(warehouse, fresh_database.reader, by_index=True) as source,
    ):
        writer.execute("insert into shop.customer (source) values ('open')")
        writer.execute("select pg_sleep(0.2)")
        age = source.state().oldest_transaction_age_s
    assert age is not None
    assert age >= 0.2


def test_an_unreachable_source_is_named_without_its_password(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    url = f"postgresql://shop_reader:hunter2@/mingsuan?host={tmp_path}"
    with (
        pytest.raises(SourceUnavailableError, match="does not answer") as refusal,
        attached(warehouse, url, by_index=True),
    ):
        pass
    assert "hunter2" not in str(refusal.value)


def test_a_database_without_the_shop_is_refused_with_what_to_run(
    fresh_database: DatabaseUrls, warehouse: duckdb.DuckDBPyConnection
) -> None:
    with psycopg.connect(fresh_database.owner, autocommit=True) as owner:
        owner.execute("alter schema shop rename to elsewhere")
    with (
        attached(warehouse, fresh_database.reader, by_index=False) as source,
        pytest.raises(SourceUnavailableError, match="no tables in schema shop: run mingsuan migrate first"),
    ):
        source.columns(TABLES)
