"""Filters of what profit is cut by: products, categories, supply channels, campaigns, origins of customers."""

from collections.abc import Mapping
from typing import get_args

from dashboards import filters
from dashboards.queries import cuts
from dashboards.queries.cuts import Column, Cut, Part
from dashboards.view import View

ADDRESS: Mapping[Column, str] = {
    "product_key": "products",
    "category_key": "categories",
    "channel_key": "channels",
    "campaign_key": "campaigns",
    "acquisition_channel": "origins",
}
"""What each column is called in addresses."""


def chosen(view: View, *columns: Column) -> Cut:
    """Filters for these columns, or all of them, kept in the address; what exports say of them comes along."""
    _ = view.gettext
    titles: dict[Column, str] = {
        "product_key": _("Product"),
        "category_key": _("Category"),
        "channel_key": _("Supply channel"),
        "campaign_key": _("Campaign"),
        "acquisition_channel": _("Where customers came from"),
    }
    keys: dict[Column, tuple[str, ...]] = {}
    described = []
    for column in columns or get_args(Column):
        parts = {part.word: part for part in cuts.parts(view.reader, column)}
        names = {word: _named(view, part) for word, part in parts.items()}
        words = filters.several(view, ADDRESS[column], titles[column], names)
        described.append((titles[column], filters.described(view, words, names)))
        if words:
            keys[column] = tuple(parts[word].key for word in words)
    return Cut(keys, tuple(described))


def _named(view: View, part: Part) -> str:
    return view.gettext("none of these") if part.key == cuts.NONE else view.named(part.name_zh, part.name_en, part.word)
