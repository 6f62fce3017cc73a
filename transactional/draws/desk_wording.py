"""What the desk says of draws. Pure; `_` is the reader's translator."""

from mingsuan.i18n import Translator


def state_texts(_: Translator) -> dict[str, str]:
    """By state as people should see it (`showing.SHOWN`)."""
    return {
        "draft": _("Draft"),
        "open": _("Open for entries"),
        "closing": _("Closing"),
        "closed": _("Closed, commitment to come"),
        "committed": _("Committed, waiting for the round"),
        "overdue": _("Overdue"),
        "late": _("Late, stakes went back"),
        "decided": _("Result is out"),
        "finished": _("Finished"),
        "void": _("Called off"),
    }


TONES = {"open": "good", "overdue": "bad", "late": "bad", "void": "bad", "finished": "good", "decided": "warn"}
"""Colour of a state's badge."""


def prize_kind_texts(_: Translator) -> dict[str, str]:
    """By kind of prize: how it gets to the winner."""
    return {"code": _("A code"), "parcel": _("A parcel"), "hand": _("By hand")}


def kind_texts(_: Translator) -> dict[str, str]:
    """By kind of entry."""
    return {"paid": _("Paid entries"), "free": _("Free entries"), "house": _("Entries of the shop itself")}


def source_texts(_: Translator) -> dict[str, str]:
    """By where an entry comes from."""
    return {
        "order": _("Earned by an order"),
        "checkin": _("Earned by checking in"),
        "invitation": _("Earned by an invitation"),
        "free_route": _("By the free route"),
        "stake": _("Paid for"),
        "house": _("The shop itself"),
    }


def winner_state_texts(_: Translator) -> dict[str, str]:
    """By state of a winner."""
    return {
        "notified": _("Told, not claimed yet"),
        "claimed": _("Claimed, to be handed over"),
        "delivered": _("Handed over"),
        "forfeited": _("Forfeited"),
    }


def chain_texts(_: Translator) -> dict[bool, str]:
    """By whether a beacon is for trying things out."""
    return {True: _("Test beacon: decides nothing of value"), False: _("Public beacon")}


def done_texts(_: Translator) -> dict[str, str]:
    """What the form before has done."""
    return {
        "drafted": _("The draft is there. Look it over, then open the draw."),
        "edited": _("The draft was changed."),
        "discarded": _("The draft is gone."),
        "opened": _("The draw is open. Nothing of what it promises can be changed any more."),
        "voided": _("The draw was called off. Every stake goes back."),
        "house": _("The shop's own entries are in."),
        "delivered": _("The prize is handed over."),
        "forfeited": _("The prize is forfeited and goes to the next reserve."),
        "recorded": _("The opinion is on record."),
        "asked": _("Asked for. It is on once somebody else confirms."),
        "confirmed": _("Switched on."),
        "off": _("Switched off."),
        "withdrawn": _("The request is withdrawn."),
    }
