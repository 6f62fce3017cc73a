"""Whether a list price sells below cost or below the floor: what the desk's price editor warns of."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import text

from mingsuan.i18n import Translator
from transactional.db import ReadSession
from transactional.suppliers.routing import policies
from transactional.suppliers.routing import views as routing_views
from transactional.suppliers.routing.candidates import market
from transactional.suppliers.routing.rules import refusals
from transactional.suppliers.routing.terms import PASSING, PRICED, Situation
from transactional.suppliers.routing.wording import Money

MENDABLE = (PASSING - {"quarantined", "no_cost"}) | PRICED
"""What does not keep a channel's price from being the SKU's cost."""
IN_STOCK = text("""
select ceil(avg(cost_fen))::bigint from shop.card
where sku_id = :sku_id and state = 'available' and delivered_fulfilment_id is null
    and (expires_at is null or expires_at > :at)
""")


@dataclass(frozen=True, slots=True)
class TooCheap:
    """A price that leaves less than the floor over what units in stock cost on average, or the cheapest channel."""

    of: Literal["stock", "channel"]
    channel: str
    cost_fen: int
    margin_fen: int
    floor_fen: int


async def too_cheap(session: ReadSession, sku_code: str, price_fen: int, at: datetime) -> tuple[TooCheap, ...]:
    """For units in stock, and for what is bought next; empty when the price keeps the floor or no cost is known."""
    sku = await routing_views.sku(session, sku_code, at)
    if sku is None:
        return ()
    policy = (await policies.in_force(session, [sku.id])).of(sku.id).policy
    known, floor_fen = await market(session, [sku.id], at), policy.floor_fen(price_fen, 1)
    situation = Situation("quote", 1, price_fen, known.minute, "")
    costs = [
        (each.cost_fen, each.channel)
        for each in known.outside(sku.id, 1)
        if each.cost_fen and set(refusals(each, policy, situation)) <= MENDABLE
    ]
    found = [TooCheap("channel", name, cost, price_fen - cost, floor_fen) for cost, name in sorted(costs)[:1]]
    in_stock: int | None = await session.scalar(IN_STOCK, {"sku_id": sku.id, "at": at})
    if in_stock is not None:
        found.append(TooCheap("stock", "", in_stock, price_fen - in_stock, floor_fen))
    return tuple(each for each in found if each.margin_fen < floor_fen)


def warning(_: Translator, money: Money, found: TooCheap) -> str:
    """For whoever sets the price."""
    who = {
        "channel": _("the cheapest channel, {channel}, costs {cost}"),
        "stock": _("codes in stock cost {cost} on average"),
    }[found.of].format(channel=found.channel, cost=money(found.cost_fen))
    if found.margin_fen < 0:
        return _("Each sale would lose {loss}: {who}.").format(loss=money(-found.margin_fen), who=who)
    return _("Each sale would earn {margin}, less than the floor of {floor}: {who}.").format(
        margin=money(found.margin_fen), floor=money(found.floor_fen), who=who
    )
