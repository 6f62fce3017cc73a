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
    ("card-batch", "/desk/cards/{}"),
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
        "let_back_in": _("Let a member back in who lost password or second step"),
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
        "cancel_order": _("Cancelled an order"),
        "complete_order": _("Completed an order"),
        "redeliver_order": _("Delivered an order again"),
        "export_statement": _("Exported a statement of the ledger"),
        "export_journal": _("Exported a month's journal"),
        "retry_job": _("Tried a failed job again"),
        "issue_invoice": _("Issued an invoice"),
        "refuse_invoice": _("Refused an invoice"),
        "red_flush_invoice": _("Took an invoice back"),
        "credit_wallet": _("Credited a wallet"),
        "withdrawal_paid_by_bank": _("Recorded a withdrawal as paid by bank"),
        "withdrawal_failed_at_bank": _("Recorded a withdrawal as failed at the bank"),
        "see_bank_account": _("Looked at a customer's bank account"),
        "answer_in_case": _("Answered in a case"),
        "ask_in_case": _("Asked in a case"),
        "note_in_case": _("Left a note in a case"),
        "take_case": _("Took a case on"),
        "export_cases": _("Exported after-sales cases"),
        "replace_in_case": _("Replaced in a case"),
        "refund_in_case": _("Refunded in a case"),
        "reject_in_case": _("Rejected a case"),
        "renew_provider_secret": _("Renewed a provider's secret"),
        "pause_provider": _("Paused a provider"),
        "resume_provider": _("Resumed a provider"),
        "resync_benefits": _("Asked a provider for the state again"),
        "add_provider": _("Added a provider"),
        "assign_provider": _("Gave a product to a provider"),
        "export_addresses": _("Exported addresses for the courier"),
        "print_labels": _("Printed labels"),
        "lose_parcel": _("Recorded a parcel as lost"),
        "confirm_parcel": _("Confirmed a parcel as received"),
        "decide_identity": _("Decided an identity check"),
        "add_category": _("Added a category"),
        "change_category": _("Changed a category"),
        "add_product": _("Added a product"),
        "change_product": _("Changed a product's texts"),
        "publish_product": _("Put a product on sale or took it off"),
        "set_picture": _("Changed a product's picture"),
        "set_form": _("Changed what buyers are asked"),
        "add_sku": _("Added a SKU"),
        "change_sku": _("Changed a SKU"),
        "set_parts": _("Changed what a bundle contains"),
        "set_price": _("Set a price"),
        "deliver_by_hand": _("Delivered by hand"),
        "ship": _("Sent a parcel"),
        "goodwill_in_case": _("Gave goodwill in a case"),
        "approve_withdrawal": _("Approved a withdrawal"),
        "refuse_withdrawal": _("Refused a withdrawal"),
        "withdraw_product": _("Took a product off sale"),
        "import_cards": _("Imported card codes"),
        "pause_selling": _("Paused selling"),
        "resume_selling": _("Went on selling"),
        "void_cards": _("Took codes out of stock"),
        "export_cards": _("Took codes out in clear"),
        "report_defect": _("Reported a bad code"),
        "credit_batch": _("Recorded a supplier's credit for a batch"),
        "correct_cost": _("Corrected the cost of a batch"),
        "close_month": _("Closed a month of the ledger"),
    }
