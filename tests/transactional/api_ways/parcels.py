"""Parcels: a customer's own, confirmed once and shown."""

from mingsuan import clock
from tests.transactional.api_ways.way import CUSTOMER, Asked, Way, Ways
from tests.transactional.api_ways.world import World, new_name
from transactional.db import writing
from transactional.logistics.models import Shipment


async def _sent(world: World) -> Asked:
    customer, order, _, _ = await world.paid("physical")
    async with writing(world.till.shop.engine) as session:
        parcel = Shipment(
            purpose="order",
            reference=order.order_no,
            order_id=order.order_id,
            customer_id=customer.id,
            courier="shunfeng",
            tracking_no=new_name("SF").upper(),
            sent_at=clock.now(),
        )
        session.add(parcel)
        await session.flush()
        return Asked({"parcel_id": parcel.public_id}, customer=customer)


WAYS: Ways = {
    "GET /parcels/{parcel_id}": Way(CUSTOMER, _sent),
    "POST /parcels/{parcel_id}/confirmation": Way(CUSTOMER, _sent),
}
