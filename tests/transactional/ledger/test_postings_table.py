"""Every row of the table of postings, each against accounts and amounts written down by hand (debit positive)."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from transactional.ledger import gateway_rules, other_rules, rules, stock_rules, supplier_rules
from transactional.ledger.rules import Account, Delivered, Posting

AT = datetime(2026, 1, 2, 3, tzinfo=UTC)
UNIT = Delivered(1, 2, 3, 4, 5000, 500, 4000, AT)
FROM_SUPPLIER = Delivered(1, 2, 3, 4, 5000, 0, 4000, AT, Account.PURCHASES_IN_FLIGHT)
WITHOUT_COST = Delivered(1, 2, 3, 4, 5000, 0, None, AT)

TABLE: list[tuple[str, Posting, dict[str, int]]] = [
    (
        "order paid through a gateway",
        rules.order_paid(1, 3, 4, "wechat", 4500, AT),
        {"gateway_receivable": 4500, "unearned_sales": -4500},
    ),
    (
        "order paid from the wallet",
        rules.order_paid(1, 3, 4, "wallet", 4500, AT),
        {"customer_wallet": 4500, "unearned_sales": -4500},
    ),
    (
        "imported receipt",
        rules.order_paid(1, 3, 4, "bank", 4500, AT),
        {"bank": 4500, "unearned_sales": -4500},
    ),
    (
        "order with a membership paid",
        rules.order_paid(1, 3, 4, "alipay", 4500, AT, membership_fen=3000),
        {"gateway_receivable": 4500, "unearned_sales": -1500, "unearned_membership": -3000},
    ),
    (
        "fee estimated at payment",
        rules.fee_charged(1, 3, 4, [(2, 27), (5, 27)], AT),
        {"payment_fees": 54, "gateway_receivable": -54},
    ),
    (
        "the bill's fee is higher",
        gateway_rules.fee_corrected("bill:1:1", 3, 4, [(2, 3)], AT),
        {"payment_fees": 3, "gateway_receivable": -3},
    ),
    (
        "fee returned on refund",
        gateway_rules.fee_corrected("bill:1:2", 3, 4, [(2, -27)], AT),
        {"payment_fees": -27, "gateway_receivable": 27},
    ),
    (
        "item delivered at the cost of an own code",
        rules.item_delivered(UNIT),
        {"unearned_sales": 4500, "discounts": 500, "sales": -5000, "cogs": 4000, "card_inventory": -4000},
    ),
    (
        "item delivered at a supplier's cost",
        rules.item_delivered(FROM_SUPPLIER),
        {"unearned_sales": 5000, "sales": -5000, "cogs": 4000, "purchases_in_flight": -4000},
    ),
    (
        "item delivered at an unknown cost",
        rules.item_delivered(WITHOUT_COST),
        {"unearned_sales": 5000, "sales": -5000},
    ),
    ("codes bought", rules.codes_bought(1, 900, AT), {"card_inventory": 900, "supplier_payable": -900}),
    ("batch paid", rules.batch_paid(1, 900, AT), {"supplier_payable": 900, "bank": -900}),
    (
        "prepaid top-up",
        supplier_rules.prepaid_topped_up(1, 900, AT),
        {"supplier_prepaid": 900, "bank": -900},
    ),
    ("statement paid", supplier_rules.statement_paid(1, 900, AT), {"supplier_payable": 900, "bank": -900}),
    (
        "purchase submitted, prepaid",
        supplier_rules.purchase_submitted(1, 900, True, AT),
        {"purchases_in_flight": 900, "supplier_prepaid": -900},
    ),
    (
        "purchase submitted on account",
        supplier_rules.purchase_submitted(1, 900, False, AT),
        {"purchases_in_flight": 900, "supplier_payable": -900},
    ),
    (
        "purchase succeeded for more than was set aside",
        supplier_rules.purchase_cost_settled(1, 30, True, AT),
        {"purchases_in_flight": 30, "supplier_prepaid": -30},
    ),
    (
        "purchase succeeded for less than was set aside",
        supplier_rules.purchase_cost_settled(1, -30, False, AT),
        {"purchases_in_flight": -30, "supplier_payable": 30},
    ),
    (
        "supplier credits a bad code that it sold",
        supplier_rules.purchase_credited(1, 900, True, 2, AT),
        {"supplier_prepaid": 900, "supplier_losses": -900},
    ),
    (
        "supplier's statement accepted: a delivered good cost more",
        supplier_rules.statement_difference_accepted(1, 30, False, 2, AT, component="cogs"),
        {"cogs": 30, "supplier_payable": -30},
    ),
    (
        "supplier's statement accepted: it never charged",
        supplier_rules.statement_difference_accepted(1, -900, True, None, AT),
        {"supplier_losses": -900, "supplier_prepaid": 900},
    ),
    (
        "purchase failed for sure, prepaid",
        supplier_rules.purchase_failed(1, 900, True, AT),
        {"supplier_prepaid": 900, "purchases_in_flight": -900},
    ),
    (
        "purchase failed for sure, on account",
        supplier_rules.purchase_failed(1, 900, False, AT),
        {"supplier_payable": 900, "purchases_in_flight": -900},
    ),
    (
        "purchase written off as unknown",
        supplier_rules.purchase_written_off(1, 900, 2, AT),
        {"supplier_losses": 900, "purchases_in_flight": -900},
    ),
    (
        "refund before delivery",
        rules.refund_granted(1, UNIT, 4500, False, AT),
        {"unearned_sales": 4500, "refund_payable": -4500},
    ),
    (
        "refund after delivery",
        rules.refund_granted(1, UNIT, 100, True, AT),
        {"refunds": 100, "refund_payable": -100},
    ),
    (
        "refund of the unearned part of a membership",
        rules.refund_granted(1, UNIT, 100, False, AT, Account.UNEARNED_MEMBERSHIP),
        {"unearned_membership": 100, "refund_payable": -100},
    ),
    (
        "refund paid out by the gateway",
        rules.refund_paid_out(1, 3, 4, "unionpay", 100, AT),
        {"refund_payable": 100, "gateway_receivable": -100},
    ),
    (
        "refund paid out to the wallet",
        rules.refund_paid_out(1, 3, 4, "wallet", 100, AT),
        {"refund_payable": 100, "customer_wallet": -100},
    ),
    (
        "chargeback after delivery, with its fee",
        gateway_rules.charged_back(1, 3, 4, [(2, 1, 4500, True)], 30, AT),
        {"chargebacks": 4500, "payment_fees": 30, "gateway_receivable": -4530},
    ),
    (
        "chargeback before delivery",
        gateway_rules.charged_back(1, 3, 4, [(2, 1, 4500, False)], 0, AT),
        {"unearned_sales": 4500, "gateway_receivable": -4500},
    ),
    (
        "chargeback of a membership that runs",
        gateway_rules.charged_back(1, 3, 4, [(2, 1, 1000, True), (2, 1, 2000, False)], 30, AT, memberships={1}),
        {"chargebacks": 1000, "unearned_membership": 2000, "payment_fees": 30, "gateway_receivable": -3030},
    ),
    (
        "defective delivered code replaced",
        stock_rules.code_lost("replaced:1", 4000, AT, (2, 1, 4)),
        {"card_losses": 4000, "card_inventory": -4000},
    ),
    (
        "supplier credits it on account",
        stock_rules.batch_credited(1, 4000, AT),
        {"supplier_payable": 4000, "card_losses": -4000},
    ),
    (
        "supplier credits it to the prepaid balance",
        stock_rules.batch_credited(1, 4000, AT, prepaid=True),
        {"supplier_prepaid": 4000, "card_losses": -4000},
    ),
    (
        "cost learnt late: stock, lost and delivered codes",
        stock_rules.batch_cost_corrected(1, 700, 20, [(2, 1, 4, 300), (5, 6, 4, -50)], AT),
        {"card_inventory": 700, "card_losses": 20, "cogs": 250, "supplier_payable": -970},
    ),
    ("code void or expired", stock_rules.code_lost("void:1", 900, AT), {"card_losses": 900, "card_inventory": -900}),
    (
        "commission earned",
        other_rules.commission_earned(1, 4, 2, 90, AT),
        {"commissions": 90, "commission_payable": -90},
    ),
    (
        "commission clawed back",
        other_rules.commission_clawed_back(1, 4, 2, 90, AT),
        {"commissions": -90, "commission_payable": 90},
    ),
    (
        "goodwill",
        rules.wallet_credited("r", 4, 90, "goodwill", AT),
        {"goodwill": 90, "customer_wallet": -90},
    ),
    ("operator's credit", rules.wallet_credited("r", 4, 90, "bank", AT), {"bank": 90, "customer_wallet": -90}),
    ("ad spend", other_rules.advertised(1, 90, AT), {"marketing": 90, "bank": -90}),
    ("courier", other_rules.courier_paid(1, 90, 2, AT), {"delivery_costs": 90, "bank": -90}),
    (
        "membership released",
        other_rules.membership_released(1, 0, 90, 4, 2, AT),
        {"unearned_membership": 90, "membership_income": -90},
    ),
    (
        "slot sold",
        other_rules.slot_sold("s", 4, "wechat", 90, AT),
        {"gateway_receivable": 90, "unearned_other": -90},
    ),
    ("slot released", other_rules.slot_released("s", 90, AT), {"unearned_other": 90, "other_income": -90}),
    (
        "stake taken by a gateway",
        other_rules.stake_taken(1, 4, "alipay", 100, AT),
        {"gateway_receivable": 100, "draw_stakes": -100},
    ),
    (
        "stake taken from the wallet",
        other_rules.stake_taken(1, 4, "wallet", 100, AT),
        {"customer_wallet": 100, "draw_stakes": -100},
    ),
    ("draw decided", other_rules.draw_decided(1, 100, AT), {"draw_stakes": 100, "draw_income": -100}),
    ("losing stake back", other_rules.stake_returned(1, 4, 100, AT), {"draw_stakes": 100, "customer_wallet": -100}),
    ("stake set off", other_rules.stake_set_off(1, 3, 4, 100, AT), {"draw_stakes": 100, "unearned_sales": -100}),
    (
        "receipt that matches nothing",
        gateway_rules.receipt_unapplied(1, "wechat", 4500, AT),
        {"gateway_receivable": 4500, "unapplied_receipts": -4500},
    ),
    (
        "its order is found",
        gateway_rules.receipt_applied(1, 3, 4, 4500, AT, membership_fen=500),
        {"unapplied_receipts": 4500, "unearned_sales": -4000, "unearned_membership": -500},
    ),
    (
        "it goes back",
        gateway_rules.receipt_returned(1, "wechat", 4500, AT),
        {"unapplied_receipts": 4500, "gateway_receivable": -4500},
    ),
    (
        "written-off purchase later failed, prepaid",
        supplier_rules.written_off_purchase_failed(1, 900, True, 2, AT),
        {"supplier_prepaid": 900, "supplier_losses": -900},
    ),
    (
        "written-off purchase later failed, on account",
        supplier_rules.written_off_purchase_failed(1, 900, False, 2, AT),
        {"supplier_payable": 900, "supplier_losses": -900},
    ),
    (
        "written-off purchase later delivered",
        supplier_rules.written_off_purchase_delivered(1, 900, 2, AT),
        {"card_inventory": 900, "supplier_losses": -900},
    ),
    (
        "purchase succeeded after the refund",
        supplier_rules.purchase_succeeded_after_refund(1, 900, AT),
        {"card_inventory": 900, "purchases_in_flight": -900},
    ),
    (
        "profit share paid out",
        gateway_rules.profit_shared(1, 3, [(2, 90)], AT),
        {"commissions": 90, "gateway_receivable": -90},
    ),
    (
        "profit share returned",
        gateway_rules.profit_share_returned(1, 3, [(2, 90)], AT),
        {"commissions": -90, "gateway_receivable": 90},
    ),
    (
        "exchange difference, prepaid",
        supplier_rules.exchange_difference(1, 90, True, AT),
        {"supplier_losses": 90, "supplier_prepaid": -90},
    ),
    (
        "exchange difference in our favour, on account",
        supplier_rules.exchange_difference(1, -90, False, AT),
        {"supplier_losses": -90, "supplier_payable": 90},
    ),
    (
        "prize from stock",
        other_rules.prize_handed_over(1, 900, True, AT),
        {"draw_prizes": 900, "card_inventory": -900},
    ),
    ("prize bought", other_rules.prize_handed_over(1, 900, False, AT), {"draw_prizes": 900, "bank": -900}),
    (
        "wallet top-up",
        gateway_rules.wallet_topped_up(1, 4, "wechat", 90, AT),
        {"gateway_receivable": 90, "customer_wallet": -90},
    ),
    (
        "fee of a top-up",
        gateway_rules.top_up_fee(1, 4, 5, AT),
        {"payment_fees": 5, "gateway_receivable": -5},
    ),
    (
        "chargeback of a top-up half spent",
        gateway_rules.top_up_charged_back(1, 4, 40, 50, 15, AT),
        {"customer_wallet": 40, "chargebacks": 50, "payment_fees": 15, "gateway_receivable": -105},
    ),
    (
        "withdrawal asked for",
        gateway_rules.withdrawal_requested(1, 4, 90, AT),
        {"customer_wallet": 90, "withdrawals_payable": -90},
    ),
    (
        "withdrawal paid by the bank",
        gateway_rules.withdrawal_paid(1, 4, "bank", 90, AT),
        {"withdrawals_payable": 90, "bank": -90},
    ),
    (
        "withdrawal back to the payment it came with",
        gateway_rules.withdrawal_paid(1, 4, "wechat", 90, AT),
        {"withdrawals_payable": 90, "gateway_receivable": -90},
    ),
    (
        "withdrawal refused",
        gateway_rules.withdrawal_returned(1, 4, 90, AT),
        {"withdrawals_payable": 90, "customer_wallet": -90},
    ),
    ("gateway pays out", gateway_rules.gateway_settled(1, 90, AT), {"bank": 90, "gateway_receivable": -90}),
    ("lapsed balance", gateway_rules.balance_lapsed("l", 4, 90, AT), {"customer_wallet": 90, "other_income": -90}),
]
INCOME = {"sales", "draw_income", "membership_income", "other_income"}
EXPENSE = {
    *("discounts", "refunds", "cogs", "payment_fees", "delivery_costs", "supplier_losses", "card_losses"),
    *("chargebacks", "commissions", "marketing", "goodwill", "draw_prizes"),
}


@pytest.mark.parametrize(("posting", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_a_row_of_the_table(posting: Posting, expected: dict[str, int]) -> None:
    found: Counter[str] = Counter()
    for entry in posting.entries:
        found[entry.account.value] += entry.amount_fen
    assert dict(found) == expected
    assert sum(expected.values()) == 0


@pytest.mark.parametrize("posting", [row[1] for row in TABLE], ids=[row[0] for row in TABLE])
def test_each_amount_of_income_or_expense_of_an_item_has_document_lines_of_its_own(posting: Posting) -> None:
    by_account: Counter[tuple[str, int | None]] = Counter()
    for entry in posting.entries:
        if entry.account in INCOME | EXPENSE:
            amount_fen = -entry.amount_fen if entry.account in INCOME else entry.amount_fen
            by_account[entry.account.value, entry.order_item_id] += amount_fen
    by_line: Counter[tuple[str, int | None]] = Counter()
    for line in posting.lines:
        account = "sales" if line.component == "gross_sales" else line.component
        by_line[account, line.order_item_id] += line.amount_fen
    assert by_line == by_account


def test_every_account_of_the_chart_is_in_the_table() -> None:
    assert {account for _, _, expected in TABLE for account in expected} == {account.value for account in Account}


def test_no_two_rows_share_a_reference_that_would_stop_the_second() -> None:
    kinds = {posting.reference.partition(":")[0]: posting.event for _, posting, _ in TABLE}
    for _, posting, _ in TABLE:
        assert kinds[posting.reference.partition(":")[0]] == posting.event, posting.reference
