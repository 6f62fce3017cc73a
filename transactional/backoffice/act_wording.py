"""Acts of staff in words, and where the thing that they are about can be looked at. Pure."""

import re

from mingsuan.i18n import Translator

NUMBER = r"[0-9A-Za-z_-]{1,60}"
ADDRESSES = (
    ("order", "/desk/orders/{}"),
    ("staff", "/desk/staff/{}"),
    ("case", "/desk/aftersales/{}"),
    ("customer", "/desk/customers/{}"),
    ("product", "/desk/products/{}"),
)
OF_ORDERS = frozenset({"refund", "record_chargeback"})
"""Their subject is an order's number alone."""


def subject_address(act: str, subject: str) -> str:
    """The desk's page about a subject such as "order:M2026…"; empty when there is none."""
    kind, colon, name = subject.partition(":")
    if not colon and act in OF_ORDERS:
        kind, name = "order", subject
    known = dict(ADDRESSES)
    return known[kind].format(name) if kind in known and re.fullmatch(NUMBER, name) else ""


def act_texts(_: Translator) -> dict[str, str]:
    """By act; one that is not here is shown by its name."""
    return {
        "set_up_shop": _("Set the shop up as its first owner"),
        "add_staff": _("Added a member of staff"),
        "invite_staff": _("Made a new joining code for a member"),
        "join_staff": _("Joined by a code and chose a password"),
        "change_role": _("Changed a member's role"),
        "disable_staff": _("Switched a member off"),
        "enable_staff": _("Switched a member on again"),
        "reset_two_step": _("Reset a member's second step"),
        "end_sessions": _("Ended log-ins"),
        "change_own_password": _("Changed the own password"),
        "begin_two_step": _("Began to set up the second step"),
        "set_up_two_step": _("Set up the second step"),
        "remove_two_step": _("Switched the own second step off"),
        "make_spare_codes": _("Made new spare codes"),
        "confirm_identity": _("Proved who they are before a grave act"),
        "export_acts": _("Exported what staff did"),
        "export_orders": _("Exported a list of orders"),
        "refund": _("Gave a refund"),
        "refund_orders": _("Refunded what waited in several orders"),
        "redeliver_orders": _("Delivered several orders again"),
        "settle_orders": _("Settled stuck orders"),
        "record_chargeback": _("Recorded a payer's dispute"),
        "record_settlement": _("Recorded money that a gateway paid out"),
        "retry_refund": _("Sent a refund again"),
        "return_receipt": _("Sent a payment back that fitted no order"),
        "apply_receipt": _("Gave a payment that fitted no order to an order"),
        "resolve_case": _("Closed a matter under review"),
        "share_profit": _("Shared a payment with a partner"),
        "release_share": _("Released what was kept for partners"),
        "return_share": _("Asked a partner's share back"),
        "pause_selling": _("Paused selling"),
        "resume_selling": _("Went on selling"),
        "void_cards": _("Took codes out of stock"),
        "export_cards": _("Took codes out in clear"),
        "report_defect": _("Reported a bad code"),
        "credit_batch": _("Recorded a supplier's credit for a batch"),
        "correct_cost": _("Corrected the cost of a batch"),
        "close_month": _("Closed a month of the ledger"),
    }
