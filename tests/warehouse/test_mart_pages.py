"""Every mart has a page in plain words that is true of it: its key, and an example that runs."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from pipelines.dbt_run import PROJECT

pytestmark = pytest.mark.xdist_group("dbt")
PAGES = PROJECT.parent / "docs/marts"
SECTIONS = ["What it answers", "Grain", "Pitfalls", "Example"]


@cache
def _marts() -> dict[str, dict[str, Any]]:
    """What the marts' YAML says, by name."""
    described = (yaml.safe_load(file.read_text(encoding="utf-8")) for file in (PROJECT / "models/marts").rglob("*.yml"))
    models = [model for content in described for model in content.get("models", [])]
    return {model["name"]: model for model in models if model["name"].startswith("mart_")}


def _pages() -> list[Path]:
    return sorted(PAGES.glob("mart_*.md"))


def _sections(page: Path) -> dict[str, str]:
    parts = re.split(r"^## (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def _key(mart: str) -> list[str]:
    (arguments,) = [
        test["primary_key"]["arguments"]["columns"]
        for test in _marts()[mart]["data_tests"]
        if isinstance(test, dict) and "primary_key" in test
    ]
    return list(arguments)


def test_every_mart_has_a_page_and_no_page_is_left_over() -> None:
    assert sorted(page.stem for page in _pages()) == sorted(_marts())


@pytest.mark.parametrize("page", _pages(), ids=lambda page: page.stem)
def test_a_page_answers_names_the_key_warns_and_shows_an_example(page: Path) -> None:
    sections = _sections(page)
    assert re.match(rf"# {page.stem} · [\u4e00-\u9fff]+", page.read_text(encoding="utf-8"))
    assert list(sections) == SECTIONS
    assert [name for name, text in sections.items() if len(text.split()) < 15] == []
    assert [column for column in _key(page.stem) if f"`{column}`" not in sections["Grain"]] == []


@pytest.mark.parametrize("page", _pages(), ids=lambda page: page.stem)
def test_the_example_of_a_page_runs_and_reads_its_mart(page: Path, small: duckdb.DuckDBPyConnection) -> None:
    blocks = re.findall(r"```sql\n(.*?)```", _sections(page)["Example"], flags=re.DOTALL)
    assert len(blocks) == 1
    assert page.stem in blocks[0]
    small.execute(blocks[0]).fetchall()
