"""Whatever a spreadsheet might calculate stays text, and nothing else is changed."""

import pytest

from transactional.spreadsheet_text import harmless


@pytest.mark.parametrize(
    "start", ["=", "+", "-", "@", "\t", "\r", "\n", " =", "\u00a0+", "\u3000-", "＝", "＋", "－", "＠"]
)
def test_a_text_that_might_be_a_formula_begins_with_an_apostrophe(start: str) -> None:
    assert harmless(f"{start}1") == f"'{start}1"


@pytest.mark.parametrize("cell", ["", "A=1", "1-2", "li@example.com", " 杭州", "'=1", "(=1)"])
def test_every_other_text_stays_as_it_is(cell: str) -> None:
    assert harmless(cell) == cell
