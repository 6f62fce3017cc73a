"""The project keeps its rules, and each rule finds what it is for."""

from pathlib import Path

import pytest

from tests.warehouse.project_rules import PROJECT, findings

GOOD_SQL = "with fruit as (\n\n    select * from {{ ref('stg_shop__fruit') }}\n\n)\n\nselect fruit_key from fruit\n"
GOOD_YAML = """
models:
  - name: {name}
    description: One row per fruit.
    data_tests: [{{primary_key: {{arguments: {{columns: [fruit_key]}}}}}}]
    columns: [{{name: fruit_key, data_type: varchar, description: Id.}}, {{name: n_lo, data_type: bigint}}]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small project without a fault."""
    _write(tmp_path, "staging/stg_shop__fruit", "select * from {{ source('shop', 'fruit') }}")
    _write(tmp_path, "marts/food/mart_fruit", GOOD_SQL)
    (tmp_path / "tests").mkdir()
    return tmp_path


def _write(project: Path, model: str, sql: str, yml: str = GOOD_YAML) -> None:
    file = project / "models" / f"{model}.sql"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(sql)
    file.with_suffix(".yml").write_text(yml.format(name=file.stem))


def test_the_project_keeps_its_rules() -> None:
    assert len(list((PROJECT / "models").rglob("*.sql"))) >= 90
    assert findings() == []


def test_a_project_without_a_fault_has_no_findings(project: Path) -> None:
    assert findings(project) == []


@pytest.mark.parametrize(
    ("model", "sql", "finding"),
    [
        ("marts/food/mart_x", "select * from {{ source('shop', 'fruit') }}", "mart_x: reads source shop.fruit, which"),
        ("marts/food/fct_x", "select * from {{ ref('mart_fruit') }}", "fct_x: must not read mart_fruit"),
        ("staging/stg_shop__x", "select * from {{ ref('int_fruit') }}", "stg_shop__x: must not read int_fruit"),
        ("intermediate/int_x", "select 1 as a from analytics.mart_fruit", "reads analytics.mart_fruit by a name"),
        ("marts/food/mart_x", "select a from {{ ref('dim_a') }} inner join b on true", "mart_x: reads b by a name"),
        ("marts/food/mart_x", "select '1'::bigint as a", "mart_x: '::' is not the same on every engine"),
        ("marts/food/mart_x", "select FLOOR(1.5) as a", "'floor' is not the same"),
        ("intermediate/mart_x", "select 1 as a", "a model of intermediate/ is named int_"),
    ],
)
def test_sql_that_breaks_a_rule_is_found(project: Path, model: str, sql: str, finding: str) -> None:
    _write(project, model, sql)
    assert any(finding in found for found in findings(project)), findings(project)


@pytest.mark.parametrize(
    ("yml", "finding"),
    [
        ("models: []", "has no mart_x.yml beside it"),
        (GOOD_YAML.replace("One row per fruit", "Fruit"), "does not begin with 'One row per'"),
        (GOOD_YAML.replace("primary_key", "not_null"), "has no primary_key test"),
        (GOOD_YAML.replace(", data_type: varchar", ""), "columns without data_type: fruit_key"),
        (GOOD_YAML.replace(", description: Id.", ""), "columns without description: fruit_key"),
        (GOOD_YAML + "    config: {{contract: {{enforced: false}}}}", "the contract is the folder's"),
    ],
)
def test_a_description_that_breaks_a_rule_is_found(project: Path, yml: str, finding: str) -> None:
    _write(project, "marts/food/mart_x", GOOD_SQL, yml)
    (found,) = findings(project)
    assert finding in found


def test_an_incremental_model_may_read_itself(project: Path) -> None:
    sql = (
        "with fruit as (select 1 as fruit_key) select fruit_key from fruit where fruit_key > (select 1 from {{ this }})"
    )
    _write(project, "marts/food/fct_fruit", sql)
    assert findings(project) == []


def test_a_test_of_the_project_is_portable_too(project: Path) -> None:
    (project / "tests/sums.sql").write_text("select 1::bigint")
    assert findings(project) == ["sums: '::' is not the same on every engine"]
