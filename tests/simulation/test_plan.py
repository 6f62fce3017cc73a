"""A planned history is repeatable, and believable: stock before sale, money before spending, losses when costs rise."""

import os
import subprocess
import sys
from collections import Counter
from datetime import date, datetime, time, timedelta
from itertools import accumulate, pairwise
from typing import get_args
from zoneinfo import ZoneInfo

import pytest

from simulation.bill_slips import DifferenceKind
from simulation.catalogue import CATEGORIES, LOSS_MAKER, all_skus
from simulation.plan import Plan, plan_history
from simulation.seasons import busyness, dates

SHANGHAI = ZoneInfo("Asia/Shanghai")
LAST = date(2026, 6, 30)
END = datetime.combine(LAST + timedelta(days=1), time(), SHANGHAI)
BESIDE_THE_ORDERS = {
    "membership_income",
    "other_income",
    "cogs",
    "payment_fees",
    "delivery_costs",
    "card_losses",
    "chargebacks",
    "commissions",
    "marketing",
}
DIGEST = """
import hashlib
from datetime import date
from zoneinfo import ZoneInfo
from simulation.plan import plan_history
plan = plan_history(5, date(2026, 6, 30), 40, 60, ZoneInfo("Asia/Shanghai"))
print(hashlib.sha256(repr((plan.shopped, plan.supply, plan.stock, plan.bills, plan.cash_book())).encode()).hexdigest())
"""


@pytest.fixture(scope="module")
def plan() -> Plan:
    return plan_history(7, LAST, 180, 1200, SHANGHAI)


def digest(hash_seed: str) -> str:
    environment = os.environ | {"PYTHONHASHSEED": hash_seed}
    return subprocess.run(
        [sys.executable, "-c", DIGEST], env=environment, capture_output=True, text=True, check=True
    ).stdout


def test_the_same_seed_gives_the_same_history_in_every_process() -> None:
    assert digest("1") == digest("2")


def test_another_seed_gives_another_history() -> None:
    assert plan_history(5, LAST, 30, 20, SHANGHAI).shopped != plan_history(6, LAST, 30, 20, SHANGHAI).shopped


def test_forty_skus_in_four_categories() -> None:
    skus = all_skus()
    assert len({sku.variant.code for sku in skus}) == 40
    assert {sku.product.category for sku in skus} == {category.slug for category in CATEGORIES}
    assert len(CATEGORIES) == 4


def test_any_180_days_meet_two_shopping_seasons() -> None:
    busy = [day for day in dates(date(2025, 1, 1), date(2026, 12, 31)) if busyness(day) >= 1.5 and day.weekday() < 5]
    starts = [day for before, day in pairwise(busy) if (day - before).days > 4]
    for first in dates(date(2025, 1, 1), date(2026, 6, 30)):
        met = [start for start in starts if first <= start <= first + timedelta(days=179)]
        assert len(met) >= 2, first


def test_nothing_happens_after_the_last_day(plan: Plan) -> None:
    instants = [
        at
        for order in plan.shopped.orders
        for unit in order.units()
        for at in (
            order.ordered_at,
            order.paid_at,
            unit.delivered_at,
            *(at for back in unit.refunds for at in (back.refunded_at, back.paid_out_at)),
        )
        if at
    ]
    instants += [credit.at for credit in plan.shopped.credits]
    instants += [at for batch in plan.stock.batches for at in (batch.bought_at, batch.paid_at) if at]
    instants += [cash.at for cash in plan.beside_the_orders()]
    assert max(instants) < END
    assert max(order.ordered_at for order in plan.shopped.orders).date() == LAST


def test_occasions_are_the_dates_of_paid_orders_and_unpaid_ones_add_none(plan: Plan) -> None:
    planned = {(customer.number, day) for customer in plan.customers for day in customer.occasions}
    paid = {
        (order.customer, order.ordered_at.astimezone(SHANGHAI).date()) for order in plan.shopped.orders if order.paid_at
    }
    every = {(order.customer, order.ordered_at.astimezone(SHANGHAI).date()) for order in plan.shopped.orders}
    assert paid == planned == every


def test_every_code_is_bought_before_it_is_handed_out_and_handed_out_once(plan: Plan) -> None:
    units = [unit for order in plan.shopped.orders for unit in order.units() if unit.delivered_at]
    delivered = {
        unit.number: unit for unit in units if not (unit.is_membership or unit.number in plan.stock.bought_fen)
    }
    assert set(plan.stock.handed_out) == set(delivered)
    assert len(set(plan.stock.handed_out.values())) == len(delivered)
    for number, (batch, place) in plan.stock.handed_out.items():
        unit, bought = delivered[number], plan.stock.batches[batch]
        assert bought.sku == unit.sku
        assert place < len(bought.costs_fen)
        assert unit.delivered_at is not None
        assert bought.bought_at < unit.delivered_at


