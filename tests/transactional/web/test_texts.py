"""The Chinese catalogue has every text of the pages, no more, and the same values in each."""

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

from mingsuan.i18n import catalogue, catalogue_file, translator

SHOP = Path(__file__).parents[3] / "transactional"
METHODS = [
    ("web/templates/**.html", "jinja2.ext:babel_extract"),
    ("migrations/**", "ignore"),
    ("**.py", "python"),
]
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "translate": None}
VALUE = re.compile(r"%\(\w+\)s|\{\w*\}")

Id = str | tuple[str, ...]


def texts_of_pages() -> set[Id]:
    """Message ids in templates and page modules; plural ones as tuples."""
    found = extract_from_dir(SHOP, METHODS, {"web/templates/**.html": {"silent": "false"}}, KEYWORDS)
    return {message for _file, _line, message, _comments, _context in found}


def test_every_text_of_the_pages_is_translated_and_none_is_left_over() -> None:
    known = {
        message.id: message.string for message in catalogue(catalogue_file("zh_CN", "shop"), "zh_CN") if message.id
    }
    assert texts_of_pages() - set(known) == set()
    assert set(known) - texts_of_pages() == set()
    assert [each for each, text in known.items() if not all([text] if isinstance(text, str) else text)] == []


def test_translations_take_the_same_values_as_their_originals() -> None:
    for message in catalogue(catalogue_file("zh_CN", "shop"), "zh_CN"):
        if message.id and isinstance(message.id, str):
            assert sorted(VALUE.findall(message.id)) == sorted(VALUE.findall(message.string)), message.id
        elif message.id:
            assert set(VALUE.findall(message.id[-1])) == set(VALUE.findall(message.string[0])), message.id


def test_english_is_its_own_source_and_other_languages_are_refused() -> None:
    assert translator("en", "shop")("Wallet balance") == "Wallet balance"
    assert translator("zh_CN", "shop")("Wallet balance") == "钱包余额"
    with pytest.raises(ValueError, match="fr"):
        translator("fr", "shop")
