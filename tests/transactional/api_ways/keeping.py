"""Keeping the shop: its books for owner and auditor, the switch that pauses selling, what machines ask."""

from mingsuan import clock
from tests.transactional.api_ways.way import ANYBODY, AUDITORS, OPERATORS, OWNER, Asked, Way, Ways, nothing
from tests.transactional.api_ways.world import World
from transactional import selling
from transactional.db import reading, writing
from transactional.ledger import months


async def _statement(world: World) -> Asked:
    customer = await world.customer(500)
    return Asked({"account": "customer_wallet"}, query={"customer": str(customer.public_id), "limit": "5"})


async def month(world: World) -> Asked:
    async with reading(world.till.shop.engine) as session:
        return Asked(body={"month": f"{await months.next_to_close(session)}"})


async def _journal(world: World) -> Asked:
    return Asked(query={"month": f"{clock.now():%Y-%m-%d}"})


async def _pause(world: World) -> Asked:
    return Asked(body={"reason": "stock-taking"})


async def _paused(world: World) -> Asked:
    async with writing(world.till.shop.engine) as session:
        await selling.pause(session, "stock-taking", None)
    return Asked()


async def sell_again(world: World) -> None:
    async with writing(world.till.shop.engine) as session:
        await selling.resume(session, None)


WAYS: Ways = {
    "GET /staff/ledger": Way(AUDITORS, nothing),
    "GET /staff/ledger/findings": Way(AUDITORS, nothing),
    "GET /staff/ledger/trial-balance": Way(AUDITORS, nothing),
    "GET /staff/ledger/accounts/{account}/statement": Way(AUDITORS, _statement),
    "GET /staff/ledger/months": Way(AUDITORS, nothing),
    "POST /staff/ledger/months": Way(OWNER, month),
    "GET /staff/ledger/journal": Way(AUDITORS, _journal),
    "GET /staff/selling-pause": Way(OPERATORS, nothing),
    "POST /staff/selling-pause": Way(OPERATORS, _pause, sell_again),
    "DELETE /staff/selling-pause": Way(OPERATORS, _paused),
    "GET /healthz": Way(ANYBODY, nothing),
    "GET /readyz": Way(ANYBODY, nothing),
}
