"""Every kind of notice and every code is said in both languages, and never more than it may say."""

import re

import pytest

from mingsuan.i18n import LANGUAGES, catalogue, catalogue_file
from transactional.notices import texts
from transactional.notices.rules import KINDS

VALUE = re.compile(r"\{\w+\}")
VALUES = {
    "product": "星巴克 50 元卡",
    "product_en": "Coffee card",
    "amount_fen": 123456,
    "courier": "SF",
    "tracking_no": "SF1",
    "slug": "coffee",
}


def said_by_the_slice() -> set[str]:
    wordings = {each for wording in texts.WORDINGS.values() for each in (wording.title, wording.text)}
    fixed = {texts.CODE_TITLE, texts.CODE_ANY, texts.CODE_CARE, texts.SHOP, texts.OPEN, texts.WHY_MAIL}
    return wordings | fixed | set(texts.FACTS.values()) | set(texts.CODES.values()) | set(texts.NO_CODE.values())


def test_every_text_is_translated_with_the_same_values_and_none_is_left_over() -> None:
    known = {message.id: message.string for message in catalogue(catalogue_file("zh_CN", "notices"), "zh_CN")}
    known.pop("")
    assert set(known) == said_by_the_slice()
    for original, translation in known.items():
        assert sorted(VALUE.findall(original)) == sorted(VALUE.findall(translation)), original


def test_every_kind_has_a_wording_and_no_wording_is_without_a_kind() -> None:
    assert set(texts.WORDINGS) == set(KINDS)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_rendered(kind: str, language: str) -> None:
    said = texts.said(kind, "order:20260101-000001", VALUES, language, "CNY")
    assert "{" not in said.title + said.text
    assert said.link.startswith("/")
    chinese = re.search(r"[\u4e00-\u9fff]", said.title + said.text + said.facts[0][0])
    assert (chinese is not None) == (language == "zh_CN")
    names = dict(said.facts)
    assert names["商品" if language == "zh_CN" else "Product"] == (
        "星巴克 50 元卡" if language == "zh_CN" else "Coffee card"
    )
    assert "¥1,234.56" in names.values()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("purpose", [*texts.CODES, "something new"])
def test_a_code_is_in_the_text_and_not_in_the_title(purpose: str, language: str) -> None:
    text = texts.code_text(purpose, "482913", 10, language)
    assert "482913" in text
    assert "10" in text
    assert "{" not in text
    assert "482913" not in texts.phrase(texts.CODE_TITLE, language)


def test_links_lead_to_what_the_notice_is_about_and_cannot_be_bent() -> None:
    def link(kind: str, subject: str, **values: str) -> str:
        return texts.said(kind, subject, values, "en", "CNY").link

    assert link("delivered", "order:A1") == "/orders/A1"
    assert link("refunded", "order:A1#R77") == "/orders/A1"
    assert link("case_answered", "case:7c") == "/cases/7c"
    assert link("restock", "sku:S#2", slug="../desk?x=1") == "/products/..%2Fdesk%3Fx%3D1"
    assert link("new_device", "device:1") == "/account/security"
    assert texts.said("refunded", "order:A1#R77", {}, "en", "CNY").title == "Order A1: refund paid out"


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_there_is_an_account_already_no_code_is_said(language: str) -> None:
    assert not re.search(r"\d", texts.code_text("register_taken", "482913", 10, language))
