"""What orders of lists are called. Pure; `_` is the reader's translator."""

from mingsuan.i18n import Translator


def order_texts(_: Translator) -> dict[str, str]:
    """By product order."""
    return {
        "shelf": _("Recommended"),
        "popular": _("Best sold"),
        "new": _("Newest"),
        "cheap": _("Cheapest first"),
        "dear": _("Dearest first"),
    }
