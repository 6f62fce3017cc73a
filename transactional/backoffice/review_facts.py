"""What a case holds, in words: the facts that were written down when it opened, and where it is settled. Pure."""

from collections.abc import Callable, Mapping

from mingsuan.i18n import Translator
from transactional.backoffice.order_wording import method_texts
from transactional.backoffice.review_wording import receipt_reasons
from transactional.backoffice.trace_wording import fact_names
from transactional.logistics.couriers import COURIERS
from transactional.logistics.wording import state_texts

Fact = str | int | None
INSIDE = frozenset({"identity_check", "credential_stuffing", "parcel_trouble", "invoice_to_red_flush"})
"""Kinds whose subject is a name of the shop's own, of no use to a reader."""


def facts(
    kind: str, detail: Mapping[str, Fact], _: Translator, language: str, money: Callable[[int], str]
) -> list[tuple[str, str]]:
    """(name, value), both in words; what nobody has words for stays as it was written down."""
    names = fact_names(_) | _own_names(_)
    known = _values(kind, _, language)
    return [
        (
            names.get(name, name),
            money(value) if name.endswith("_fen") and isinstance(value, int) else known.get(str(value), str(value)),
        )
        for name, value in detail.items()
        if value not in (None, "")
    ]


def settled_at(kind: str, subject: str, _: Translator) -> tuple[str, str] | None:
    """Address and name of the page where the matter is settled; None where there is no other."""
    if kind == "unapplied_receipt":
        return "/desk/review/receipts", _("Stray money")
    if kind.startswith("refund"):
        return "/desk/review/payouts", _("Refunds sent back")
    if kind == "identity_check":
        return f"/desk/identity/{subject.partition(':')[2]}", _("Identity check")
    if kind == "parcel_trouble":
        return f"/desk/parcels/{subject.partition('/')[0]}", _("Parcel")
    if kind == "invoice_to_red_flush":
        return f"/desk/invoices/{subject}", _("Invoice")
    return ("/desk/security", _("Security")) if kind == "credential_stuffing" else None


def _own_names(_: Translator) -> dict[str, str]:
    return {
        "ours_fen": _("What the shop booked"),
        "said_fen": _("What the gateway says"),
        "reference": _("Order number"),
        "in_a_minute": _("Wrong log-ins in a minute"),
        "addresses": _("From so many networks"),
        "identifiers": _("Accounts tried"),
    }


def _values(kind: str, _: Translator, language: str) -> dict[str, str]:
    of_parcels = {state: text.name for state, text in state_texts(_).items()} if kind == "parcel_trouble" else {}
    couriers = {code: zh if language == "zh_CN" else en for code, (zh, en) in COURIERS.items()}
    return {
        **couriers,
        **of_parcels,
        **method_texts(_),
        **receipt_reasons(_),
        "payment": _("Payment"),
        "refund": _("Refund"),
        "share": _("Profit share"),
        "profit_share": _("Profit share"),
        "return": _("Profit share asked back"),
        "release": _("Rest of a profit share released"),
    }
