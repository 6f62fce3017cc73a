"""Which language a person is answered in, and whether every refusal can be said in it."""

import ast
import re
from pathlib import Path

import pytest

from mingsuan.i18n import catalogue, catalogue_file
from transactional import errors
from transactional.cards import examination
from transactional.language import preferred
from transactional.problems import OTHERWISE, REASONS


@pytest.mark.parametrize(
    ("chosen", "header", "spoken"),
    [
        (None, None, "zh_CN"),
        (None, "en-GB,en;q=0.9", "en"),
        (None, "fr, en;q=0.5, zh;q=0.8", "zh_CN"),
        (None, "zh-TW", "zh_CN"),
        (None, "fr", "zh_CN"),
        (None, "en;q=0", "zh_CN"),
        (None, "en;q=much", "zh_CN"),
        ("en", "zh", "en"),
        ("de", "en", "en"),
    ],
)
def test_the_persons_choice_counts_before_the_browsers(chosen: str | None, header: str | None, spoken: str) -> None:
    assert preferred(chosen, header, "zh_CN") == spoken


def _refusals(kind: type[errors.ShopError] = errors.ShopError) -> list[type[errors.ShopError]]:
    return [kind, *(found for child in kind.__subclasses__() for found in _refusals(child))]


MAKERS = {"FieldProblem", "UnreadableFileError", "_problem"}


def _reasons() -> set[str]:
    """Second arguments of FieldProblem and the texts that become one, read from the source."""
    package = Path(errors.__file__).parent
    found = {OTHERWISE, *REASONS.values()}
    for file in package.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in MAKERS:
                found |= {a.value for a in node.args[-2:] if isinstance(a, ast.Constant) and str(a.value).endswith(".")}
    wrong = [("x" * 501), "", "a\x00b", examination.NOT_TEXT + "1"]
    return found | {str(examination._wrong(value)) for value in wrong}


def test_every_refusal_can_be_said_in_chinese() -> None:
    known = {message.id: message.string for message in catalogue(catalogue_file("zh_CN", errors.DOMAIN), "zh_CN")}
    needed = {text for kind in _refusals() for text in (kind.title, kind.message)} | _reasons()
    assert len(needed) > 60
    assert {text for text in needed if not known.get(text)} == set()
    for text in needed:
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", str(known[text]))), text


def test_no_two_kinds_of_refusal_share_a_type() -> None:
    kinds = [kind for kind in _refusals() if "type" in vars(kind)]
    assert len({kind.type for kind in kinds}) == len(kinds) > 15


def test_a_refusal_tells_its_values_in_its_sentence() -> None:
    assert errors.NameTakenError(name="games").sentence("zh_CN") == "“games”已被使用。"
    assert str(errors.FieldProblem("row 3, column code", "The same code as in row {row}.", (("row", 2),))) == (
        "row 3, column code: The same code as in row 2."
    )
