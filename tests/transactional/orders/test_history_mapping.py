"""Mappings are checked before any row is read, and say what is wrong with them."""

from pathlib import Path

import pytest

from transactional.orders.history_mapping import UnusableMappingError, load_mapping, shipped_names

GOOD = """
source = "mine"
format = "csv"
currency = "EUR"

[columns]
customer = "who"
ordered_at = "when"
line_total = "paid"

[goods]
category_slug = "books"
category_zh = "书"
category_en = "Books"
sku = "book"
title_zh = "书"
title_en = "Book"
"""


def refusal(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "mine.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UnusableMappingError) as refused:
        load_mapping(str(file))
    return [str(problem) for problem in refused.value.problems]


def test_the_shipped_mappings_are_valid() -> None:
    assert shipped_names() == ["cdnow", "generic_csv"]
    assert [load_mapping(name).currency for name in shipped_names()] == ["USD", "CNY"]


def test_a_mapping_of_ones_own_is_read_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(GOOD, encoding="utf-8")
    assert load_mapping(str(tmp_path / "mine.toml")).source == "mine"


def test_an_unknown_name_lists_the_shipped_mappings() -> None:
    with pytest.raises(UnusableMappingError, match="no mapping 'cdnov'; shipped: cdnow, generic_csv"):
        load_mapping("cdnov")


@pytest.mark.parametrize(
    ("find", "replace", "reason"),
    [
        (
            'format = "csv"',
            'format = "cvs"',
            "mapping mine.toml, format: Input should be 'csv', 'tsv', 'fixed' or 'xlsx'",
        ),
        ('source = "mine"', 'sauce = "mine"', "mapping mine.toml, source: Field required"),
        ('source = "mine"', 'source = "simulation"', "'simulation' marks simulated orders"),
        ('currency = "EUR"', 'currency = "euro"', "mapping mine.toml, currency: String should match pattern"),
        ('line_total = "paid"', "", "exactly one of unit_price, line_total, paid_total"),
        ('customer = "who"', 'unit_price = "each"', "exactly one of unit_price, line_total, paid_total"),
        ('currency = "EUR"', 'currency = "EUR"\nencoding = "utf-16"', "'utf-16' is not read line by line"),
        ('currency = "EUR"', 'currency = "EUR"\nencoding = "klingon"', "'klingon' is not an encoding"),
        ('currency = "EUR"', 'currency = "EUR"\nrow_is = "order_line"', "need a column order_no"),
        ('currency = "EUR"', 'currency = "EUR"\nheader = "none"', "column ordered_at: 'when' is not among names"),
        ('"who"', "[1, 5]", "column customer: [first, last] positions are for format 'fixed'"),
        ("[goods]", '[dates]\ntimezone = "Mars/Olympus"\n[goods]', "'Mars/Olympus' is not a time zone"),
        ("[goods]", '[dates]\nformats = ["%d/%m"]\n[goods]', "'%d/%m' has no year"),
        ("[goods]", '[numbers]\nthousands = "."\n[goods]', "decimal and thousands must differ"),
        ("[columns]", "[columns", "mapping mine.toml is not TOML"),
    ],
)
def test_a_mistake_in_a_mapping_is_named(tmp_path: Path, find: str, replace: str, reason: str) -> None:
    assert find in GOOD
    assert reason in "\n".join(refusal(tmp_path, GOOD.replace(find, replace)))
