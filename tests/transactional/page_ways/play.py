"""A customer's limits and pauses for draws."""

from tests.transactional.api_ways.way import CUSTOMER
from tests.transactional.api_ways.world import World
from tests.transactional.page_ways.page_way import PageWay, PageWays, Sent, any_customer, keyed


async def _limits(world: World) -> Sent:
    return Sent(
        form=keyed(stake_day="100", stake_week="", stake_month="", loss_month=""), customer=await world.customer()
    )


async def _pause(world: World) -> Sent:
    return Sent(form=keyed(kind="time_out", days="7", sure="yes"), customer=await world.customer())


WAYS: PageWays = {
    "GET /account/play": PageWay(CUSTOMER, any_customer),
    "POST /account/play/limits": PageWay(CUSTOMER, _limits),
    "POST /account/play/pauses": PageWay(CUSTOMER, _pause),
}
