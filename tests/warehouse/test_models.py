"""The dbt project itself: its unit tests, its documentation, its portability."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from mingsuan.settings import Settings
from pipelines import warehouse
from pipelines.dbt_run import PROJECT, run_dbt
from pipelines.tables import TABLES

pytestmark = pytest.mark.xdist_group("dbt")
MODELS = sorted((PROJECT / "models").rglob("*.sql"))


def _properties(model: Path) -> dict[str, Any]:
    content = yaml.safe_load(model.with_suffix(".yml").read_text(encoding="utf-8"))
    return next(entry for entry in content["models"] if entry["name"] == model.stem)


def test_unit_tests_of_the_models_pass(hand_fed_settings: Settings) -> None:
    with warehouse.owned(hand_fed_settings, "test"):
        outcome = run_dbt(hand_fed_settings, "test", "--select", "test_type:unit")
    assert outcome.error is None
    assert len(outcome.results) >= 5
    assert [(result.name, result.message) for result in outcome.results if result.status != "pass"] == []


def test_every_model_says_what_one_row_is_and_tests_its_key() -> None:
    assert len(MODELS) >= 30
    for model in MODELS:
        properties = _properties(model)
        assert properties["description"].startswith("One row per "), model.stem
        tests = [*properties.get("data_tests", [])]
        for column in properties["columns"]:
            tests += column.get("data_tests", [])
        assert any("primary_key" in str(test) for test in tests), model.stem


def test_models_use_portable_sql_only() -> None:
    forbidden = re.compile(r"::|\bqualify\b|\bdistinct\s+on\b|\bfilter\s*\(|\bfloor\b|\bdate_diff\b", re.IGNORECASE)
    files = [*MODELS, *(PROJECT / "tests").rglob("*.sql")]
    found = {file.name: forbidden.findall(file.read_text(encoding="utf-8")) for file in files}
    assert {name: hits for name, hits in found.items() if hits} == {}


def test_every_ingested_table_is_staged() -> None:
    sources = yaml.safe_load((PROJECT / "models/staging/shop/_sources.yml").read_text(encoding="utf-8"))
    listed = {table["name"] for table in sources["sources"][0]["tables"]}
    assert listed == {table.name for table in TABLES}
    staged = {
        name
        for model in (PROJECT / "models/staging/shop").glob("*.sql")
        for name in re.findall(r"source\('shop', '(\w+)'\)", model.read_text(encoding="utf-8"))
    }
    assert staged == listed
