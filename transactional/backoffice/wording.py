"""What the desk calls the states of products, and how it asks for money. Pure; `_` is the reader's translator."""

from mingsuan import money
from mingsuan.i18n import Translator


def publish_state_texts(_: Translator) -> dict[str, str]:
    """By publish state."""
    return {"draft": _("Draft"), "published": _("On sale"), "withdrawn": _("Withdrawn")}


def amount_hint(currency: str, _: Translator) -> str:
    """An example of an amount in the shop's currency."""
    return _("In {currency}, such as {example}").format(currency=currency, example=money.plain(10000, currency))
