"""What profit can be cut by: the products, categories, channels, campaigns and origins of customers that it names."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from dashboards.queries.asking import Tables, answers
from dashboards.sql import among

NONE = "none"
"""Key of amounts of no product, channel, campaign or customer: the shop's own stock, goodwill, advertising at large."""

Column = Literal["product_key", "category_key", "channel_key", "campaign_key", "acquisition_channel"]
"""Columns of the profit breakdown that it can be cut by."""

_NAMED: dict[Column, str] = {
    "product_key": "select product_key, slug, title_zh, title_en from dim_products",
    "category_key": "select category_key, slug, name_zh, name_en from dim_categories",
    "channel_key": "select channel_key, code, name, name from dim_channels",
    "campaign_key": "select null, null, null, null where false",
    "acquisition_channel": "select null, null, null, null where false",
}
"""By column of the breakdown: key, stable word and names of what it points to; keys without names are words."""


@dataclass(frozen=True, slots=True)
class Part:
    """One value of a column. `word` stands for it in addresses; names are None where it has none."""

    key: str
    word: str
    name_zh: str | None
    name_en: str | None


@dataclass(frozen=True, slots=True)
class Cut:
    """Keys by column; a column that is not there is not cut by."""

    keys: Mapping[Column, tuple[str, ...]]
    described: tuple[tuple[str, str], ...] = ()

    def conditions(self) -> tuple[str, list[object]]:
        """The cut as SQL on the profit breakdown, with what to bind."""
        return among(**{str(column): chosen for column, chosen in self.keys.items()})


@answers("owner", "buyer", "auditor")
def parts(tables: Tables, column: Column) -> list[Part]:
    """The values of a column of the profit breakdown that occur in the books, by their words, `none` last."""
    rows = tables.rows(
        f"""with named(key, word, zh, en) as ({_NAMED[column]}),
        present as (select distinct {column} as key from mart_profit_breakdown_daily)
        select present.key, zh as name_zh, en as name_en,
            coalesce(if(count(*) over (partition by word) = 1, word, null), present.key) as word
        from present left join named using (key) order by present.key = '{NONE}', word"""
    )
    return [Part(**row) for row in rows]
