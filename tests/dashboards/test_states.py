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


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("marts.duckdb", b"not a database"),
        ("marts.duckdb", None),
        ("manifest.json", b""),
        ("manifest.json", b'{"segments": []}'),
    ],
)
def test_a_damaged_version_is_a_page_that_says_what_is_safe_and_what_to_do(
    publish: Publish, visit: Visit, file: str, content: bytes | None
) -> None:
    damaged = publish() / file
    if content is None:
        damaged.unlink()
    else:
        damaged.write_bytes(content)
    page = visit(lang="en")
    assert not page.exception
    assert page.title[0].value == "These figures cannot be read"
    assert "The shop and its books are not touched." in page.error[0].value
    assert "run `mingsuan refresh`" in page.markdown[0].value
    assert "20260630T041000Z-7" in page.caption[0].value


def test_another_version_can_be_opened_while_the_newest_is_damaged(publish: Publish, visit: Visit) -> None:
    publish(version="20260629T000000Z-6")
    (publish() / "manifest.json").write_text("{")
    page = visit(lang="en")
    assert "choose it under Version" in page.markdown[0].value
    page.selectbox(key="choice_version").set_value("20260629T000000Z-6").run()
    assert page.metric[3].value == "¥32.16"


@pytest.mark.parametrize("content", ["", '{"attempted_at": "2026-06-30T04:10:00Z"}'])
def test_a_damaged_record_of_the_last_attempt_is_said_and_hides_no_figure(
    publish: Publish, published: Path, visit: Visit, content: str
) -> None:
    publish()
    (published / "last_attempt.json").write_text(content)
    for name in ("profit", "repurchase", "health"):
        page = visit(name, lang="en")
        assert not page.exception
        assert "its record cannot be read (last_attempt.json: " in page.warning[0].value
        assert len(page.metric) == 5


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
