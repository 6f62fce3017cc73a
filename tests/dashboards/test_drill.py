"""A figure leads to its rows and says what it means in the words of its version."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import streamlit
from streamlit.testing.v1 import AppTest

from dashboards.definitions import Definitions
from pipelines.semantics import declared

Visit = Callable[..., AppTest]
Publish = Callable[..., Path]


@pytest.fixture
def links(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, str]]]:
    """Address and query of every link that a page draws."""
    drawn: list[tuple[str, dict[str, str]]] = []

    def draw(page: Any, *, query_params: dict[str, str], **_: Any) -> None:
        drawn.append((page.url_path, query_params))

    monkeypatch.setattr(streamlit, "page_link", draw)
    return drawn


def test_a_figure_leads_to_its_rows_with_the_filters_and_the_version_that_it_was_seen_with(
    publish: Publish, visit: Visit, links: list[tuple[str, dict[str, str]]]
) -> None:
    older = publish(version="20260629T000000Z-6").name
    publish()
    visit(lang="en", category="games", version=older)
    assert links[0] == ("", {"lang": "en", "version": older, "category": "games", "rows": "postings"})
    followed = visit(**links[0][1])
    assert "**8** postings add up to **¥19.31** of real profit." in [m.value for m in followed.markdown]
    assert followed.metric[3].value == "¥19.31"


def test_what_a_figure_means_is_what_its_version_declares_in_the_reader_s_language(
    publish: Publish, visit: Visit
) -> None:
    publish()
    by_name = {metric.name: metric for metric in declared().metrics}
    figures = ("net_sales", "cm1", "cm2", "cm3", "cost_coverage")
    assert [m.help for m in visit(lang="en").metric] == [by_name[name].definition_en for name in figures]
    assert [m.help for m in visit().metric] == [by_name[name].definition_zh for name in figures]


@pytest.mark.parametrize("damage", [None, "not JSON"])
def test_a_version_without_definitions_says_so_and_keeps_its_figures(
    publish: Publish, visit: Visit, damage: str | None
) -> None:
    file = publish() / "semantics.json"
    file.unlink() if damage is None else file.write_text(damage)
    page = visit(lang="en")
    assert not page.exception
    assert {metric.help for metric in page.metric} == {"This version carries no definitions."}
    assert page.metric[3].value == "¥32.16"


def test_a_metric_that_an_older_version_does_not_declare_has_its_word_and_no_definition() -> None:
    english = Definitions(declared(), is_chinese=False, unknown="none")
    assert (english.of("cm9"), english.name("cm9")) == ("none", "cm9")
    assert english.name("cm3") == "Contribution margin 3"
