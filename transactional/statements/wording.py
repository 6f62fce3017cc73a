"""What the desk calls advertising platforms, couriers, their charges, and what a form has done. Pure."""

from mingsuan.i18n import Translator
from transactional.logistics.couriers import COURIERS
from transactional.marketing.platforms import PLATFORMS


def sender_texts(language: str) -> dict[str, dict[str, str]]:
    """By kind of statement, who may have sent it."""
    at = 0 if language == "zh_CN" else 1
    return {
        "ad-spend": {code: names[at] for code, names in PLATFORMS.items()},
        "courier": {code: names[at] for code, names in COURIERS.items()},
    }


def kind_texts(_: Translator) -> dict[str, str]:
    return {"ad-spend": _("Advertising"), "courier": _("Courier")}


def charge_texts(_: Translator) -> dict[str, str]:
    return {
        "freight": _("Freight"),
        "return": _("Sending back"),
        "insurance": _("Insured value"),
        "packing": _("Packing"),
        "surcharge": _("Surcharge"),
        "claim": _("Paid for a claim"),
        "other": _("Other charges"),
    }


def source_texts(_: Translator) -> dict[str, str]:
    """How a statement came in."""
    return {"desk": _("Uploaded"), "inbox": _("Inbox or command line")}


def done_texts(_: Translator) -> dict[str, str]:
    """By what a form has done."""
    return {
        "taken": _("The statement is stored and posted."),
        "known": _("This file was stored before; nothing was changed."),
    }
