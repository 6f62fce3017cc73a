"""The margin guard: nothing is shown, ordered or paid that could only be bought below the floor.

What shoppers are told is that it is sold out. The guard at purchase is `routing.decide` itself. A SKU that no channel
ever offered is not guarded: staff deliver it, or the shop's own stock does.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from transactional.cards import pool
from transactional.db import ReadSession, WriteSession
from transactional.errors import OutOfStockError
from transactional.suppliers.routing import deciding as routing
from transactional.suppliers.routing import guard_queries as queries
from transactional.suppliers.routing import policies
from transactional.suppliers.routing.candidates import market
from transactional.suppliers.routing.guard_queries import Item
from transactional.suppliers.routing.rules import can_supply
from transactional.suppliers.routing.terms import Situation, Stage


@dataclass(frozen=True, slots=True)
class Supply:
    """By inside key: SKUs that are guarded, and those of them that can be bought now at the floor of their price."""

    guarded: frozenset[int] = frozenset()
    supplied: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Demand:
    """So many units of a SKU, for which the shopper pays `net_fen` together."""

    sku_id: int
    kind: str
    quantity: int
    net_fen: int


async def at_quote(session: ReadSession, at: datetime, sku_ids: Collection[int] | None = None) -> Supply:
    """What can be sold of these SKUs, or of all, by the unit at list prices. Writes nothing."""
    guarded = await queries.guarded(session, sku_ids)
    if not guarded:
        return Supply()
    known = await market(session, guarded, at)
    rules = await policies.in_force(session, guarded)
    prices = await queries.prices(session, guarded, at)
    supplied = {
        sku_id
        for sku_id, price_fen in prices.items()
        if can_supply(
            known.outside(sku_id, 1),
            rules.of(sku_id).policy,
            Situation("quote", 1, price_fen, known.minute, ""),
        )
    }
    return Supply(guarded, frozenset(supplied))


async def at_order(session: WriteSession, wanted: Sequence[Demand], at: datetime) -> frozenset[int]:
    """SKUs of an order that are to be bought for it, since own stock is short or there is none of the kind.

    Each decision is written down. Raises OutOfStockError for one that cannot be bought at the floor.
    """
    return await _buyable(session, "quote", _together(wanted), at)


async def at_payment(session: WriteSession, order_id: int, at: datetime) -> None:
    """What of an unpaid order is to be bought can still be, at the floor. Raises OutOfStockError: no money is taken."""
    missing = [_missing(item) for item in await queries.items(session, order_id, at) if item.held < item.quantity]
    await _buyable(session, "payment", _together(missing), at)


async def _buyable(session: WriteSession, stage: Stage, wanted: Sequence[Demand], at: datetime) -> frozenset[int]:
    guarded = await queries.guarded(session, [each.sku_id for each in wanted]) if wanted else frozenset[int]()
    short = await _short(session, [each for each in wanted if each.sku_id in guarded], at)
    for each in short:
        decided = await routing.decide(
            session, stage=stage, sku_id=each.sku_id, quantity=each.quantity, net_fen=each.net_fen, at=at
        )
        if decided.outcome != "chosen":
            raise OutOfStockError
    return frozenset(each.sku_id for each in short)


async def _short(session: ReadSession, wanted: Sequence[Demand], at: datetime) -> list[Demand]:
    """Top-ups always; codes when fewer are free than wanted."""
    codes = {each.sku_id: each.quantity for each in wanted if each.kind == "card_code"}
    free: Mapping[int, int] = await pool.free_units(session, codes, at) if codes else {}
    return [each for each in wanted if each.kind != "card_code" or free.get(each.sku_id, 0) < each.quantity]


def _missing(item: Item) -> Demand:
    """What of a line no code is kept for, with its share of the price; a part of a fen is left out."""
    left = item.quantity - item.held
    return Demand(item.sku_id, item.kind, left, item.net_fen * left // item.quantity)


def _together(wanted: Sequence[Demand]) -> list[Demand]:
    """One demand a SKU, of the kinds that are bought."""
    by_sku: dict[tuple[int, str], list[Demand]] = defaultdict(list)
    for each in wanted:
        if each.kind in ("api_topup", "card_code"):
            by_sku[each.sku_id, each.kind].append(each)
    return [
        Demand(sku_id, kind, sum(each.quantity for each in all_), sum(each.net_fen for each in all_))
        for (sku_id, kind), all_ in by_sku.items()
    ]