def test_a_wallet_is_never_below_zero_at_any_time(plan: Plan) -> None:
    moves: dict[int, list[tuple[datetime, int]]] = {}
    for credit in plan.shopped.credits:
        moves.setdefault(credit.customer, []).append((credit.at, credit.amount_fen))
    for order in plan.shopped.orders:
        if order.method == "wallet" and order.paid_at:
            net = sum(unit.gross_fen - unit.discount_fen for unit in order.units())
            moves.setdefault(order.customer, []).append((order.paid_at, -net))
            backs = [back for unit in order.units() for back in unit.refunds]
            moves[order.customer] += [(back.paid_out_at, back.amount_fen) for back in backs if back.paid_out_at]
    assert sum(len(of) for of in moves.values()) > 100
    for customer, of in moves.items():
        balances = list(accumulate(amount for _, amount in sorted(of)))
        assert min(balances) >= 0
        assert balances[-1] == plan.shopped.balances_fen[customer]


def test_one_sku_of_the_stock_sells_below_its_cost_for_a_while_and_the_others_never_at_list_price(plan: Plan) -> None:
    below: Counter[str] = Counter()
    dates_below = []
    for order in plan.shopped.orders:
        for unit in order.units():
            cost = None if unit.number in plan.stock.bought_fen else plan.stock.cost_fen(unit.number)
            if cost is not None and cost > unit.gross_fen and unit.delivered_at:
                below[plan.skus[unit.sku].variant.code] += 1
                dates_below.append(unit.delivered_at)
    assert set(below) == {LOSS_MAKER}
    assert max(dates_below) < END - timedelta(days=10)


def test_each_bad_code_is_replaced_by_another_one_and_none_is_handed_out_twice(plan: Plan) -> None:
    replaced = [defect for defect in plan.stock.defects if defect.unit]
    places = [*plan.stock.handed_out.values(), *(defect.replacement for defect in replaced)]
    lost = [place for void in plan.stock.voids for place in void.places]
    lost += [defect.bad for defect in plan.stock.defects if not defect.unit]
    assert replaced
    assert lost
    assert len({*places, *lost}) == len(places) + len(lost)
    assert all(plan.stock.handed_out[defect.unit] == defect.bad for defect in replaced if defect.unit)


def test_costs_learnt_late_are_those_of_the_day_they_are_learnt(plan: Plan) -> None:
    late = [batch for batch in plan.stock.batches if batch.late]
    assert {(batch.late.first_costs_fen is None, batch.late.learnt_at is None) for batch in late if batch.late} == {
        (True, False),
        (True, True),
        (False, False),
    }
    for batch in late:
        first, at = batch.late.first_costs_fen if batch.late else None, batch.late.learnt_at if batch.late else None
        before = batch.known_costs_fen(batch.bought_at)
        assert before == (first or (None,) * len(batch.costs_fen))
        assert batch.known_costs_fen() == (batch.costs_fen if at else before)


def test_each_kind_of_difference_is_planted_and_about_a_payment_of_its_own(plan: Plan) -> None:
    planted = plan.bills.planted
    assert Counter(one.kind for one in planted).most_common()[-1][1] >= 1
    assert {one.kind for one in planted} == set(get_args(DifferenceKind))
    assert len({one.number for one in planted}) == len(planted)
    assert all(one.shop_fen != one.bill_fen for one in planted)


def test_a_membership_is_bought_by_who_is_there_anyway_and_earns_its_price_at_most(plan: Plan) -> None:
    assert len(plan.periods) > 5
    assert any(period.ended_at for period in plan.periods)
    for period in plan.periods:
        assert 0 <= period.released_fen(SHANGHAI) <= period.price_fen
    sold = {unit.number for order in plan.shopped.orders for unit in order.units() if unit.is_membership}
    assert {period.unit for period in plan.periods} == sold


def test_much_of_what_happens_in_a_shop_happens_in_the_history(plan: Plan) -> None:
    states = Counter(order.state for order in plan.shopped.orders)
    assert set(states) >= {"completed", "delivered", "refunded", "refund_pending", "cancelled"}
    assert {order.method for order in plan.shopped.orders} == {"wallet", "wechat", "alipay", None}
    refunds = [back for order in plan.shopped.orders for unit in order.units() for back in unit.refunds]
    assert {refund.earned for refund in refunds} == {True, False}
    assert {credit.source for credit in plan.shopped.credits} == {"bank", "goodwill"}
    assert any(len(history.price_fen.days) > 1 for history in plan.prices)
    earned_or_spent = Counter(cash.component for cash in plan.beside_the_orders() if cash.amount_fen)
    assert set(earned_or_spent) >= BESIDE_THE_ORDERS
