"""What pages about money with suppliers call verdicts, payments, claims, and what a form has done. Pure."""

from mingsuan.i18n import Translator


def verdict_texts(_: Translator) -> dict[str, str]:
    return {
        "matched": _("Agrees"),
        "amount_differs": _("Amount differs"),
        "theirs_only": _("Only in the statement"),
        "ours_only": _("Only in our books"),
    }


def show_texts(_: Translator) -> dict[str, str]:
    """Which lines of a statement are shown."""
    return {"open": _("Not settled"), "differences": _("All differences"), **verdict_texts(_), "all": _("Everything")}


def settled_texts(_: Translator) -> dict[str, str]:
    """How a difference was settled."""
    return {"accept": _("Accepted and posted"), "dispute": _("Disputed"), "note": _("Noted, nothing posted")}


def line_kind_texts(_: Translator) -> dict[str, str]:
    return {"charge": _("Charge"), "refund": _("Refund"), "credit": _("Credit for a bad code"), "fee": _("Fee")}


def source_texts(_: Translator) -> dict[str, str]:
    """How a statement came in."""
    return {
        "desk": _("Uploaded"),
        "inbox": _("Command line"),
        "pull": _("Fetched from the supplier"),
        "callback": _("Sent by the supplier"),
    }


def payment_texts(_: Translator) -> dict[str, str]:
    return {"top_up": _("Deposit"), "settlement": _("Settlement of what was owed")}


def claim_state_texts(_: Translator) -> dict[str, str]:
    return {"open": _("Not told yet"), "sent": _("Told"), "accepted": _("Made good"), "rejected": _("Supplier refused")}


def done_texts(_: Translator) -> dict[str, str]:
    """By what a form has done."""
    return {
        "paid": _("The payment is recorded and posted."),
        "terms": _("The supplier is changed."),
        "taken": _("The statement is stored, and every line is compared."),
        "known": _("This file was stored before; nothing was changed."),
        "accept": _("Accepted: the difference is posted."),
        "dispute": _("Disputed: it stays open until the supplier puts it right."),
        "note": _("Noted: nothing was posted."),
        "claimed": _("The claim is open."),
        "sent": _("The supplier was told."),
        "no_way": _("The supplier has no way to be told by machine. Tell it yourself, then come back here."),
        "refused": _("The supplier refused the report. Tell it yourself, or refuse the claim."),
        "unknown": _("The supplier did not answer. Try again later; to tell it twice does no harm."),
        "accepted": _("The credit is posted."),
        "rejected": _("The claim is closed; the loss stays."),
    }
