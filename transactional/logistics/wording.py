"""What a parcel's states and a file's faults are called. Pure."""

from typing import NamedTuple

from mingsuan.i18n import Translator


class StateText(NamedTuple):
    """The state's name, and how it is coloured: good, warn, bad or plain."""

    name: str
    tone: str


def state_texts(_: Translator) -> dict[str, StateText]:
    """By a parcel's state."""
    return {
        "sent": StateText(_("Sent off"), ""),
        "collected": StateText(_("Collected by the courier"), ""),
        "in_transit": StateText(_("On its way"), ""),
        "delivering": StateText(_("Out for delivery"), "good"),
        "customs": StateText(_("At customs"), ""),
        "problem": StateText(_("Held up"), "warn"),
        "refused": StateText(_("Refused by the recipient"), "bad"),
        "returning": StateText(_("On its way back"), "warn"),
        "returned": StateText(_("Came back"), "bad"),
        "signed": StateText(_("Signed for"), "good"),
        "lost": StateText(_("Lost"), "bad"),
    }


def fault_texts(_: Translator) -> dict[str, str]:
    """By what is wrong with a row of a file of parcels."""
    return {
        "columns": _("Needs an order number, a courier and a tracking number"),
        "order": _("There is no such order"),
        "nothing": _("Nothing of this order waits to be sent"),
        "courier": _("This courier is not known"),
        "number": _("Not a tracking number: 6 to 40 letters, digits or hyphens"),
        "twice": _("The same order or number stands in an earlier row"),
        "taken": _("This tracking number belongs to another order"),
    }
