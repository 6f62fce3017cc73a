"""A planned history is repeatable, and believable: stock before sale, money before spending, losses when costs rise."""

import os
import subprocess
import sys
from collections import Counter
from datetime import date, datetime, time, timedelta
from itertools import accumulate, pairwise
from zoneinfo import ZoneInfo

import pytest

from simulation.catalogue import CATEGORIES, LOSS_MAKER, all_skus
from simulation.plan import Plan, plan_history
from simulation.seasons import busyness, dates

SHANGHAI = ZoneInfo("Asia/Shanghai")
LAST = date(2026, 6, 30)
END = datetime.combine(LAST + timedelta(days=1), time(), SHANGHAI)
DIGEST = """
import hashlib
from datetime import date
from zoneinfo import ZoneInfo
from simulation.plan import plan_history
plan = plan_history(5, date(2026, 6, 30), 40, 60, ZoneInfo("Asia/Shanghai"))
print(hashlib.sha256(repr((plan.shopped, plan.stock, plan.cash_book())).encode()).hexdigest())
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
            *((unit.refund.refunded_at, unit.refund.paid_out_at) if unit.refund else ()),
        )
        if at
    ]
    instants += [credit.at for credit in plan.shopped.credits]
    instants += [at for batch in plan.stock.batches for at in (batch.bought_at, batch.paid_at) if at]
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
    delivered = {unit.number: unit for order in plan.shopped.orders for unit in order.units() if unit.delivered_at}
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
            backs = [unit.refund for unit in order.units() if unit.refund]
            moves[order.customer] += [(back.paid_out_at, back.amount_fen) for back in backs if back.paid_out_at]
    assert sum(len(of) for of in moves.values()) > 100
    for customer, of in moves.items():
        balances = list(accumulate(amount for _, amount in sorted(of)))
        assert min(balances) >= 0
        assert balances[-1] == plan.shopped.balances_fen[customer]


def test_one_sku_sells_below_its_cost_for_a_while_and_the_others_never_at_list_price(plan: Plan) -> None:
    below: Counter[str] = Counter()
    dates_below = []
    for order in plan.shopped.orders:
        for unit in order.units():
            cost = plan.stock.cost_fen(unit.number)
            if cost is not None and cost > unit.gross_fen and unit.delivered_at:
                below[plan.skus[unit.sku].variant.code] += 1
                dates_below.append(unit.delivered_at)
    assert set(below) == {LOSS_MAKER}
    assert max(dates_below) < END - timedelta(days=10)


def test_much_of_what_happens_in_a_shop_happens_in_the_history(plan: Plan) -> None:
    states = Counter(order.state for order in plan.shopped.orders)
    assert set(states) >= {"completed", "delivered", "refunded", "refund_pending", "cancelled"}
    assert {order.method for order in plan.shopped.orders} == {"wallet", "wechat", "alipay", None}
    refunds = [unit.refund for order in plan.shopped.orders for unit in order.units() if unit.refund]
    assert {refund.earned for refund in refunds} == {True, False}
    assert {credit.source for credit in plan.shopped.credits} == {"bank", "goodwill"}
    assert any(len(history.price_fen.days) > 1 for history in plan.prices)
