"""Who looked at what: an entry a page and its filters, one a file, and no figure for people without it."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import streamlit
from streamlit.testing.v1 import AppTest

from dashboards import access
from dashboards.access import Viewer
from dashboards.store import access_log
from dashboards.store.access_log import Access
from dashboards.store.database import Store
from mingsuan import clock

Visit = Callable[..., AppTest]
Publish = Callable[..., Path]
WANG = Viewer(frozenset({"owner"}), "wang@shop.example", "s-17")


@pytest.fixture
def log(published: Path) -> Callable[[], list[Access]]:
    """What is in the access log, oldest first."""
    store = Store(published.parent / "dashboards" / "store.sqlite")
    day = {"first": clock.now() - timedelta(days=1), "last": clock.now() + timedelta(days=1)}
    return lambda: list(access_log.entries(store, WANG, **day).newest)[::-1]


@pytest.fixture
def wang(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who logged in."""
    monkeypatch.setattr(access, "single_user", lambda *_: WANG)


def test_a_look_is_logged_once_with_its_filters_and_again_when_they_change(
    publish: Publish, visit: Visit, log: Callable[[], list[Access]], wang: None
) -> None:
    version = publish().name
    page = visit(lang="en", period="7d")
    page.run()
    page.selectbox(key="choice_category").set_value("games").run()
    asked = {"lang": "en", "period": "7d"}
    looked = [(entry.who, entry.subject, entry.roles, entry.page, entry.filters, entry.version) for entry in log()]
    who = ("wang@shop.example", "s-17", ("owner",), "profit")
    assert looked == [(*who, asked, version), (*who, {**asked, "category": "games"}, version)]


def test_a_file_that_is_taken_is_logged_by_its_name(
    publish: Publish, visit: Visit, log: Callable[[], list[Access]], monkeypatch: pytest.MonkeyPatch
) -> None:
    publish()
    files: dict[str, Callable[[], bytes]] = {}

    def catch(label: str, data: Callable[[], bytes], file_name: str, **_: Any) -> None:
        files[file_name] = data

    monkeypatch.setattr(streamlit, "download_button", catch)
    visit(lang="en", category="games")
    assert [entry.export for entry in log()] == [None]
    files["profit-by-product-2026-06-01-2026-06-30.zip"]()
    taken = log()[-1]
    assert (taken.export, taken.page) == ("profit-by-product-2026-06-01-2026-06-30.zip", "profit")
    assert (taken.who, taken.filters["category"]) == ("this machine", "games")


def test_people_who_log_in_are_shown_nothing_that_cannot_be_logged(
    publish: Publish, published: Path, visit: Visit, wang: None
) -> None:
    publish()
    (published.parent / "dashboards").write_text("in the way")
    page = visit(lang="en")
    assert page.title[0].value == "Not shown"
    assert not page.metric
    assert "could not be done just now" in page.error[0].value


def test_the_reader_of_this_machine_is_warned_and_keeps_the_figures(
    publish: Publish, published: Path, visit: Visit
) -> None:
    publish()
    (published.parent / "dashboards").write_text("in the way")
    page = visit(lang="en")
    assert page.warning[0].value.startswith("The access log cannot be written")
    assert page.metric[3].value == "¥32.16"


def test_a_page_of_another_role_is_refused_unlogged(
    publish: Publish, visit: Visit, log: Callable[[], list[Access]], log_in: Callable[..., None]
) -> None:
    publish()
    log_in("operator")
    assert visit("profit", lang="en").title[0].value == "Not for your role"
    assert log() == []
