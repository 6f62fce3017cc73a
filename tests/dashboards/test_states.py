"""When there are no figures, the pages say why and what to do."""

from collections.abc import Callable
from pathlib import Path

import pytest
import streamlit.config
from streamlit.testing.v1 import AppTest

Visit = Callable[..., AppTest]
Publish = Callable[..., Path]


def html(page: AppTest) -> str:
    return "\n".join(block.value for block in page.get("html"))


def test_nothing_published_yet_says_what_to_run(published: Path, visit: Visit) -> None:
    page = visit(lang="en")
    assert not page.exception
    assert page.title[0].value == "No figures yet"
    assert "mingsuan refresh" in page.code[0].value
    assert visit().title[0].value == "还没有数据"


def test_an_empty_shop_says_when_profit_will_appear(publish: Publish, visit: Visit) -> None:
    publish(kind="empty")
    page = visit(lang="en")
    assert not page.exception
    assert "Nothing has been delivered yet" in html(page)
    assert not page.metric


def test_a_damaged_version_is_an_error_that_says_what_is_safe(publish: Publish, visit: Visit) -> None:
    (publish() / "marts.duckdb").write_bytes(b"not a database")
    page = visit(lang="en")
    assert not page.exception
    assert page.title[0].value == "These figures cannot be read"
    assert "The shop and its books are not touched." in page.error[0].value


def test_a_server_open_to_others_shows_no_figure(
    publish: Publish, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish()
    streamlit.config.set_option("server.address", "0.0.0.0")  # noqa: S104
    refused = visit(lang="en")
    assert refused.title[0].value == "Not shown"
    assert not refused.metric
    monkeypatch.setenv("MINGSUAN_DASHBOARDS_OPEN", "true")
    assert len(visit(lang="en").metric) == 5


def test_simulated_figures_are_marked_and_real_ones_are_not(publish: Publish, visit: Visit) -> None:
    publish()
    assert "模拟数据" not in html(visit())
    publish(version="simulated", simulated=True)
    for name in ("profit", "repurchase", "health"):
        assert "模拟数据" in html(visit(name))
