"""Orders: a customer's own from cart to completion; anybody's for staff, who deliver by hand and settle."""

from tests.transactional.api_ways.way import CUSTOMER, OPERATORS, STAFF, Asked, Way, Ways, as_customer, nothing
from tests.transactional.api_ways.world import World, new_name
from tests.transactional.small_shop import PRICE_FEN


async def _one_of_something(world: World, balance_fen: int = 0) -> tuple[Asked, str]:
    sku = await world.market.sku(new_name(), price_fen=PRICE_FEN)
    await world.market.stock(sku.code, 1)
    return Asked(customer=await world.customer(balance_fen)), str(sku.id)


async def _into_cart(world: World) -> Asked:
    asked, sku_id = await _one_of_something(world)
    return Asked(customer=asked.customer, body={"sku_id": sku_id, "quantity": 2})


async def _checkout(world: World) -> Asked:
    asked, sku_id = await _one_of_something(world)
    items = [{"sku_id": sku_id, "quantity": 1, "form_answers": {}}]
    return Asked(customer=asked.customer, body={"items": items, "expected_net_fen": PRICE_FEN})


async def _purchase(world: World) -> Asked:
    asked, sku_id = await _one_of_something(world, PRICE_FEN)
    return Asked(customer=asked.customer, body={"sku_id": sku_id, "expected_net_fen": PRICE_FEN})


async def _unpaid(world: World) -> Asked:
    customer, order = await world.till.place()
    return Asked({"order_no": order.order_no}, customer=customer)


async def _delivered(world: World) -> Asked:
    customer, order, _ = await world.till.bought()
    return Asked({"order_no": order.order_no}, customer=customer)


async def _stuck(world: World) -> Asked:
    _, order, _, _ = await world.paid("manual_service")
    return Asked(body={"order_nos": [order.order_no], "act": "refund", "reason": "too late"})


async def _waits_for_staff(world: World) -> Asked:
    _, _, [unit], _ = await world.paid("manual_service")
    return Asked({"fulfilment_id": unit}, {"content": "user: li, password: 88", "cost_fen": 300})


async def _waits_for_a_parcel(world: World) -> Asked:
    _, _, [unit], _ = await world.paid("physical")
    return Asked({"fulfilment_id": unit}, {"courier": "SF", "tracking_no": "SF1234567890"})


WAYS: Ways = {
    "GET /cart/items": Way(CUSTOMER, as_customer),
    "PUT /cart/items": Way(CUSTOMER, _into_cart),
    "POST /checkout": Way(CUSTOMER, _checkout),
    "POST /orders": Way(CUSTOMER, _purchase),
    "GET /orders": Way(CUSTOMER, as_customer),
    "GET /orders/{order_no}": Way(CUSTOMER, _delivered),
    "POST /orders/{order_no}/cancellation": Way(CUSTOMER, _unpaid),
    "POST /orders/{order_no}/completion": Way(CUSTOMER, _delivered),
    "GET /staff/orders": Way(STAFF, nothing),
    "GET /staff/orders/{order_no}": Way(STAFF, _delivered),
    "GET /staff/orders/stuck": Way(STAFF, nothing),
    "POST /staff/orders/bulk": Way(OPERATORS, _stuck),
    "POST /staff/orders/{order_no}/cancellation": Way(OPERATORS, _unpaid),
    "POST /staff/orders/{order_no}/completion": Way(OPERATORS, _delivered),
    "POST /staff/fulfilments/{fulfilment_id}/deliveries": Way(OPERATORS, _waits_for_staff),
    "POST /staff/fulfilments/{fulfilment_id}/parcels": Way(OPERATORS, _waits_for_a_parcel),
}
