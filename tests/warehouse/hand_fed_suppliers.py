"""Purchases for a warehouse fed by hand: two channels of one supplier, their prices, and attempts that earn nothing."""

import json
from datetime import timedelta
from decimal import Decimal

import duckdb

from mingsuan.settings import Settings
from tests.warehouse.hand_fed import Shop, noon
from transactional.ledger import supplier_rules
from transactional.suppliers.routing.effective_cost import Prices
from transactional.suppliers.routing.estimate_rules import CERTAIN
from transactional.suppliers.routing.records import Inputs, written
from transactional.suppliers.routing.rules import choose
from transactional.suppliers.routing.terms import Candidate, Policy, Situation

FIRST, SECOND = 1, 2
COSTS = {FIRST: Decimal("40"), SECOND: Decimal("42.5")}


def bought(shop: Shop, connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Unit 2 (refunded before delivery) was tried at both channels: the first refused, nobody knows of the second."""
    _channels(shop)
    _decision(shop)
    for number, channel, state in ((1, FIRST, "failed"), (2, SECOND, "unknown")):
        at = noon(0) + timedelta(minutes=number)
        cost_fen = int(COSTS[channel] * 100)
        shop.add(
            "purchase",
            id=number,
            fulfilment_id=2,
            attempt_no=number,
            after_purchase_id=number - 1 or None,
            decision_id=1 if number == 1 else None,
            channel_id=channel,
            offer_id=channel,
            request_no=f"P{number}",
            state=state,
            quantity=1,
            unit_cost=COSTS[channel],
            currency="CNY",
            exchange_rate=Decimal(1),
            cost_fen=cost_fen,
            prepaid=True,
            outcome_code="",
            times_asked=1,
            submitted_at=at,
            ended_at=at + timedelta(seconds=30) if state == "failed" else None,
            created_at=at,
        )
        shop.add(
            "purchase_event", id=number, purchase_id=number, kind="moved", from_state="submitted", to_state=state,
            happened_at=at + timedelta(seconds=30),
        )  # fmt: skip
        shop.post(supplier_rules.purchase_submitted(number, cost_fen, True, at, supplier_id=1, channel_id=channel))
    ended = noon(0) + timedelta(minutes=1, seconds=30)
    shop.post(supplier_rules.purchase_failed(1, 4000, True, ended, supplier_id=1, channel_id=FIRST))


def _channels(shop: Shop) -> None:
    shop.add("supplier", id=1, name="Codes", currency="CNY", terms="prepaid", created_at=noon(-20))
    shop.post(supplier_rules.prepaid_topped_up(1, 100_000, noon(-20), supplier_id=1))
    payment = {"supplier_id": 1, "kind": "top_up", "reference": "T1", "amount": Decimal(1000), "currency": "CNY"}
    shop.add("supplier_payment", id=1, **payment, amount_fen=100_000, loss_fen=0, paid_at=noon(-20))
    shop.add("supplier_balance", supplier_id=1, prepaid_fen=95_750, payable_fen=0)
    for number, code in ((FIRST, "first"), (SECOND, "second")):
        shop.add(
            "supply_channel", id=number, supplier_id=1, code=code, name=code, protocol="fulu", state="active",
            breaker="closed", breaker_times_opened=0, patience_s=15, check_on_order=False, created_at=noon(-20),
        )  # fmt: skip
        price = {"unit_cost": COSTS[number], "currency": "CNY", "state": "active", "state_reason": ""}
        shop.add("offer", id=number, channel_id=number, sku_id=1, supplier_sku="1", **price, observed_at=noon(-1))
        for place, cost in enumerate((COSTS[number] - 1, COSTS[number])):
            price["unit_cost"] = cost
            shop.add(
                "offer_observation", id=number * 10 + place, offer_id=number, source="pull", **price,
                observed_at=noon(-10 + 9 * place),
            )  # fmt: skip


def _decision(shop: Shop) -> None:
    """As the shop writes one down: the first channel is the cheaper one."""
    candidates = tuple(
        Candidate(number, number, str(number), "fulu", cost, "CNY", Decimal(1), int(cost * 100), None, 100_000, CERTAIN)
        for number, cost in COSTS.items()
    )
    situation = Situation("purchase", 1, 4500, 720, "seed")
    policy = Policy(explore_per_myriad=0)
    choice = choose(candidates, policy, situation, Prices())
    row = written(Inputs(policy, situation, Prices()), choice)
    row |= {name: json.dumps(row[name]) for name in ("inputs", "candidates", "reason_values")}
    shop.add(
        "routing_policy", id=1, floor_margin_fen=0, floor_margin_per_myriad=500, windows="[]", explore_per_myriad=0,
        at_loss="hold", follows_shop=False, created_at=noon(-20),
    )  # fmt: skip
    shop.add(
        "routing_decision", id=1, stage="purchase", sku_id=1, fulfilment_id=2, policy_id=1, decided_at=noon(0), **row
    )
