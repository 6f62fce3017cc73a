"""What roles of staff are called. Pure."""

from mingsuan.i18n import Translator


def role_texts(_: Translator) -> dict[str, str]:
    """By staff role."""
    return {"owner": _("Owner"), "buyer": _("Buyer"), "operator": _("Operator"), "auditor": _("Auditor")}
