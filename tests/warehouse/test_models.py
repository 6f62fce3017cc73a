"""The dbt project itself: its unit tests, and that it stages all that is ingested; its rules are in `project_rules`."""

import re

import pytest
import yaml

from mingsuan.settings import Settings
from pipelines import warehouse
from pipelines.dbt_run import PROJECT, run_dbt
from pipelines.tables import TABLES

pytestmark = pytest.mark.xdist_group("dbt")


def test_unit_tests_of_the_models_pass(hand_fed_settings: Settings) -> None:
    with warehouse.owned(hand_fed_settings, "test"):
        outcome = run_dbt(hand_fed_settings, "test", "--select", "test_type:unit")
    assert outcome.error is None
    assert len(outcome.results) >= 5
    assert [(result.name, result.message) for result in outcome.results if result.status != "pass"] == []


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
