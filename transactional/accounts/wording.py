"""What a line of a wallet's statement says about itself, and what roles are called. Pure."""

from mingsuan.i18n import Translator
from transactional.accounts.schemas import WalletLine


def line_text(line: WalletLine, _: Translator) -> str:
    """Why the money moved, in a few words."""
    texts = {
        ("order_paid", None): _("Paid for an order"),
        ("wallet_credited", "bank"): _("Credit for money received"),
        ("wallet_credited", "goodwill"): _("Goodwill of the shop"),
        ("refund_paid_out", None): _("Refund of an order"),
    }
    known = texts.get((line.event, line.source))
    if known:
        return known
    return _("Money in") if line.amount_fen > 0 else _("Money out")


def role_texts(_: Translator) -> dict[str, str]:
    """By staff role."""
    return {"owner": _("Owner"), "buyer": _("Buyer"), "operator": _("Operator"), "auditor": _("Auditor")}
