"""What the personal centre calls things. Pure; `_` is the reader's translator."""

from mingsuan.i18n import Translator


def identity_reasons(_: Translator) -> dict[str, str]:
    """Why an identity check ended in a refusal."""
    return {
        "": _("The request was refused."),
        "mismatch": _("Name and number do not belong together. Please check both, as on the card."),
        "no_record": _("No such number is on record. Please check every digit."),
        "unreadable": _("The name could not be read. Please give it as it is on the card."),
        "taken": _("This identity verifies another account already."),
        "withdrawn": _("You took your consent back."),
    }


def document_names(_: Translator) -> dict[str, str]:
    """By document that people agree to."""
    return {
        "terms": _("User agreement"),
        "privacy": _("Privacy policy"),
        "refund_rule": _("Refund rules"),
        "identity": _("Checking name and identity number"),
    }
