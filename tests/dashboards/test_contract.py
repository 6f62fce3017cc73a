"""The tiny shop has no table and no column that the warehouse does not publish, so that pages tested on it hold."""

from pathlib import Path

import pytest
import yaml

from dashboards.snapshots import Snapshot

MODELS = Path(__file__).parents[2] / "dbt_project" / "models"
TABLES = (
    "mart_profit_daily",
    "mart_profit_product_daily",
    "mart_profit_breakdown_daily",
    "dim_channels",
    "mart_profit_sku_daily",
    "mart_repurchase_intervals",
    "mart_repurchase_curve",
    "fct_order_items",
    "fct_margin_lines",
    "dim_products",
    "dim_categories",
)


@pytest.fixture(scope="module")
def published_columns() -> dict[str, set[str]]:
    """Columns of every model, as its description says."""
    described = (yaml.safe_load(file.read_text(encoding="utf-8")) for file in MODELS.rglob("*.yml"))
    models = (model for content in described for model in content.get("models", []))
    return {model["name"]: {column["name"] for column in model["columns"]} for model in models}


@pytest.mark.parametrize("table", TABLES)
def test_every_column_of_the_tiny_shop_is_published(
    shop: Snapshot, published_columns: dict[str, set[str]], table: str
) -> None:
    columns = {row["column_name"] for row in shop.rows(f"describe {table}")}
    assert columns - published_columns[table] == set()
