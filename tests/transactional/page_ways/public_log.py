"""The public log of draws: files that anybody may read."""

from tests.transactional.api_ways.way import ANYBODY
from tests.transactional.api_ways.world import World
from tests.transactional.page_ways.page_way import PageWay, PageWays, Sent, asked
from transactional.db import writing
from transactional.draws.leaves import seal
from transactional.draws.log import service as log


class _Inner(str):
    """Fills braces that stand for several parts of a path."""

    __slots__ = ()

    def __format__(self, _: str) -> str:
        return str(self)


async def _begun(world: World) -> Sent:
    shop = world.till.shop
    async with writing(shop.engine) as session:
        await log.append(session, "seal", seal(1, bytes(32)))
    await log.sequence(shop.engine, shop.keeper)
    width = (await world.client.get("/log/checkpoint")).text.split("\n")[1]
    return Sent({"tile": _Inner(f"entries/000.p/{width}")})


async def _checkpoint(world: World) -> Sent:
    await _begun(world)
    return Sent()


WAYS: PageWays = {
    "GET /log/checkpoint": PageWay(ANYBODY, _checkpoint, answer=200),
    "GET /log/policy.json": PageWay(ANYBODY, asked(), answer=200),
    "GET /log/tile/{tile:path}": PageWay(ANYBODY, _begun, answer=200),
}
