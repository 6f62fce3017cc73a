"""What purchases' pages call states, steps, calls and what a form has done. Pure; `_` is the reader's translator."""

from dataclasses import dataclass

from mingsuan.i18n import Translator


@dataclass(frozen=True, slots=True)
class StateText:
    """A state's name, what it means for the buyer, and the tone of its badge."""

    name: str
    meaning: str
    tone: str = ""


def state_texts(_: Translator) -> dict[str, StateText]:
    """By a purchase's state."""
    return {
        "created": StateText(_("Claimed"), _("Money is set aside; it is about to be sent to the supplier."), "warn"),
        "submitted": StateText(_("Sent"), _("It was sent; the supplier has not answered yet."), "warn"),
        "processing": StateText(_("Under way"), _("Accepted; its end is to come, and is asked for."), "warn"),
        "unknown": StateText(
            _("Unknown"),
            _("Nobody knows whether the supplier has it. It is asked again and again, and bought nowhere else."),
            "bad",
        ),
        "succeeded": StateText(_("Succeeded"), _("The good came."), "good"),
        "failed": StateText(_("Failed"), _("It failed for certain; the money set aside is free again.")),
        "written_off": StateText(
            _("Written off"), _("Its money is booked as lost; should it still end, that is booked."), "bad"
        ),
        "late_failed": StateText(
            _("Failed late"), _("Written off before, it turned out to have failed: nothing is lost.")
        ),
        "late_succeeded": StateText(
            _("Succeeded late"), _("Written off before, it came after all: to its order, or into stock."), "good"
        ),
    }


def event_texts(_: Translator) -> dict[str, str]:
    """By a step's kind."""
    return {
        "claimed": _("Claimed, money set aside"),
        "asked_of_people": _("Left to people"),
        "from_own_pool": _("Taken from the shop's own codes"),
        "submitted": _("Sent to the supplier"),
        "no_answer": _("No answer that can be trusted"),
        "accepted": _("Accepted by the supplier"),
        "not_found_yet": _("Not known to the supplier yet"),
        "succeeded": _("Succeeded"),
        "failed": _("Failed for certain"),
        "given_up": _("Not sent: the channel was closed"),
        "sold_before": _("The code was sold before: worth nothing, to be claimed"),
        "written_off": _("Written off by staff"),
        "not_had": _("Could not be had by people"),
        "done_by_hand": _("Delivered by people"),
        "not_wanted": _("No longer wanted: the money went back"),
        "late_failed": _("Turned out to have failed"),
        "late_succeeded": _("Came after all"),
        "contradicted": _("The supplier now says the opposite"),
    }


def call_texts(_: Translator) -> dict[str, str]:
    """By operation and by outcome of a call."""
    return {
        "submit": _("Order"),
        "query": _("Question"),
        "succeeded": _("Answered"),
        "refused": _("Refused"),
        "unknown": _("No answer that can be trusted"),
    }


def found_texts(_: Translator) -> dict[str, str]:
    """How an end was learnt."""
    return {"answer": _("by the answer"), "notice": _("by a callback"), "query": _("by asking")}


def unit_texts(_: Translator) -> dict[str, str]:
    """By the state of the unit that it is for."""
    return {
        "waiting": _("Waiting"),
        "delivered": _("Delivered"),
        "refund_pending": _("Being refunded"),
        "refunded": _("Refunded"),
        "cancelled": _("Cancelled"),
    }


def done_texts(_: Translator) -> dict[str, str]:
    """By what a form has done."""
    return {
        "asked": _("The supplier is being asked. Look again in a moment."),
        "written_off": _("Written off. The unit can now be bought elsewhere, or refunded."),
        "not_had": _("Noted. It is being bought elsewhere."),
        "buy": _("It is being bought. Look again in a moment."),
        "look": _("The price is being asked for, then it is bought. Look again in a moment."),
        "ended": _("Done: given from stock, left to people, or refunded, as the rules say."),
        "held": _("No channel may supply it now; it is tried again by itself."),
    }
