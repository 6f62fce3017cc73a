"""Why the ingest is as it is: the usual ways to follow a table, and the schedules that break them.

Each schedule is played once to a customary tool, which gets it wrong, and once to ours.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from mingsuan.postgres import DatabaseUrls
from mingsuan.settings import Settings
from pipelines.ingest import ingest
from pipelines.source import Source
from pipelines.tables import SourceTable
from pipelines.warehouse import connect, owned
from tests.faults.oracle import Oracle
from tests.other_databases import wait_for_other_databases

ORDER = "insert into shop.orders (order_no, customer_id, state, gross_fen, net_fen) values ('A1', 1, 'paid', 100, 100)"
POSTED = (
    "insert into shop.ledger_transaction (reference, event, effective_at, ledger_date, order_id)"
    " select 'A1', 'delivered', now(), current_date, id from shop.orders where order_no = 'A1'"
)
ENTRIES = (
    "insert into shop.ledger_entry (transaction_id, account, amount_fen)"
    " select id, account, amount_fen from shop.ledger_transaction, (values ('bank', 100), ('sales', -100))"
    " as side (account, amount_fen) where reference = 'A1'"
)


@dataclass
class UpdatedAtCursor:
    """What most tools do: rows whose `updated_at` is above the highest one seen."""

    connection: psycopg.Connection
    seen: str = "-infinity"

    def batch(self, table: str) -> set[int]:
        rows = self.connection.execute(
            f"select id, updated_at::text from shop.{table} where updated_at > %s order by updated_at", [self.seen]
        ).fetchall()
        self.connection.commit()
        if rows:
            self.seen = rows[-1][1]
        return {number for number, _ in rows}


@dataclass
class XidHorizon:
    """What careful tools do: rows below the oldest running transaction, from the last horizon on."""

    connection: psycopg.Connection
    horizon: int = 0

    def batch(self, *tables: str) -> dict[str, set[int]]:
        row = self.connection.execute("select pg_snapshot_xmin(pg_current_snapshot())::text::bigint").fetchone()
        assert row is not None
        found = {
            table: {
                number
                for (number,) in self.connection.execute(
                    f"select id from shop.{table} where row_xid >= %s and row_xid < %s", [self.horizon, row[0]]
                )
            }
            for table in tables
        }
        self.connection.commit()
        self.horizon = row[0]
        return found


@dataclass(frozen=True)
class _Ours:
    settings: Settings
    urls: DatabaseUrls
    oracle: Oracle

    def batch(self) -> list[str]:
        """Ingest, and say where raw_current differs from the source at that instant."""
        ingest(self.settings, self.urls.reader)
        return self.oracle.differences(self.settings)

    def ids(self, table: str) -> set[int]:
        with owned(self.settings, "test"), connect(self.settings) as warehouse:
            return {number for (number,) in warehouse.execute(f"select id from raw_current.{table}").fetchall()}


@pytest.fixture
def ours(fresh_database: DatabaseUrls, tmp_path: Path) -> _Ours:
    oracle = Oracle.install(fresh_database.owner)
    with psycopg.connect(fresh_database.app) as connection:
        connection.execute("insert into shop.customer (acquisition_channel) values ('first')")
    return _Ours(Settings(var=tmp_path), fresh_database, oracle)


def test_an_updated_at_cursor_loses_a_row_that_commits_late(ours: _Ours) -> None:
    urls = ours.urls
    with (
        psycopg.connect(urls.app) as slow,
        psycopg.connect(urls.app) as quick,
        psycopg.connect(urls.reader) as reader,
    ):
        cursor = UpdatedAtCursor(reader)
        slow.execute("insert into shop.customer (acquisition_channel) values ('slow')")
        quick.execute("insert into shop.customer (acquisition_channel) values ('quick')")
        quick.commit()
        taken = cursor.batch("customer")
        assert ours.batch() == []
        slow.commit()
        taken |= cursor.batch("customer")
        assert ours.batch() == []
    assert taken == {1, 3}, "customer 2 is lost for ever"
    assert ours.ids("customer") == {1, 2, 3}


def test_a_plain_xid_horizon_shows_ledger_rows_without_their_order(ours: _Ours) -> None:
    urls = ours.urls
    with (
        psycopg.connect(urls.app) as shop,
        psycopg.connect(urls.app) as slow,
        psycopg.connect(urls.reader) as reader,
    ):
        for statement in (ORDER, POSTED, ENTRIES):
            shop.execute(statement)
        shop.commit()
        slow.execute("insert into shop.customer (acquisition_channel) values ('slow')")
        shop.execute("update shop.orders set state = 'delivered' where order_no = 'A1'")
        shop.commit()
        wait_for_other_databases(urls)
        found = XidHorizon(reader).batch("orders", "ledger_transaction", "ledger_entry")
        assert found == {"orders": set(), "ledger_transaction": {1}, "ledger_entry": {1, 2}}
        assert ours.batch() == []
        assert ours.ids("orders") == {1}
        slow.rollback()


def test_a_plain_xid_horizon_waits_for_whoever_is_slowest_where_ours_does_not(ours: _Ours) -> None:
    urls = ours.urls
    with (
        psycopg.connect(urls.app) as slow,
        psycopg.connect(urls.app) as shop,
        psycopg.connect(urls.reader) as reader,
    ):
        slow.execute("insert into shop.customer (acquisition_channel) values ('slow')")
        for statement in (ORDER, POSTED, ENTRIES):
            shop.execute(statement)
        shop.commit()
        assert XidHorizon(reader).batch("orders") == {"orders": set()}
        assert ours.batch() == []
        assert ours.ids("orders") == {1}
        slow.commit()
        assert ours.batch() == []
        assert ours.ids("customer") == {1, 2}


def test_an_older_transaction_that_updates_a_row_last_wins(ours: _Ours) -> None:
    with psycopg.connect(ours.urls.app) as older, psycopg.connect(ours.urls.app) as younger:
        older.execute("insert into shop.customer (acquisition_channel) values ('older')")
        younger.execute("update shop.customer set acquisition_channel = 'younger' where id = 1")
        younger.commit()
        assert ours.batch() == []
        older.execute("update shop.customer set acquisition_channel = 'older' where id = 1")
        older.commit()
        assert ours.batch() == []
    with owned(ours.settings, "test"), connect(ours.settings) as warehouse:
        versions = warehouse.execute(
            "select acquisition_channel from raw.customer where id = 1 order by _batch"
        ).fetchall()
        [(by_xid,)] = warehouse.execute(
            "select arg_max(acquisition_channel, row_xid) from raw.customer where id = 1"
        ).fetchall()
    assert versions == [("younger",), ("older",)]
    assert by_xid == "younger", "the highest row_xid is not the latest version"


def _horizon_alone(patch: pytest.MonkeyPatch, slow: psycopg.Connection) -> None:
    """The watermark is one number: what was open below it is forgotten."""
    patch.setattr("pipelines.source._new_since", lambda since: f"row_xid >= {since.xmax}")


def _forgotten_table(patch: pytest.MonkeyPatch, slow: psycopg.Connection) -> None:
    real = Source.changed
    patch.setattr(Source, "changed", lambda self, tables, since: real(self, tables, since) - {"ledger_entry"})


def _two_transactions(patch: pytest.MonkeyPatch, slow: psycopg.Connection) -> None:
    """The rows of a table are read in a later transaction of the source than the snapshot."""
    real = Source.new_rows

    def later(self: Source, table: SourceTable, *rest: object) -> str:
        slow.commit()
        self._warehouse.execute("commit")
        self._warehouse.execute("begin")
        return real(self, table, *rest)  # type: ignore[arg-type]

    patch.setattr(Source, "new_rows", later)


@pytest.mark.proof
@pytest.mark.parametrize("fault", [_horizon_alone, _forgotten_table, _two_transactions])
def test_the_oracle_sees_each_way_to_get_it_wrong(
    ours: _Ours, monkeypatch: pytest.MonkeyPatch, fault: Callable[[pytest.MonkeyPatch, psycopg.Connection], None]
) -> None:
    assert ours.batch() == []
    with psycopg.connect(ours.urls.app) as slow, psycopg.connect(ours.urls.app) as shop:
        slow.execute("insert into shop.customer (acquisition_channel) values ('slow')")
        for statement in (ORDER, POSTED, ENTRIES):
            shop.execute(statement)
        shop.execute("update shop.customer set acquisition_channel = 'touched' where id = 1")
        shop.commit()
        fault(monkeypatch, slow)
        found = ours.batch()
        slow.commit()
        found += ours.batch()
    assert found != []
