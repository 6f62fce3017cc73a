"""What the dashboards remember: kept by many sessions at once, said when it cannot be kept, read by few."""

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dashboards.access import AccessRefusedError, Viewer
from dashboards.store import access_log, saved_views, thresholds
from dashboards.store.access_log import Access
from dashboards.store.database import MIGRATIONS, Store, StoreError
from dashboards.store.saved_views import SavedView
from dashboards.store.thresholds import Threshold

AT = datetime(2026, 6, 30, 6, 15, tzinfo=UTC)
DAY = {"first": AT - timedelta(hours=12), "last": AT + timedelta(hours=12)}
LOOK = Access(AT, "wang@shop.example", "s-17", ("auditor",), "profit", {"period": "7d", "category": "游戏"}, "v-1")
OWNER = Viewer(frozenset({"owner"}))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "var" / "dashboards" / "store.sqlite")


def test_looks_and_exports_are_read_back_newest_first_with_the_count_of_all(store: Store) -> None:
    taken = replace(LOOK, at=AT + timedelta(minutes=1), export="postings.xlsx")
    for access in (LOOK, taken, replace(LOOK, at=AT + timedelta(days=2))):
        access_log.write(store, access)
    found = access_log.entries(store, OWNER, **DAY, limit=1)
    assert (found.newest, found.total) == ((taken,), 2)
    assert access_log.entries(store, OWNER, **DAY).newest[1] == LOOK
    assert access_log.entries(store, OWNER, **DAY, who="li@shop.example").total == 0


@pytest.mark.parametrize("role", ["buyer", "operator"])
def test_who_looked_is_for_owners_and_auditors_only(store: Store, role: str) -> None:
    access_log.write(store, LOOK)
    with pytest.raises(AccessRefusedError):
        access_log.entries(store, Viewer(frozenset({role})), **DAY)
    assert access_log.entries(store, Viewer(frozenset({"auditor"})), **DAY).total == 1


def test_sessions_that_start_together_make_one_store_and_lose_nothing(store: Store) -> None:
    with ThreadPoolExecutor(16) as sessions:
        list(sessions.map(lambda number: access_log.write(store, replace(LOOK, who=f"s-{number}")), range(64)))
    found = access_log.entries(store, OWNER, **DAY)
    assert {access.who for access in found.newest} == {f"s-{number}" for number in range(64)}


def test_reading_goes_on_while_somebody_writes_and_a_writer_waits_a_second_at_most(store: Store) -> None:
    access_log.write(store, LOOK)
    with sqlite3.connect(store.file) as other:
        other.execute("begin immediate")
        assert access_log.entries(store, OWNER, **DAY).total == 1
        began = time.monotonic()
        with pytest.raises(StoreError, match="locked"):
            access_log.write(store, LOOK)
        assert time.monotonic() - began < 5
    other.close()


def test_what_cannot_be_kept_is_said_with_the_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StoreError, match="file/store"):
        access_log.write(Store(tmp_path / "file" / "store"), LOOK)
    damaged = tmp_path / "damaged"
    damaged.write_bytes(b"not a database" * 100)
    with pytest.raises(StoreError, match="damaged: file is not a database"):
        access_log.write(Store(damaged), LOOK)


def test_a_store_of_a_newer_release_is_left_alone(store: Store) -> None:
    access_log.write(store, LOOK)
    with sqlite3.connect(store.file) as connection:
        connection.execute(f"pragma user_version = {len(MIGRATIONS) + 1}")
    connection.close()
    with pytest.raises(StoreError, match="newer release"):
        access_log.write(store, LOOK)


def test_a_saved_view_is_replaced_by_name_and_seen_by_others_once_it_is_shared(store: Store) -> None:
    mine = SavedView("wang", "周会", "page", "profit?period=7d", is_shared=False, changed_at=AT)
    theirs = SavedView("li", "a first name", "page", "health", is_shared=True, changed_at=AT)
    for view in (mine, theirs, replace(mine, kind="sql", name="rows", content="select 1")):
        saved_views.save(store, view)
    assert saved_views.visible_to(store, "wang", "page") == [mine, theirs]
    assert saved_views.visible_to(store, "li", "page") == [theirs]
    shared = replace(mine, content="profit?period=30d", is_shared=True)
    saved_views.save(store, shared)
    assert saved_views.visible_to(store, "li", "page") == [theirs, shared]
    assert not saved_views.remove(store, "li", mine.name)
    assert saved_views.remove(store, "wang", mine.name)
    assert saved_views.visible_to(store, "wang", "page") == [theirs]


def test_thresholds_are_replaced_by_name_and_listed_for_all_or_for_one(store: Store) -> None:
    low = Threshold("wang", "low profit", '{"metrics": ["cm3"]}', "below", 100_000, is_active=True, changed_at=AT)
    other = replace(low, owner="li", kind="change", amount=-0.2)
    thresholds.save(store, low)
    thresholds.save(store, other)
    assert thresholds.listed(store) == [other, low]
    thresholds.save(store, replace(low, is_active=False))
    assert thresholds.listed(store, "wang") == [replace(low, is_active=False)]
    assert thresholds.remove(store, "wang", low.name)
    assert not thresholds.remove(store, "wang", low.name)
