"""What each kind of posting is called in statements and exports, in words for people."""

from mingsuan.i18n import translator
from transactional.ledger.findings import DOMAIN

NAMES = {
    "order_paid": "Order paid",
    "fee_charged": "Payment fee",
    "fee_corrected": "Payment fee corrected",
    "item_delivered": "Goods delivered",
    "refund_granted": "Refund granted",
    "refund_paid_out": "Refund paid out",
    "codes_bought": "Codes bought",
    "supplier_paid": "Supplier paid",
    "wallet_credited": "Wallet credited",
    "receipt_unapplied": "Receipt that fits no order",
    "receipt_applied": "Receipt applied to an order",
    "receipt_returned": "Receipt returned",
    "profit_shared": "Profit share paid",
    "profit_share_returned": "Profit share returned",
    "charged_back": "Chargeback",
    "gateway_settled": "Gateway paid out",
    "wallet_topped_up": "Wallet topped up",
    "withdrawal_requested": "Withdrawal asked for",
    "withdrawal_paid": "Withdrawal paid out",
    "withdrawal_returned": "Withdrawal back in the wallet",
    "balance_lapsed": "Balance lapsed",
    "code_lost": "Code lost",
    "batch_credited": "Supplier's credit for codes",
    "batch_cost_corrected": "Cost of codes corrected",
    "prepaid_topped_up": "Supplier prepaid",
    "statement_paid": "Supplier's statement paid",
    "purchase_submitted": "Purchase submitted",
    "purchase_cost_settled": "Purchase at another cost",
    "purchase_failed": "Purchase failed",
    "purchase_written_off": "Purchase written off",
    "purchase_late_failed": "Written-off purchase failed",
    "purchase_late_delivered": "Written-off purchase delivered",
    "purchase_succeeded_after_refund": "Purchase succeeded after the refund",
    "purchase_credited": "Supplier's credit for a bad code",
    "statement_difference_accepted": "Supplier's statement accepted",
    "exchange_difference": "Exchange difference",
    "membership_released": "Membership earned",
    "slot_sold": "Place sold",
    "slot_released": "Place earned",
    "commission_earned": "Commission earned",
    "commission_clawed_back": "Commission clawed back",
    "advertised": "Advertising",
    "courier_paid": "Courier paid",
    "stake_taken": "Stake taken",
    "draw_decided": "Draw decided",
    "stake_returned": "Stake returned",
    "stake_set_off": "Stake set off",
    "prize_handed_over": "Prize handed over",
}


def name_of(event: str, language: str) -> str:
    """The event in "zh_CN" or "en"; an unknown one stays as it is."""
    return translator(language, DOMAIN)(NAMES[event]) if event in NAMES else event
