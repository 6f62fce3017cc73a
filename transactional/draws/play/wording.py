"""What the rules of play are called, for customers and staff. Pure; `_` is the reader's translator."""

from datetime import timedelta

from mingsuan.i18n import Translator

DAY = timedelta(days=1)


def limit_texts(_: Translator) -> dict[str, str]:
    """By kind of limit."""
    return {
        "stake_day": _("At most staked in 24 hours"),
        "stake_week": _("At most staked in 7 days"),
        "stake_month": _("At most staked in 30 days"),
        "loss_month": _("At most lost in 30 days"),
    }


def time_out_texts(_: Translator) -> dict[int, str]:
    """By days."""
    return {1: _("24 hours"), 7: _("One week"), 30: _("One month"), 42: _("Six weeks")}


def exclusion_texts(_: Translator) -> dict[int, str]:
    """By days."""
    return {184: _("Six months"), 366: _("One year"), 1827: _("Five years")}


def mode_texts(_: Translator) -> dict[str, str]:
    """By mode of a draw."""
    return {
        "promotional": _("Free, earned"),
        "refundable": _("For money that comes back"),
        "paid": _("For money that does not come back"),
    }


def mode_meanings(_: Translator) -> dict[str, str]:
    """By mode, what happens to a stake."""
    return {
        "promotional": _("Entries are earned or given away; nobody pays."),
        "refundable": _("Who does not win gets the whole stake back."),
        "paid": _("Stakes of those who do not win are the shop's."),
    }


def profile_texts(_: Translator) -> dict[str, str]:
    """By profile of compliance."""
    return {
        "mainland": _("Mainland China"),
        "great_britain": _("Great Britain"),
        "elsewhere": _("Elsewhere"),
    }
