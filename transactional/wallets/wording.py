"""What wallets say of movements, withdrawals and what is not possible. Pure; `_` is the reader's translator."""

from dataclasses import dataclass

from mingsuan.i18n import Translator
from transactional.payments.doors import method_names
from transactional.wallets.rules import NoTopUp
from transactional.wallets.schemas import PartView, StatementLine


@dataclass(frozen=True, slots=True)
class Standing:
    """A state's name, its colour and what it means for the reader."""

    name: str
    tone: str
    meaning: str


def line_text(line: StatementLine, _: Translator) -> str:
    """Why the money moved, in a few words."""
    if line.event == "wallet_topped_up" and line.method:
        return _("Topped up with {method}").format(method=method_names(_)[line.method])
    texts = {
        ("order_paid", None): _("Paid for an order"),
        ("wallet_credited", "bank"): _("Credit for money received"),
        ("wallet_credited", "goodwill"): _("Goodwill of the shop"),
        ("refund_paid_out", None): _("Refund of an order"),
        ("withdrawal_requested", None): _("Withdrawal asked for"),
        ("withdrawal_returned", None): _("Withdrawal came back"),
        ("charged_back", None): _("A top-up was taken back by your bank"),
    }
    known = texts.get((line.event, line.source))
    return known or (_("Money in") if line.amount_fen > 0 else _("Money out"))


def kinds(_: Translator) -> dict[str, str]:
    """By what a statement is filtered."""
    return {
        "orders": _("Purchases"),
        "refunds": _("Refunds"),
        "top_ups": _("Top-ups"),
        "withdrawals": _("Withdrawals"),
        "credits": _("Credits of the shop"),
    }


def withdrawal_states(_: Translator) -> dict[str, Standing]:
    """By state."""
    return {
        "requested": Standing(_("Being checked"), "warn", _("We look at every withdrawal before it goes out.")),
        "approved": Standing(_("Approved"), "warn", _("Approved; the transfer to your bank account is being made.")),
        "paying": Standing(_("On its way"), "warn", _("Your money is on its way. Banks may need some working days.")),
        "unknown": Standing(
            _("Being clarified"),
            "warn",
            _("The payment service has not answered clearly. We keep asking; nothing is lost."),
        ),
        "paid": Standing(_("Paid out"), "good", _("The money has been sent.")),
        "refused": Standing(_("Refused"), "bad", _("The money is in your wallet again.")),
        "failed": Standing(_("Failed"), "bad", _("The money could not be sent. It is in your wallet again.")),
    }


def part_states(_: Translator) -> dict[str, str]:
    """By state of a part."""
    return {"held": _("Waits"), "paying": _("On its way"), "paid": _("Paid out"), "returned": _("Back in the wallet")}


def way_text(part: PartView, _: Translator) -> str:
    """Where a part goes."""
    if part.method is None:
        return _("To the bank account")
    return _("Back to the payment with {method}").format(method=method_names(_)[part.method])


def no_top_up_text(why: NoTopUp, _: Translator) -> str:
    """Why nothing can be added."""
    return {
        "not_allowed": _("This wallet holds refunds and credits of the shop. The rules here allow no top-ups."),
        "no_gateway": _("This shop takes no payments from outside at the moment."),
        "full": _("Your wallet holds as much as it may."),
    }[why]
