"""Draws: what there is, entering, chances, prizes and their claim."""

from datetime import timedelta
from uuid import UUID

from mingsuan import clock
from tests.transactional.api_ways.way import ANYBODY, CUSTOMER, Asked, Way, Ways, as_customer, nothing
from tests.transactional.api_ways.world import World, new_name
from tests.transactional.draws.open_draws import chances, open_draw
from tests.transactional.small_shop import codes
from transactional.accounts.schemas import CustomerSubject
from transactional.db import writing
from transactional.draws import holds, service
from transactional.draws.log import service as log
from transactional.draws.models import Draw, DrawWinner
from transactional.draws.rules import shown


async def _draw(world: World) -> Asked:
    return Asked({"draw_id": (await open_draw(world.till.stocked)).public_id})


async def _enterable(world: World) -> Asked:
    draw, who = await open_draw(world.till.stocked), await world.customer()
    await chances(world.till.stocked, who, 3)
    return Asked({"draw_id": draw.public_id}, {"count": 2, "pay": "chances"}, customer=who)


async def _entered(world: World) -> tuple[Draw, CustomerSubject, int]:
    draw, who = await open_draw(world.till.stocked), await world.customer()
    await chances(world.till.stocked, who, 3)
    given = await world.till.shop.entering.enter(who.id, draw.public_id, 2, new_name(), pay="chances")
    return draw, who, given.first_index


async def _own_entries(world: World) -> Asked:
    draw, who, _ = await _entered(world)
    return Asked({"draw_id": draw.public_id}, customer=who)


async def _own_receipt(world: World) -> Asked:
    draw, who, _ = await _entered(world)
    entry_id = await world.till.one("select public_id from shop.draw_entry where draw_id = :id", id=draw.id)
    return Asked({"draw_id": draw.public_id, "entry_id": entry_id}, customer=who)


async def _logged(world: World) -> Asked:
    draw, who, first = await _entered(world)
    with clock.at(clock.now() + timedelta(seconds=2)):
        await log.sequence(world.till.shop.engine, world.till.shop.keeper)
    return Asked({"draw_id": draw.public_id, "number": shown(first + 1)}, customer=who)


async def _holdable(world: World) -> Asked:
    draw, who = await open_draw(world.till.stocked), await world.customer()
    await chances(world.till.stocked, who, 3)
    return Asked({"draw_id": draw.public_id}, {"count": 2}, customer=who)


async def _held(world: World) -> Asked:
    draw, who = await open_draw(world.till.stocked), await world.customer()
    await chances(world.till.stocked, who, 3)
    async with writing(world.till.shop.engine) as session:
        kept = await holds.hold(session, who.id, draw.public_id, 2, 10)
    return Asked({"hold_id": kept.id}, customer=who)


async def _for_nothing(world: World) -> Asked:
    return Asked((await _draw(world)).names, customer=await world.customer())


async def _invited(world: World) -> Asked:
    inviter, who = await world.customer(), await world.customer(10**6)
    await world.till.stocked.stock(codes(1, new_name()), 100)
    await world.till.shop.intake.buy(who.id, world.till.stocked.sku.id, 1, new_name())
    return Asked(body={"inviter_id": str(inviter.public_id)}, customer=who)


async def _won(world: World) -> Asked:
    draw, who, first = await _entered(world)
    async with writing(world.till.shop.engine) as session:
        entry_id = await world.till.one("select id from shop.draw_entry where draw_id = :id", id=draw.id)
        until = clock.now() + timedelta(days=30)
        prize = {"draw_id": draw.id, "place": 0, "entry_index": first, "entry_id": entry_id, "claim_until": until}
        winner = DrawWinner(**prize, customer_id=who.id)
        session.add(winner)
    return Asked({"prize_id": winner.public_id}, {}, customer=who)


async def _with_code(world: World) -> Asked:
    """A prize that was handed over: its winner may look at the code."""
    won, shop, handing = await _won(world), world.till.shop, service.Handing(cost_fen=100, code="OPEN-SESAME")
    prize, who = UUID(str(won.names["prize_id"])), won.customer
    assert who is not None
    async with writing(shop.engine) as session:
        await service.claim(session, shop.vault, prize, who.id, clock.now())
        await service.deliver(session, shop.vault, prize, handing, None, shop.zone)
    return Asked({"prize_id": prize}, customer=who)


async def _limiting(world: World) -> Asked:
    return Asked(body={"stake_day_fen": 1000}, customer=await world.customer())


async def _pausing(world: World) -> Asked:
    return Asked(body={"kind": "time_out", "days": 7}, customer=await world.customer())


WAYS: Ways = {
    "GET /draw-limits": Way(CUSTOMER, as_customer),
    "PUT /draw-limits": Way(CUSTOMER, _limiting),
    "POST /draw-pauses": Way(CUSTOMER, _pausing),
    "GET /draws": Way(ANYBODY, nothing),
    "GET /draws/{draw_id}": Way(ANYBODY, _draw),
    "POST /draws/{draw_id}/result": Way(ANYBODY, _draw),
    "POST /draws/{draw_id}/entries": Way(CUSTOMER, _enterable),
    "GET /draws/{draw_id}/entries": Way(CUSTOMER, _own_entries),
    "GET /draws/{draw_id}/entries/{entry_id}/receipt": Way(CUSTOMER, _own_receipt),
    "GET /draws/{draw_id}/entries/{number}/proof": Way(CUSTOMER, _logged),
    "POST /draws/{draw_id}/holds": Way(CUSTOMER, _holdable),
    "DELETE /draw-holds/{hold_id}": Way(CUSTOMER, _held),
    "GET /draw-chances": Way(CUSTOMER, as_customer),
    "POST /draw-chances/check-ins": Way(CUSTOMER, as_customer),
    "POST /draw-chances/invitations": Way(CUSTOMER, _invited),
    "POST /draws/{draw_id}/free-entries": Way(CUSTOMER, _for_nothing),
    "GET /draw-prizes": Way(CUSTOMER, as_customer),
    "POST /draw-prizes/{prize_id}/claim": Way(CUSTOMER, _won),
    "POST /draw-prizes/{prize_id}/code": Way(CUSTOMER, _with_code),
}
