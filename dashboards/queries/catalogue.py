"""What the shop sells: names that other figures are shown under."""

from typing import Any

from dashboards.queries.asking import Tables, answers


@answers("owner", "buyer", "auditor", "operator")
def categories(tables: Tables) -> list[dict[str, Any]]:
    """All categories: category_key, slug, name_zh, name_en."""
    return tables.rows("select category_key, slug, name_zh, name_en from dim_categories order by slug")


@answers("owner", "buyer", "auditor", "operator")
def products(tables: Tables, category: str | None = None) -> list[dict[str, Any]]:
    """Products of the shop, or of a category: product_key, slug, title_zh, title_en."""
    where = " where category_key = ?" if category else ""
    sql = f"select product_key, slug, title_zh, title_en from dim_products{where} order by slug"
    return tables.rows(sql, [category] if category else [])
