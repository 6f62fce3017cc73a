"""The project's declarations: whole, in two languages, and of columns that the models have."""

from functools import cache
from typing import Any

import pytest
import yaml

from mingsuan.semantics.declared import Semantics
from pipelines.dbt_run import PROJECT
from pipelines.semantics import declared


@pytest.fixture(scope="module")
def semantics() -> Semantics:
    return declared()


@cache
def _columns() -> dict[str, dict[str, Any]]:
    """Types of columns by model and name, as the contracts say."""
    files = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in (PROJECT / "models/marts").rglob("*.yml")]
    models = [model for content in files for model in content.get("models", [])]
    return {model["name"]: {c["name"]: c["data_type"] for c in model["columns"]} for model in models}


def test_every_declared_column_is_in_its_model_and_has_the_right_type(semantics: Semantics) -> None:
    for table in semantics.tables:
        columns = _columns()[table.table]
        needed = [*table.entities.values(), *(dimension.column for dimension in table.dimensions)]
        needed += [column for m in table.measures for column in (m.column, m.only.column if m.only else m.column)]
        assert [column for column in needed if column not in columns] == []
        assert table.time_column is None or columns[table.time_column] == "date"
        assert table.measures == () or table.time_column is not None
        truths = [m.only.column for m in table.measures if m.only and not m.only.words]
        assert {columns[column] for column in truths} <= {"boolean"}
        summed = [measure.column for measure in table.measures if measure.aggregation == "sum"]
        assert {columns[column] for column in summed} <= {"bigint", "integer"}


def test_every_metric_and_dimension_has_a_name_and_a_definition_in_both_languages(semantics: Semantics) -> None:
    for metric in semantics.metrics:
        assert metric.definition_en.endswith("."), metric.name
        assert metric.definition_zh.endswith("。"), metric.name
    named = [*semantics.metrics, *semantics.entities, *(d for table in semantics.tables for d in table.dimensions)]
    for thing in named:
        assert any("\u4e00" <= letter <= "\u9fff" for letter in thing.label_zh), thing.name
        assert thing.label_en[0].isupper(), thing.name
        assert thing.label_en.isascii(), thing.name
    for language in ("label_zh", "label_en"):
        labels = [getattr(metric, language) for metric in semantics.metrics]
        assert sorted(labels) == sorted(set(labels))


def test_every_metric_can_be_cut_by_all_that_its_tables_share_and_only_wallets_by_time_alone(
    semantics: Semantics,
) -> None:
    by_time_alone = [metric for metric in semantics.metrics if not semantics.dimensions_for(metric)]
    assert {table.name for metric in by_time_alone for _, table in semantics.measures_of(metric)} == {"wallets"}


def test_one_name_of_a_dimension_has_one_meaning_in_all_tables(semantics: Semantics) -> None:
    meanings: dict[str, set[tuple[str, ...]]] = {}
    for table in semantics.tables:
        for name, (_, d) in semantics.dimensions_of(table).items():
            meanings.setdefault(name, set()).add((d.label_zh, d.label_en, d.definition_zh, d.definition_en))
    assert {name: said for name, said in meanings.items() if len(said) > 1} == {}


def test_how_customers_came_has_one_name_wherever_it_is_known(semantics: Semantics) -> None:
    acquired = {
        table.name: [name for name in semantics.dimensions_of(table) if "acquisition" in name]
        for table in semantics.tables
        if table.name == "profit" or "customer" in table.entities
    }
    assert acquired.keys() >= {"profit", "order_lines", "customers", "payments", "refunds", "aftersales"}
    assert set(map(tuple, acquired.values())) == {("acquisition_channel",)}


def test_the_whole_profit_and_loss_account_is_declared(semantics: Semantics) -> None:
    money = {name.removesuffix("_fen") for name in _columns()["mart_profit_product_daily"] if name.endswith("_fen")}
    assert money <= {metric.name for metric in semantics.metrics} | {"net_sales_known_cost", "ledger_profit"}
