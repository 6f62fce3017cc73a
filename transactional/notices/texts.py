"""What a notice or a code says, in the reader's language: title, text, facts, link. Pure.

Nothing here can say a code of a card: notices lead to the shop, where it is shown to its owner.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from mingsuan import money
from mingsuan.i18n import Translator, translator
from transactional.notices.links import number_of, path_of

DOMAIN = "notices"


@dataclass(frozen=True, slots=True)
class Wording:
    """Title (also a mail's subject) and text; `{no}` is the number of the order that it is about."""

    title: str
    text: str


WORDINGS: dict[str, Wording] = {
    "paid": Wording(
        "Order {no}: payment received",
        "We have received your payment. What you bought is being prepared; you will hear from us when it is there.",
    ),
    "delivered": Wording(
        "Order {no} is delivered", "What you bought is ready. Log in and open the order to see and use it."
    ),
    "cancelled": Wording(
        "Order {no} was cancelled",
        "Nothing is owed for this order. Should your payment still arrive, it is handled or given back by itself.",
    ),
    "refunded": Wording(
        "Order {no}: refund paid out",
        "Your money was sent back the way you paid. Banks may take some working days to show it.",
    ),
    "receipt_returned": Wording(
        "A payment was given back",
        "A payment of yours belonged to no open order. It was sent back the way it came.",
    ),
    "case_answered": Wording("There is an answer to your request", "Open your request to read it and to reply."),
    "case_closed": Wording("Your request was closed", "Open your request to see what was decided and why."),
    "shipped": Wording("Order {no} is on its way", "Your parcel was handed to the courier."),
    "restock": Wording(
        "Back in stock",
        "What you were waiting for can be bought again. Nothing is reserved: it goes to whoever orders first.",
    ),
    "benefit_expiring": Wording("A benefit of yours expires soon", "Use it before it expires."),
    "withdrawal_decided": Wording("There is news of your withdrawal", "Open your wallet to see how it stands."),
    "invoice_issued": Wording("Your invoice is ready", "Open your invoices to see and download it."),
    "draw_won": Wording(
        "You have won", "One of your entries was drawn. Claim your prize in time: after that it goes to a reserve."
    ),
    "prize_delivered": Wording("Your prize was handed over", "Open the draw to see your prize or its parcel."),
    "prize_forfeited": Wording(
        "A prize was not claimed in time", "Its claim days are over, so it went to the next reserve, if there was one."
    ),
    "draw_void": Wording(
        "A draw was called off",
        "There is no winner. What you paid is back in your wallet, and free entries that you used can be used again.",
    ),
    "draw_stake_back": Wording("Your stake is back in your wallet", "Open the draw to see how it stands."),
    "new_device": Wording(
        "New log-in to your account",
        "Somebody logged in from a browser that we have not seen before. If it was not you, change your password now"
        " and log out everywhere.",
    ),
    "password_changed": Wording(
        "Your password was changed", "If it was not you, reset your password now and ask us for help."
    ),
    "contact_changed": Wording(
        "Your e-mail address or phone number was changed", "If it was not you, ask us for help at once."
    ),
}
FACTS = {
    "product": "Product",
    "amount_fen": "Amount",
    "courier": "Courier",
    "tracking_no": "Tracking number",
    "expires_on": "Expires on",
    "device": "Device",
    "network": "Network",
    "reason": "Reason",
}
"""Values that are shown, in this order, by their labels; `product_en` takes the place of `product` in English."""

CODE_TITLE = "Your verification code"
CODES = {
    "register": "{code} is your code for opening an account.",
    "log_in": "{code} is your code for logging in.",
    "reset_password": "{code} is your code for setting a new password.",
    "verify_contact": "{code} is your code for confirming your e-mail address or phone number.",
    "withdraw": "{code} is your code for confirming a withdrawal.",
}
NO_CODE = {
    "register_taken": "Somebody, perhaps you, wants to open an account here with this address or number, which has one"
    " already. Log in, or set a new password if you forgot it. If it was not you, nothing needs to be done.",
    "contact_replaced": "Your account has another e-mail address or phone number now, and this one is not used any"
    " more. If it was not you, ask us for help at once.",
}
"""What is said in place of a code to somebody who cannot use one; the page that asked looks the same."""
CODE_ANY = "{code} is your verification code."
CODE_CARE = "It is good for {minutes} minutes. Tell it to nobody: we never ask for it."
SHOP, OPEN = "Mingsuan", "Open in the shop"
WHY_MAIL = "You receive this because of your account with us. Choose what we send you:"


@dataclass(frozen=True, slots=True)
class Said:
    """A notice in one language. `link` is a path of the shop."""

    title: str
    text: str
    facts: tuple[tuple[str, str], ...]
    link: str


def said(kind: str, subject: str, values: Mapping[str, str | int], language: str, currency: str) -> Said:
    """A notice for people, in "zh_CN" or "en". Raises KeyError for an unknown kind."""
    translate = translator(language, DOMAIN)
    wording = WORDINGS[kind]
    title = translate(wording.title).format(no=number_of(subject, values))
    facts = tuple(_facts(values, translate, language, currency))
    return Said(title, translate(wording.text), facts, path_of(kind, subject, values))


def _facts(
    values: Mapping[str, str | int], translate: Translator, language: str, currency: str
) -> list[tuple[str, str]]:
    english = {"product": values["product_en"]} if language == "en" and values.get("product_en") else {}
    shown = {**values, **english}
    return [
        (translate(label), money.text(int(shown[name]), currency) if name.endswith("_fen") else str(shown[name]))
        for name, label in FACTS.items()
        if shown.get(name) not in (None, "")
    ]


def code_text(purpose: str, code: str, minutes: int, language: str) -> str:
    """What a one-time code's message says."""
    translate = translator(language, DOMAIN)
    if purpose in NO_CODE:
        return translate(NO_CODE[purpose])
    sentences = (
        translate(CODES.get(purpose, CODE_ANY)).format(code=code),
        translate(CODE_CARE).format(minutes=minutes),
    )
    return ("" if language == "zh_CN" else " ").join(sentences)


def phrase(text: str, language: str) -> str:
    """One of this module's fixed texts."""
    return translator(language, DOMAIN)(text)
