"""What persons keep with the shop: addresses, their identity, what they agreed to."""

from tests.transactional.api_ways.way import CUSTOMER, Asked, Way, Ways, as_customer
from tests.transactional.api_ways.world import World
from transactional.accounts.persons import addresses
from transactional.accounts.schemas import CustomerSubject
from transactional.db import writing

HOME = {"recipient": "李雷", "phone": "13800138000", "province": "浙江省", "city": "杭州市", "street": "文三路 90 号"}


async def _new_address(world: World) -> Asked:
    return Asked(body=HOME, customer=await world.customer())


async def _kept(world: World) -> tuple[CustomerSubject, dict[str, object]]:
    customer = await world.customer()
    async with writing(world.till.shop.engine) as session:
        kept = await addresses.add(session, world.till.shop.vault, customer.id, HOME)
    return customer, {"address_id": kept}


async def _changed_address(world: World) -> Asked:
    customer, names = await _kept(world)
    return Asked(names, {**HOME, "city": "宁波市", "is_default": True}, customer)


async def _removed_address(world: World) -> Asked:
    customer, names = await _kept(world)
    return Asked(names, customer=customer)


async def _identity(world: World) -> Asked:
    number = "11010519491231002X"  # GB 11643-1999, annex A
    return Asked(body={"name": "李雷", "number": number, "agreed": True}, customer=await world.customer())


WAYS: Ways = {
    "GET /addresses": Way(CUSTOMER, as_customer),
    "POST /addresses": Way(CUSTOMER, _new_address),
    "PUT /addresses/{address_id}": Way(CUSTOMER, _changed_address),
    "DELETE /addresses/{address_id}": Way(CUSTOMER, _removed_address),
    "GET /identity": Way(CUSTOMER, as_customer),
    "POST /identity": Way(CUSTOMER, _identity),
}
