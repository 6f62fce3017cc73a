"""What the desk calls the states of products, and how it asks for money. Pure; `_` is the reader's translator."""

from mingsuan import money
from mingsuan.i18n import Translator


def publish_state_texts(_: Translator) -> dict[str, str]:
    """By publish state."""
    return {"draft": _("Draft"), "published": _("On sale"), "withdrawn": _("Withdrawn")}


def kind_texts(_: Translator) -> dict[str, str]:
    """By kind of product: how it is delivered."""
    return {
        "card_code": _("Card codes from stock"),
        "api_topup": _("Top-up by a supplier"),
        "manual_service": _("Done by staff"),
        "physical": _("Sent by courier"),
        "bundle": _("Bundle of other SKUs"),
        "membership": _("Membership for some days"),
    }


def field_kind_texts(_: Translator) -> dict[str, str]:
    """By kind of a question to the buyer."""
    return {
        "text": _("Text"),
        "number": _("Digits"),
        "phone": _("Telephone number"),
        "email": _("E-mail"),
        "select": _("Choice"),
    }


def amount_hint(currency: str, _: Translator) -> str:
    """An example of an amount in the shop's currency."""
    return _("In {currency}, such as {example}").format(currency=currency, example=money.plain(10000, currency))
