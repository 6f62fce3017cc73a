"""What topics and channels are called on the page of preferences. Pure."""

from mingsuan.i18n import Translator


def topic_texts(_: Translator) -> dict[str, tuple[str, str]]:
    """By topic: its name, and what it is about."""
    return {
        "orders": (_("Orders"), _("Paid, delivered, cancelled, refunded")),
        "parcels": (_("Parcels"), _("Sent, with the tracking number")),
        "cases": (_("After-sales"), _("Answers to your requests and their end")),
        "benefits": (_("Benefits"), _("Before one expires")),
        "restock": (_("Back in stock"), _("Goods that you asked about")),
        "money": (_("Wallet and invoices"), _("Withdrawals decided, invoices issued")),
        "draws": (_("Draws"), _("Won, called off, stakes and prizes")),
        "security": (_("Security"), _("New log-ins, changed password or contacts: always sent")),
    }


def channel_texts(_: Translator) -> dict[str, str]:
    return {"email": _("E-mail"), "sms": _("Text message")}
