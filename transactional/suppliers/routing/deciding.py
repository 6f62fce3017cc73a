"""Where a unit is to be bought: weighs every candidate, decides, and writes down what the decision rests on."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from transactional.db import ReadSession, WriteSession
from transactional.suppliers.models import RoutingDecision
from transactional.suppliers.offers.rate_rules import own_rate
from transactional.suppliers.routing import policies
from transactional.suppliers.routing.candidates import market
from transactional.suppliers.routing.effective_cost import Prices
from transactional.suppliers.routing.records import Inputs, written
from transactional.suppliers.routing.rules import choose
from transactional.suppliers.routing.terms import Choice, Situation, Stage

PRICES = Prices()


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided. `exchange_rate` turns the offer's currency into the shop's, `fen_per` into its minor unit.

    `cost_fen` is what the whole quantity is expected to cost, rounded once. All None without a channel.
    """

    decision_id: int
    outcome: Literal["chosen", "hold", "refund"]
    reason: str
    reason_values: dict[str, int | str]
    channel_id: int | None = None
    offer_id: int | None = None
    protocol: str | None = None
    unit_cost: Decimal | None = None
    currency: str | None = None
    exchange_rate: Decimal | None = None
    fen_per: Decimal | None = None
    cost_fen: int | None = None
    prepaid: bool = False


@dataclass(frozen=True, slots=True)
class Weighed:
    """A choice that nobody acts on yet, and under which policy it came out."""

    choice: Choice
    inputs: Inputs
    policy_id: int | None
    currency: str


async def weigh(
    session: ReadSession,
    *,
    stage: Stage,
    sku_id: int,
    quantity: int,
    net_fen: int,
    at: datetime,
    fulfilment_id: int | None = None,
    without_channels: Collection[int] = (),
    override_floor: bool = False,
) -> Weighed:
    """Where so many units of a SKU, sold for `net_fen` together, would be bought now. Writes nothing."""
    known = await market(session, [sku_id], at)
    rules = (await policies.in_force(session, [sku_id])).of(sku_id)
    without = tuple(sorted(set(without_channels)))
    seed = f"{stage}:{sku_id}:{fulfilment_id}:{without}:{at.isoformat()}"
    situation = Situation(stage, quantity, net_fen, known.minute, seed, without, override_floor)
    choice = choose(known.candidates(sku_id, quantity), rules.policy, situation, PRICES)
    return Weighed(choice, Inputs(rules.policy, situation, PRICES), rules.policy_id, known.ground.currency)


async def decide(
    session: WriteSession,
    *,
    stage: Stage,
    sku_id: int,
    quantity: int,
    net_fen: int,
    at: datetime,
    fulfilment_id: int | None = None,
    without_channels: Collection[int] = (),
    staff_id: int | None = None,
    override_floor: bool = False,
) -> Decided:
    """Decides where so many units of a SKU are bought, and writes the decision down with all it rests on.

    `without_channels` were tried for this unit and proven to have failed. `override_floor` is the owner's word, and
    `staff_id` says whose; the role is checked by the caller.
    """
    weighed = await weigh(
        session,
        stage=stage,
        sku_id=sku_id,
        quantity=quantity,
        net_fen=net_fen,
        at=at,
        fulfilment_id=fulfilment_id,
        without_channels=without_channels,
        override_floor=override_floor,
    )
    row = RoutingDecision(
        stage=stage,
        sku_id=sku_id,
        fulfilment_id=fulfilment_id,
        policy_id=weighed.policy_id,
        decided_at=at,
        decided_by=staff_id,
        **written(weighed.inputs, weighed.choice),
    )
    session.add(row)
    await session.flush()
    return _decided(row.id, weighed)


def _decided(decision_id: int, weighed: Weighed) -> Decided:
    choice = weighed.choice
    about = (decision_id, choice.outcome, choice.reason, choice.values)
    if choice.chosen is None:
        return Decided(*about)
    chosen = choice.chosen
    return Decided(
        *about,
        channel_id=chosen.channel_id,
        offer_id=chosen.offer_id,
        protocol=chosen.protocol,
        unit_cost=chosen.unit_cost,
        currency=chosen.currency,
        exchange_rate=chosen.exchange_rate,
        fen_per=chosen.exchange_rate * own_rate(weighed.currency),
        cost_fen=chosen.cost_fen,
        prepaid=chosen.prepaid_fen is not None,
    )
