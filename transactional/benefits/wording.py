"""What states, kinds and moves of benefits are called when people read them. Pure; `_` is the reader's translator."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from mingsuan.i18n import Translator
from transactional.benefits.rules import EXPIRING_SOON, LIVE
from transactional.benefits.schemas import BenefitView


@dataclass(frozen=True, slots=True)
class StateText:
    """A state's name, what it means for the owner, and the tone of its badge."""

    name: str
    meaning: str
    tone: str = ""


def state_texts(_: Translator) -> dict[str, StateText]:
    """By benefit state, in the order of the page's groups."""
    return {
        "ready": StateText(_("Ready to use"), _("It is yours and nobody has seen its code yet."), "good"),
        "revealed": StateText(_("Code shown"), _("You have seen its code; redeem it where the tutorial says."), "good"),
        "activated": StateText(_("In force"), _("It is active."), "good"),
        "pending": StateText(_("Starts later"), _("It begins when the one before it ends."), "warn"),
        "used": StateText(_("Used"), _("It has been used up.")),
        "expired": StateText(_("Expired"), _("Its time is over.")),
        "revoked": StateText(_("Taken back"), _("It was refunded, so it is no longer yours.")),
    }


def kind_texts(_: Translator) -> dict[str, str]:
    """By kind of product; bundles are owned by their parts."""
    return {
        "card_code": _("Card codes"),
        "membership": _("Memberships"),
        "api_topup": _("Top-ups"),
        "manual_service": _("Services"),
        "physical": _("Physical goods"),
    }


def cause_text(cause: str, to_state: str, _: Translator) -> str:
    """What an entry of a benefit's history says."""
    return {
        "delivered": _("Delivered to you"),
        "began": _("Began"),
        "shown": _("Code shown"),
        "provider": {
            "activated": _("Activated, confirmed by the provider"),
            "used": _("Used up, confirmed by the provider"),
            "expired": _("Expired at the provider"),
        }.get(to_state, _("Taken back by the provider")),
        "marked": _("Marked as used by you"),
        "unmarked": _("Mark removed by you"),
        "time": _("Began") if to_state == "activated" else _("Expired"),
        "deadline_moved": _("Its term was extended"),
        "replaced": _("Its code was replaced by a new one"),
        "refund": _("Refunded"),
        "refund_undone": _("The refund was undone; it is yours again"),
    }[cause]


def time_left(benefit: BenefitView, at: datetime, _: Translator) -> str:
    """How long a live benefit lasts, "" for one without an end or that is over."""
    if benefit.expires_at is None or benefit.state not in LIVE or benefit.expires_at <= at:
        return ""
    days = math.ceil((benefit.expires_at - at) / timedelta(days=1))
    return _("Last day") if days == 1 else _("{days} days left").format(days=days)


def is_soon_over(benefit: BenefitView, at: datetime) -> bool:
    """Whether its end is near enough for a warning."""
    ends = benefit.expires_at
    return ends is not None and benefit.state in LIVE and at < ends <= at + EXPIRING_SOON
