"""Claiming: a waiting unit gets one purchase, its money set aside, in one transaction and before anybody is called.

The order's lock makes claims of a unit take turns; a partial unique index has the last word. Nothing is sent from here.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from transactional.alerts.service import end_alert, raise_alert
from transactional.db import WriteSession
from transactional.orders import supplied
from transactional.orders.fulfilment_queries import Unit
from transactional.payments import numbers, refunds
from transactional.shop import Shop
from transactional.suppliers import service
from transactional.suppliers.models import Purchase
from transactional.suppliers.money import balances
from transactional.suppliers.purchases import money, queries
from transactional.suppliers.purchases import rules as purchase_rules
from transactional.suppliers.purchases.queries import Attempt, Channel
from transactional.suppliers.routing import deciding as routing
from transactional.suppliers.routing.deciding import Decided

UNOBTAINABLE = "could not be obtained"
HELD = "units_held"
MOST_CHOICES = 20


@dataclass(frozen=True, slots=True)
class Wishes:
    """What staff want of a try: another channel than these, or a price below the floor, on an owner's word."""

    without: tuple[int, ...] = ()
    override_floor: bool = False
    staff_id: int | None = None


NO_WISHES = Wishes()


@dataclass(frozen=True, slots=True)
class Claimed:
    """What became of a unit that was to be bought.

    `buy`: a purchase is claimed and to be sent. `look`: the offer's price is to be asked for first. `ended`: given
    from stock, left to people, or refunded. `held`: no channel may take it now. `nothing`: it does not wait, or is
    being bought.
    """

    kind: Literal["buy", "look", "ended", "held", "nothing"]
    purchase_id: int | None = None
    offer_id: int | None = None


NOTHING = Claimed("nothing")


async def claim(
    session: WriteSession,
    shop: Shop,
    fulfilment_id: int,
    at: datetime,
    *,
    looked: Collection[int] = (),
    wishes: Wishes = NO_WISHES,
) -> Claimed:
    """Decides where a unit is bought and claims it there. `looked`: offers whose price was asked for just now."""
    unit = await supplied.locked(session, fulfilment_id)
    if not supplied.is_wanted(unit) or unit.waits_for != "supplier":
        return NOTHING
    attempts = await queries.attempts(session, fulfilment_id)
    if any(attempt.is_holding for attempt in attempts):
        return NOTHING
    without = {*wishes.without, *_excluded(attempts, at)}
    for _ in range(MOST_CHOICES):
        decided = await _decide(session, unit, at, without, wishes)
        if decided.outcome != "chosen" or decided.channel_id is None:
            return await _without(session, shop, unit, decided, at)
        channel = await queries.channel(session, decided.channel_id)
        if channel.check_on_order and channel.is_asked and decided.offer_id not in looked:
            return Claimed("look", None, decided.offer_id)
        claimed = await _claimed_at(session, shop, unit, channel, decided, attempts, at)
        if claimed is not None:
            await _no_longer_held(session, unit)
            return claimed
        without.add(decided.channel_id)
    raise RuntimeError(f"no end of choices for fulfilment {fulfilment_id}")


def _excluded(attempts: Collection[Attempt], at: datetime) -> set[int]:
    """Channels that failed for the unit just now, or whose outcome was never learnt."""
    return {
        attempt.channel_id
        for attempt in attempts
        if attempt.state == "written_off"
        or (attempt.ended_at is not None and at - attempt.ended_at < purchase_rules.EXCLUDED_FOR)
    }


async def _decide(session: WriteSession, unit: Unit, at: datetime, without: Collection[int], wishes: Wishes) -> Decided:
    return await routing.decide(
        session,
        stage="purchase",
        sku_id=unit.sku_id,
        quantity=unit.quantity,
        net_fen=unit.net_fen,
        at=at,
        fulfilment_id=unit.fulfilment_id,
        without_channels=without,
        staff_id=wishes.staff_id,
        override_floor=wishes.override_floor,
    )


async def _claimed_at(
    session: WriteSession,
    shop: Shop,
    unit: Unit,
    channel: Channel,
    decided: Decided,
    attempts: Collection[Attempt],
    at: datetime,
) -> Claimed | None:
    """None when the channel cannot take it after all: its stock or its prepaid money is gone."""
    row = _row(await queries.next_id(session), unit, channel, decided, attempts, at, shop)
    if channel.protocol == "own_pool":
        return await _from_pool(session, shop, unit, row, at)
    if channel.protocol == "manual":
        row.state = "processing"
        await _write(session, row, at, "asked_of_people")
        await supplied.wait_for(session, unit, "manual")
        return Claimed("ended", row.id)
    if not await balances.reserve(session, money.submitted(row, channel, at), shop.zone):
        return None
    await _write(session, row, at, "claimed")
    return Claimed("buy", row.id)


def _row(
    number: int,
    unit: Unit,
    channel: Channel,
    decided: Decided,
    attempts: Collection[Attempt],
    at: datetime,
    shop: Shop,
) -> Purchase:
    last = max(attempts, key=lambda attempt: attempt.attempt_no, default=None)
    return Purchase(
        id=number,
        fulfilment_id=unit.fulfilment_id,
        attempt_no=last.attempt_no + 1 if last else 1,
        after_purchase_id=last.id if last else None,
        decision_id=decided.decision_id,
        channel_id=channel.id,
        offer_id=decided.offer_id,
        request_no=numbers.fresh("P", at, shop.zone),
        state="created",
        quantity=unit.quantity,
        unit_cost=decided.unit_cost or Decimal(0),
        currency=decided.currency or shop.currency,
        exchange_rate=decided.exchange_rate or Decimal(1),
        cost_fen=decided.cost_fen or 0,
        prepaid=bool(channel.prepaid),
        times_asked=0,
    )


async def _write(session: WriteSession, row: Purchase, at: datetime, kind: str, **detail: Any) -> None:
    session.add(row)
    await session.flush()
    await queries.note(session, row, kind, None, at, {"cost_fen": row.cost_fen, **detail})


async def _from_pool(session: WriteSession, shop: Shop, unit: Unit, row: Purchase, at: datetime) -> Claimed | None:
    """An own code is bought and delivered at once; None when others took the last ones."""
    handed = await supplied.give_from_stock(session, unit, at, shop.zone)
    if handed is None:
        return None
    row.state, row.cost_fen, row.ended_at = "succeeded", handed.cost_fen or 0, at
    await _write(session, row, at, "from_own_pool")
    return Claimed("ended", row.id)


async def _without(session: WriteSession, shop: Shop, unit: Unit, decided: Decided, at: datetime) -> Claimed:
    """No channel may take it: own stock all the same, else money back, or wait for the owner, as the policy says."""
    if unit.kind == "card_code" and await supplied.give_from_stock(session, unit, at, shop.zone) is not None:
        await _no_longer_held(session, unit)
        return Claimed("ended")
    if decided.outcome == "refund":
        await refunds.grant(session, [(unit.fulfilment_id, None)], UNOBTAINABLE, None, at, shop.zone)
        return Claimed("ended")
    times = await queries.times_held(session, unit.fulfilment_id)
    detail = {"reason": decided.reason, "order_no": unit.order_no, "times": times}
    await raise_alert(session, HELD, f"fulfilment:{unit.public_id}", "warning", detail)
    await service.obtain(session, [unit.fulfilment_id], purchase_rules.try_at(times, at))
    return Claimed("held")


async def _no_longer_held(session: WriteSession, unit: Unit) -> None:
    await end_alert(session, HELD, f"fulfilment:{unit.public_id}")
