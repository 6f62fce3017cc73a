"""Public pages of draws, joining, tickets, receipts, and a customer's own prizes."""

from collections.abc import Awaitable, Callable
from functools import partial

from tests.transactional.api_ways import draws as api_ways
from tests.transactional.api_ways.way import ANYBODY, CUSTOMER, Asked
from tests.transactional.api_ways.world import World
from tests.transactional.page_ways.page_way import PageWay, PageWays, Sent, any_customer, asked, keyed


async def _as_api(world: World, *, prepare: Callable[[World], Awaitable[Asked]], is_form: bool = False) -> Sent:
    """What the API's way asks, as a page or form."""
    found = await prepare(world)
    form = keyed(**{name: str(value) for name, value in (found.body or {}).items()}) if is_form else {}
    return Sent(names=found.names, form=form, customer=found.customer)


def _way(name: str, *, is_form: bool = False) -> Callable[[World], Awaitable[Sent]]:
    """The preparation of an operation of the API."""
    return partial(_as_api, prepare=api_ways.WAYS[name].prepare, is_form=is_form)


DRAW = _way("GET /draws/{draw_id}")
LOGGED = _way("GET /draws/{draw_id}/entries/{number}/proof")


async def _joinable(world: World) -> Sent:
    sent = await DRAW(world)
    return Sent(names=sent.names, customer=await world.customer(), query={"count": "2", "pay": "chances"})


async def _numbered(world: World) -> Sent:
    sent = await LOGGED(world)
    return Sent(names=sent.names, customer=sent.customer, query={"number": str(sent.names["number"])})


async def _receipt(world: World) -> Sent:
    sent = await _way("GET /draws/{draw_id}/entries")(world)
    own = "select e.public_id from shop.draw_entry as e join shop.draw as d on d.id = e.draw_id where d.public_id = :id"
    entry_id = await world.till.one(own, id=sent.names["draw_id"])
    return Sent(names={**sent.names, "entry_id": entry_id}, customer=sent.customer)


async def _inviting(world: World) -> Sent:
    sent = await _way("POST /draw-chances/invitations", is_form=True)(world)
    return Sent(form={"inviter": sent.form["inviter_id"]}, customer=sent.customer)


WAYS: PageWays = {
    "GET /draws": PageWay(ANYBODY, asked()),
    "GET /draws/statistics": PageWay(ANYBODY, asked()),
    "GET /draws/{draw_id}": PageWay(ANYBODY, DRAW),
    "GET /draws/{draw_id}/verify": PageWay(ANYBODY, DRAW),
    "GET /draws/{draw_id}/ticket": PageWay(ANYBODY, _numbered),
    "GET /draws/{draw_id}/bundle.zip": PageWay(ANYBODY, LOGGED, answer=200),
    "POST /draws/{draw_id}/result": PageWay(ANYBODY, DRAW),
    "GET /draws/{draw_id}/join": PageWay(CUSTOMER, _joinable),
    "POST /draws/{draw_id}/entries": PageWay(CUSTOMER, _way("POST /draws/{draw_id}/entries", is_form=True)),
    "POST /draws/{draw_id}/free-route": PageWay(CUSTOMER, _way("POST /draws/{draw_id}/free-entries")),
    "GET /draws/{draw_id}/receipts/{entry_id}.json": PageWay(CUSTOMER, _receipt, to_strangers=(404,), answer=200),
    "GET /draws/{draw_id}/proofs/{number}": PageWay(CUSTOMER, LOGGED, to_strangers=(404,), answer=200),
    "GET /account/draws": PageWay(CUSTOMER, any_customer),
    "POST /account/draws/check-ins": PageWay(CUSTOMER, any_customer),
    "POST /account/draws/invitations": PageWay(CUSTOMER, _inviting),
    "POST /account/draws/prizes/{prize_id}/claim": PageWay(
        CUSTOMER, _way("POST /draw-prizes/{prize_id}/claim"), to_strangers=(404,)
    ),
    "POST /account/draws/prizes/{prize_id}/code": PageWay(
        CUSTOMER, _way("POST /draw-prizes/{prize_id}/code"), to_strangers=(404,), answer=200
    ),
}
