"""What channels' and offers' pages call states, sources and what a form has done. Pure."""

from mingsuan.i18n import Translator


def channel_state_texts(_: Translator) -> dict[str, str]:
    return {"active": _("In use"), "paused": _("Paused"), "ended": _("Ended")}


def offer_state_texts(_: Translator) -> dict[str, str]:
    return {"active": _("In force"), "quarantined": _("Not believed"), "withdrawn": _("Not on sale")}


def source_texts(_: Translator) -> dict[str, str]:
    """How a price was learnt."""
    return {
        "pull": _("Sync"),
        "push": _("Told by the supplier"),
        "order": _("Asked before an order"),
        "sheet": _("Quote sheet"),
        "staff": _("Entered by staff"),
        "file": _("File"),
    }


def terms_texts(_: Translator) -> dict[str, str]:
    return {"prepaid": _("Prepaid balance"), "on_account": _("On account, paid by statement")}


def channel_done_texts(_: Translator, count: int) -> dict[str, str]:
    """By what a form has done."""
    return {
        "added": _("The channel is added. Now say which of its goods supply which SKU."),
        "changed": _("The channel is changed."),
        "paused": _("The channel is paused: nothing new is bought over it."),
        "active": _("The channel is in use again."),
        "ended": _("The channel is ended."),
        "synced": _("Synced. Offers that changed: {count}").format(count=count),
        "silent": _("The supplier did not answer; what was known stays. The reason is below."),
        "nobody": _("This channel has nobody to ask, or it has ended."),
        "linked": _("The good supplies the SKU from now on."),
        "imported": _("The quote sheet is taken. Offers that changed: {count}").format(count=count),
    }


def offer_done_texts(_: Translator) -> dict[str, str]:
    return {
        "believed": _("The cost is accepted; it can be bought by again."),
        "withdrawn": _("Nothing is bought by this offer any more."),
        "restored": _("The offer is back, as far as its cost is believed."),
        "entered": _("The offer is entered."),
    }
