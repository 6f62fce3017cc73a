"""Everything that the ledger says to people is translated, and every event of the rules has a name."""

import ast
import re
from pathlib import Path

from mingsuan.i18n import catalogue, catalogue_file, translator
from transactional.errors import ShopError
from transactional.ledger import check, control_accounts, errors, events, export, findings, seal_checks

LEDGER = Path(events.__file__).parent
VALUE = re.compile(r"\{\w*\}")


def said() -> set[str]:
    checks = {each.message for each in (*check.CHECKS, seal_checks.SEALED_TWICE, seal_checks.SLIPPED_IN)}
    plain = {
        text
        for name, text in vars(seal_checks).items()
        if name.isupper() and isinstance(text, str) and text.endswith(".")
    }
    return {*checks, *plain, control_accounts.DIFFERS, findings.MORE, *events.NAMES.values(), *export.COLUMNS, "Total"}


def events_of_rules() -> set[str]:
    """Second argument of every `Posting(…)`, and of the helpers that pass it on."""
    found = set()
    for file in LEDGER.glob("*rules.py"):
        for call in ast.walk(ast.parse(file.read_text())):
            if isinstance(call, ast.Call) and len(call.args) > 1 and isinstance(call.args[1], ast.Constant):
                name = getattr(call.func, "id", "")
                if name in {"Posting", "_moved", "_shared", "_commission", "_spent"}:
                    found.add(call.args[1].value)
    return found


def test_every_text_is_translated_with_the_same_values_and_none_is_left_over() -> None:
    known = {
        message.id: message.string for message in catalogue(catalogue_file("zh_CN", "ledger"), "zh_CN") if message.id
    }
    assert said() == set(known)
    for text, translated in known.items():
        assert sorted(VALUE.findall(text)) == sorted(VALUE.findall(translated)), text
        assert translated != text


def test_every_event_has_a_name() -> None:
    assert events_of_rules() == set(events.NAMES)
    assert events.name_of("order_paid", "zh_CN") == "订单付款"
    assert events.name_of("unheard of", "zh_CN") == "unheard of"


def test_refusals_are_translated() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ShopError)]
    for kind in kinds:
        if kind is not ShopError:
            for text in (kind.title, kind.message):
                assert translator("zh_CN", "shop_errors")(text) != text
