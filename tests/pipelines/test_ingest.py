"""Batches: what lands, what is refused, and what happens when the source changes its shape."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from mingsuan.postgres import DatabaseUrls
from mingsuan.settings import Settings
from pipelines import ingest as module
from pipelines.bookkeeping import Batch
from pipelines.ingest import RestoredSourceError, ingest
from pipelines.source import UnsupportedColumnError
from pipelines.warehouse import connect, owned
from transactional.migrations.restamp import restamp


@dataclass(frozen=True)
class _Shop:
    """A source and a warehouse that follows it."""

    urls: DatabaseUrls
    settings: Settings

    def write(self, statement: str) -> None:
        with psycopg.connect(self.urls.app) as connection:
            connection.execute(statement)

    def alter(self, statement: str) -> None:
        with psycopg.connect(self.urls.owner) as connection:
            connection.execute(statement)

    def ingest(self, *, resync: bool = False) -> Batch:
        return ingest(self.settings, self.urls.reader, resync=resync)

    def read(self, query: str) -> list[tuple[Any, ...]]:
        with owned(self.settings, "test"), connect(self.settings) as warehouse:
            return warehouse.execute(query).fetchall()


CUSTOMERS = "select acquisition_channel from raw_current.customer order by id"


@pytest.fixture
def shop(fresh_database: DatabaseUrls, tmp_path: Path) -> _Shop:
    shop = _Shop(fresh_database, Settings(var=tmp_path))
    shop.write("insert into shop.customer (acquisition_channel, email) values ('one', 'a@example.com'), ('two', null)")
    return shop


@pytest.fixture
def followed(shop: _Shop) -> _Shop:
    """A shop whose first batch is in."""
    assert shop.ingest().kind == "backfill"
    return shop


def test_raw_keeps_every_version_and_raw_current_the_latest(followed: _Shop) -> None:
    followed.write("update shop.customer set acquisition_channel = 'uno' where id = 1")
    followed.write("insert into shop.customer (acquisition_channel) values ('three')")
    assert followed.ingest().row_count == 2
    assert followed.read(CUSTOMERS) == [("uno",), ("two",), ("three",)]
    log = "select id, acquisition_channel, _batch from raw.customer order by _batch, id"
    assert followed.read(log) == [(1, "one", 1), (2, "two", 1), (1, "uno", 2), (3, "three", 2)]


def test_a_batch_without_changes_moves_only_the_watermark(followed: _Shop) -> None:
    assert followed.ingest().row_count == 0
    assert followed.read("select batch_id, kind from ingest.batch order by 1") == [(1, "backfill"), (2, "increment")]


def test_what_a_transaction_wrote_while_a_batch_ran_comes_with_the_next_one(followed: _Shop) -> None:
    with psycopg.connect(followed.urls.app) as open_one:
        open_one.execute("insert into shop.customer (acquisition_channel) values ('late')")
        followed.write("insert into shop.customer (acquisition_channel) values ('soon')")
        followed.ingest()
        assert followed.read(CUSTOMERS) == [("one",), ("two",), ("soon",)]
        open_one.commit()
    followed.ingest()
    assert followed.read(CUSTOMERS) == [("one",), ("two",), ("late",), ("soon",)]


def test_personal_and_secret_columns_never_reach_the_warehouse_file(followed: _Shop) -> None:
    columns = {
        f"{table}.{column}"
        for table, column in followed.read("select table_name, column_name from duckdb_columns() where not internal")
    }
    assert "customer.acquisition_channel" in columns
    assert columns.isdisjoint({"customer.email", "customer.external_ref", "card.ciphertext", "staff.password_hash"})
    assert b"a@example.com" not in followed.settings.warehouse_file.read_bytes()


def test_a_first_batch_spends_no_time_on_fsst(shop: _Shop) -> None:
    shop.write(
        "insert into shop.customer (acquisition_channel)"
        " select 'channel number ' || i || ' of a street with many doors' from generate_series(1, 5000) as i"
    )
    shop.ingest()
    stored = "select compression from pragma_storage_info('{}') where column_name = 'acquisition_channel'"
    used = {kind for table in ("raw.customer", "raw_current.customer") for (kind,) in shop.read(stored.format(table))}
    assert "Uncompressed" in used
    assert "FSST" not in used


def test_each_batch_counts_source_and_warehouse_in_the_same_snapshot(followed: _Shop) -> None:
    followed.write("update shop.customer set acquisition_channel = 'uno' where id = 1")
    followed.ingest()
    counts = followed.read(
        "select source_rows, raw_current_rows, raw_versions, new_rows from ingest.table_count"
        " where table_name = 'customer' order by batch_id"
    )
    assert counts == [(2, 2, 2, 2), (2, 2, 3, 1)]


def test_a_large_table_is_counted_once_an_hour(followed: _Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COUNTED_EVERY_BATCH", 1)
    followed.ingest()
    counts = "select source_rows from ingest.table_count where table_name = 'customer' order by batch_id"
    assert followed.read(counts) == [(2,), (None,)]
    followed.read("update ingest.batch set source_instant = source_instant - interval 2 hour")
    followed.ingest()
    assert followed.read(counts) == [(2,), (None,), (2,)]


def test_a_row_removed_at_the_source_is_told_and_not_hidden(followed: _Shop) -> None:
    followed.alter("delete from shop.customer where id = 2")
    assert "customer: the source has 1 rows, raw_current 2" in followed.ingest().summary()


CRASHES = ("load_all", "merge", "sizes")


@pytest.mark.parametrize("step", CRASHES)
def test_a_crash_between_steps_leaves_the_batch_before_and_the_next_one_catches_up(
    followed: _Shop, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    followed.write("update shop.customer set acquisition_channel = 'uno' where id = 1")
    followed.alter("alter table shop.sku add note text")
    with monkeypatch.context() as patch:
        patch.setattr(module.RawLog, step, _failing_after(getattr(module.RawLog, step)))
        with pytest.raises(KeyboardInterrupt):
            followed.ingest()
    assert followed.read(CUSTOMERS) == [("one",), ("two",)]
    assert followed.read("select max(batch_id) from ingest.batch") == [(1,)]
    followed.ingest()
    assert followed.read(CUSTOMERS) == [("uno",), ("two",)]
    assert followed.read("select count(*) from raw.customer") == [(3,)]


def _failing_after(step: Callable[..., Any]) -> Callable[..., Any]:
    def fail(*arguments: Any) -> None:
        step(*arguments)
        raise KeyboardInterrupt

    return fail


def test_a_crash_before_the_watermark_keeps_no_rows(followed: _Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    followed.write("insert into shop.customer (acquisition_channel) values ('three')")
    with monkeypatch.context() as patch:
        patch.setattr(module, "record", _failing_after(lambda *_: None))
        with pytest.raises(KeyboardInterrupt):
            followed.ingest()
    assert followed.read("select count(*) from raw.customer") == [(2,)]


def test_a_column_added_at_the_source_arrives_with_its_values_and_is_told(followed: _Shop) -> None:
    followed.alter("alter table shop.customer add tier text not null default 'silver'")
    followed.write("insert into shop.customer (acquisition_channel, tier) values ('three', 'gold')")
    batch = followed.ingest()
    assert "customer.tier is new: VARCHAR" in batch.notes
    assert followed.read("select tier from raw_current.customer order by id") == [("silver",), ("silver",), ("gold",)]
    assert followed.read("select notes from ingest.batch where batch_id = 2") == [(batch.notes,)]
    assert followed.ingest().notes == ""


def test_a_column_lost_at_the_source_stays_in_the_log_and_leaves_the_current_rows(followed: _Shop) -> None:
    followed.alter("alter table shop.customer drop column acquisition_channel")
    assert "customer.acquisition_channel is gone from the source" in followed.ingest().notes
    history = "select acquisition_channel from raw.customer where _batch = 1 order by id"
    assert followed.read(history) == [("one",), ("two",)]
    current = "table_schema = 'raw_current' and table_name = 'customer'"
    columns = followed.read(f"select column_name from information_schema.columns where {current}")
    assert ("acquisition_channel",) not in columns


def test_a_column_that_changed_its_type_arrives_in_the_new_one(followed: _Shop) -> None:
    followed.alter("alter table shop.ledger_account alter position type integer")
    assert "ledger_account.position is now INTEGER" in followed.ingest().notes
    assert followed.read("select distinct typeof(position) from raw_current.ledger_account") == [("INTEGER",)]
    assert followed.ingest().notes == ""


def test_a_new_column_that_sounds_personal_is_withheld_and_told(followed: _Shop) -> None:
    followed.alter("alter table shop.orders add buyer_phone text")
    followed.alter("alter table shop.orders add gift boolean")
    assert "orders.buyer_phone is withheld" in followed.ingest().notes


def test_a_column_of_a_type_that_cannot_be_carried_stops_the_batch_by_name(followed: _Shop) -> None:
    followed.alter("alter table shop.sku add weight numeric")
    with pytest.raises(UnsupportedColumnError, match=r"shop\.sku\.weight has the type numeric"):
        followed.ingest()
    assert followed.read("select max(batch_id) from ingest.batch") == [(1,)]


@pytest.fixture
def restored(followed: _Shop, server: DatabaseUrls) -> Iterator[_Shop]:
    """The same shop after it was restored into another database, while the warehouse knows the first."""
    copy = "copy_of_" + followed.urls.owner.partition("@/")[2].partition("?")[0]
    original = copy.removeprefix("copy_of_")
    superuser = server.owner.replace("shop_owner@/mingsuan", "postgres@/postgres")
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute(f'create database "{copy}" template "{original}" owner shop_owner')
    urls = followed.urls
    yield _Shop(
        DatabaseUrls(*(url.replace(original, copy) for url in (urls.owner, urls.app, urls.reader))), followed.settings
    )
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute(f'drop database "{copy}" with (force)')


def test_another_database_is_refused_with_what_to_do(restored: _Shop) -> None:
    with pytest.raises(RestoredSourceError, match=r"another database .* run mingsuan ingest --resync"):
        restored.ingest()


@pytest.mark.parametrize(
    ("tampered", "reason"),
    [
        ("system_identifier = '1'", "another database"),
        ("timeline = 7", "its timeline is 1, batch 1 was read on timeline 7"),
        ("source_snapshot = '9000000000:9000000000:'", "was set back"),
    ],
)
def test_another_history_of_the_source_is_refused(followed: _Shop, tampered: str, reason: str) -> None:
    followed.read(f"update ingest.batch set {tampered}")
    with pytest.raises(RestoredSourceError, match=reason):
        followed.ingest()


@pytest.mark.parametrize("first", [True, False])
def test_rows_that_name_transactions_still_to_come_are_refused(shop: _Shop, first: bool) -> None:
    if not first:
        shop.ingest()
    shop.alter(
        "alter table shop.customer disable trigger user;"
        "update shop.customer set row_xid = 9000000000; alter table shop.customer enable trigger user"
    )
    with pytest.raises(RestoredSourceError, match="a row of customer names transaction 9000000000"):
        shop.ingest()
    restamp(shop.urls.owner)
    shop.ingest(resync=True)
    assert shop.read(CUSTOMERS) == [("one",), ("two",)]
    assert shop.ingest().row_count == 0


def test_resync_reconciles_with_a_restored_source_and_keeps_the_log(restored: _Shop) -> None:
    restored.alter("delete from shop.customer where id = 2")
    restored.write("insert into shop.customer (acquisition_channel) values ('three')")
    restamp(restored.urls.owner)
    batch = restored.ingest(resync=True)
    assert (batch.batch_id, batch.kind) == (2, "resync")
    assert restored.read(CUSTOMERS) == [("one",), ("three",)]
    assert restored.read("select table_name, key from ingest.tombstone") == [("customer", '{"id":2}')]
    assert restored.read("select count(*) from raw.customer where id = 2") == [(1,)]
    restored.write("update shop.customer set acquisition_channel = 'uno' where id = 1")
    assert restored.ingest().kind == "increment"
    assert restored.read(CUSTOMERS) == [("uno",), ("three",)]


def test_restamping_names_a_new_transaction_in_every_row_and_changes_nothing_else(shop: _Shop) -> None:
    with psycopg.connect(shop.urls.owner) as connection:
        accounts = "select code, updated_at from shop.ledger_account order by code"
        before = connection.execute(accounts).fetchall()
        connection.execute(
            "insert into shop.order_import (source, file_name, file_sha256, row_count, new_row_count)"
            " values ('s', 'f', '', 1, 1)"
        )
        connection.commit()
        sweeps = connection.execute("select count(*) from shop.notice_sweep").fetchone() or (0,)
        connection.commit()
        assert restamp(shop.urls.owner) == len(before) + 2 + 1 + sweeps[0]
        assert connection.execute(accounts).fetchall() == before
        stamps = connection.execute(
            "select row_xid from shop.customer union select row_xid from shop.order_import"
        ).fetchall()
        assert len(stamps) == 1
        with pytest.raises(psycopg.errors.RestrictViolation):
            connection.execute("update shop.order_import set row_count = 2")


def test_the_summary_tells_what_came_and_how_far_back_the_source_is_open(followed: _Shop) -> None:
    summary = followed.ingest().summary()
    assert summary.startswith("Batch 2 (increment): 0 row versions; source at 20")
    assert re.search(r"; oldest open transaction \d+\.\d s$", summary)
