"""Every text of the dashboards exists in both languages, with the same blanks to fill in."""

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

import dashboards
from mingsuan.i18n import catalogue, catalogue_file

BLANKS = re.compile(r"\{\w+\}")


@pytest.fixture(scope="module")
def texts() -> set[str]:
    """Every text that the code shows, read off the source."""
    folder = Path(dashboards.__path__[0])
    found = extract_from_dir(folder, [("**.py", "python")], keywords={"_": None, "gettext": None})
    return {text for _, _, text, _, _ in found}


def test_every_text_has_a_chinese_one_and_none_is_left_over(texts: set[str]) -> None:
    chinese = {m.id: m.string for m in catalogue(catalogue_file("zh_CN", "dashboards"), "zh_CN") if m.id}
    assert chinese.keys() == texts
    assert [text for text, translated in chinese.items() if not translated] == []


def test_translations_fill_in_the_same_blanks(texts: set[str]) -> None:
    messages = [m for m in catalogue(catalogue_file("zh_CN", "dashboards"), "zh_CN") if m.id]
    differing = [m.id for m in messages if set(BLANKS.findall(m.id)) != set(BLANKS.findall(m.string))]
    assert differing == []


def test_texts_are_english_sentences_so_that_english_is_whole(texts: set[str]) -> None:
    assert [text for text in texts if re.search(r"[\u4e00-\u9fff]", text)] == []
