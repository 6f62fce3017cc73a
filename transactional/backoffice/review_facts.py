"""What a case holds, in words: the facts that were written down when it opened, and where it is settled. Pure."""

from collections.abc import Callable, Mapping

from mingsuan.i18n import Translator
from transactional.backoffice.order_wording import method_texts
from transactional.backoffice.review_wording import receipt_reasons
from transactional.backoffice.trace_wording import fact_names
from transactional.logistics.couriers import COURIERS
from transactional.logistics.wording import state_texts
from transactional.suppliers.money.money_wording import settled_texts

Fact = str | int | None
STATEMENT = frozenset({"statement_amount_differs", "statement_theirs_only", "statement_ours_only"})
INSIDE = frozenset({"identity_check", "credential_stuffing", "parcel_trouble", "invoice_to_red_flush"}) | STATEMENT
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
    name = subject.partition(":")[2].partition(":")[0]
    ways = {
        "unapplied_receipt": ("/desk/review/receipts", _("Stray money")),
        "refund": ("/desk/review/payouts", _("Refunds sent back")),
        "identity_check": (f"/desk/identity/{name}", _("Identity check")),
        "parcel_trouble": (f"/desk/parcels/{subject.partition('/')[0]}", _("Parcel")),
        "invoice_to_red_flush": (f"/desk/invoices/{subject}", _("Invoice")),
        "credential_stuffing": ("/desk/security", _("Security")),
        "statement": (f"/desk/statements/{name}?show=open", _("The statement")),
    }
    return ways.get(kind.partition("_")[0] if kind.startswith(("refund", "statement_")) else kind)


def _own_names(_: Translator) -> dict[str, str]:
    return {
        "ours_fen": _("What the shop booked"),
        "said_fen": _("What the gateway says"),
        "theirs_fen": _("What the supplier took"),
        "channel": _("Supply channel"),
        "days": _("Statement days"),
        "line": _("Line"),
        "request_no": _("Our number of the purchase"),
        "supplier_ref": _("The supplier's number"),
        "settled": _("How it was settled"),
        "said": _("Reason"),
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
        **(settled_texts(_) if kind in STATEMENT else {}),
        "payment": _("Payment"),
        "refund": _("Refund"),
        "share": _("Profit share"),
        "profit_share": _("Profit share"),
        "return": _("Profit share asked back"),
        "release": _("Rest of a profit share released"),
    }
