"""What cases say to people: reasons, states, outlooks, decisions, and why a case is refused. `_` is the translator."""

from dataclasses import dataclass

from mingsuan.i18n import Translator
from transactional.aftersales.unit_queries import UnitFacts

REFUSALS = {
    "unpaid": "Unit {unit_no}: the order is not paid. Nothing can be given back.",
    "has_case": "Unit {unit_no}: there is an open request about it already. Please write there.",
    "settled": "Unit {unit_no}: it was refunded or cancelled. If that is wrong, choose “Something else”.",
    "not_delivered": "Unit {unit_no}: it has not been delivered yet. You can have your money back instead.",
    "show_it_first": "Unit {unit_no}: the code has not been shown yet. Show it and try it, or have your money back.",
    "shown": "Unit {unit_no}: the code has been shown, so it is refunded only when it does not work.",
    "too_late": "Unit {unit_no}: it was shown more than 7 days ago. In a special case choose “Something else”.",
    "delivered": "Unit {unit_no}: it has been delivered. You find it on the order’s page.",
}
"""By refusal of the rules, in the domain of the shop's errors."""


@dataclass(frozen=True, slots=True)
class ReasonText:
    """A reason in the customer's words, and what it means."""

    name: str
    hint: str


@dataclass(frozen=True, slots=True)
class CaseStateText:
    """A state's name, its sentence to the customer, and the tone of its badge."""

    name: str
    sentence: str
    tone: str = ""


def reason_texts(_: Translator) -> dict[str, ReasonText]:
    """By reason, in the order in which they are offered."""
    return {
        "does_not_work": ReasonText(_("The code does not work"), _("It is refused where you use it.")),
        "already_used": ReasonText(_("Already used"), _("You are told that somebody has used it.")),
        "wrong_goods": ReasonText(_("Wrong goods"), _("It is not what you ordered, or not what you need.")),
        "not_received": ReasonText(_("Not received"), _("You paid and nothing came.")),
        "changed_mind": ReasonText(
            _("I do not want it any more"), _("In full, as long as the code has not been shown.")
        ),
        "other": ReasonText(_("Something else"), _("Tell us in your own words; a person reads it.")),
    }


def case_state_texts(_: Translator) -> dict[str, CaseStateText]:
    """By state of a case."""
    return {
        "open": CaseStateText(_("New request"), _("We have your request and will answer you."), "warn"),
        "waiting_for_shop": CaseStateText(_("With us"), _("We are working on your request."), "warn"),
        "waiting_for_customer": CaseStateText(
            _("Waiting for the customer"), _("We have asked you something: please answer below."), "warn"
        ),
        "resolved": CaseStateText(_("Solved"), _("Your request is solved."), "good"),
        "rejected": CaseStateText(_("Declined"), _("We could not agree to your request.")),
        "withdrawn": CaseStateText(_("Withdrawn"), _("The request was withdrawn.")),
    }


def queue_state_texts(_: Translator) -> dict[str, str]:
    """What the queue of the desk can be narrowed to, beside the states."""
    return {
        "unfinished": _("Not finished"),
        "overdue": _("Overdue"),
        "mine": _("Taken by me"),
        **{state: text.name for state, text in case_state_texts(_).items()},
    }


def decision_texts(_: Translator) -> dict[str, str]:
    """By kind of resolution."""
    return {
        "replace": _("Replaced with a new code"),
        "refund": _("Money given back"),
        "goodwill": _("Credit to the wallet"),
        "reject": _("Declined"),
    }


def done_texts(_: Translator) -> dict[str, str]:
    """What a form of the desk has done, by its name."""
    return {
        "answer": _("The customer has your answer."),
        "ask": _("The customer has your question; the case waits for them."),
        "note": _("The note is kept, for staff alone."),
        "take": _("The case is yours."),
        "assign": _("The case was handed over."),
        "replace": _("Another code was handed over; the customer is told."),
        "refund": _("The refund is granted; the customer is told."),
        "goodwill": _("The wallet is credited; the customer is told."),
        "reject": _("The request is declined; the customer is told."),
    }


def unit_state_text(unit: UnitFacts, _: Translator) -> str:
    """How a unit stands, in a few words beside its name."""
    if unit.open_case_id is not None:
        return _("There is an open request about it")
    if unit.state != "delivered":
        return {
            "waiting": _("Not delivered yet"),
            "refund_pending": _("Refund on its way"),
            "refunded": _("Refunded"),
        }.get(unit.state, _("Cancelled"))
    if unit.first_shown_at is not None:
        return _("Delivered, code shown") if unit.has_code else _("Delivered, opened")
    return _("Delivered, code not shown yet") if unit.has_code else _("Delivered")
