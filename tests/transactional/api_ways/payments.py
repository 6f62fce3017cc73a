"""Payments: customers pay; staff refund, see to money that no order took, share, and record what gateways did."""

from datetime import timedelta
from uuid import UUID

from mingsuan import clock
from tests.transactional.api_ways.way import ANYBODY, CUSTOMER, OPERATORS, STAFF, Asked, Way, Ways, nothing
from tests.transactional.api_ways.world import World, new_name
from transactional.payments.gateways.interface import GatewayRefusedError

REASON = {"reason": "agreed with the customer"}


async def _unpaid(world: World) -> Asked:
    customer, order = await world.till.place()
    return Asked({"order_no": order.order_no}, {"method": "wechat", "way": "native"}, customer)


async def _started(world: World) -> Asked:
    customer, order = await world.till.place()
    payment = await world.till.start(customer, order)
    return Asked({"order_no": order.order_no, "payment_id": payment.id}, customer=customer)


async def _delivered(world: World) -> Asked:
    _, order, _ = await world.till.bought()
    [unit] = await world.till.units(order)
    return Asked(body={"parts": [{"fulfilment_id": str(unit.public_id), "amount_fen": 100}], **REASON})


async def refused_payout(world: World) -> Asked:
    await world.till.jobs.run_due()  # what others left, or the refusal would be theirs
    asked = await _delivered(world)
    headers = {"idempotency-key": new_name(), "cookie": f"mingsuan_staff={world.staff['operator']}"}
    granted = await world.client.post("/api/v1/staff/refunds", json=asked.body, headers=headers)
    world.till.gateway.plan("refund", GatewayRefusedError("USER_ACCOUNT_ABNORMAL", "the account was closed"))
    await world.till.jobs.run_due()
    return Asked({"payout_id": granted.json()["items"][0]["id"]}, {"to": "wallet", **REASON})


async def receipt(world: World, amount_fen: int = 100) -> UUID:
    """Money of a trade that the shop did not begin."""
    number = new_name("P")
    await world.till.paid(number, amount_fen)
    found: UUID = await world.till.one(
        "select public_id from shop.unapplied_receipt where out_trade_no = :number", number=number
    )
    return found


async def _receipt_for_an_order(world: World) -> Asked:
    _, order = await world.till.place()
    return Asked({"receipt_id": await receipt(world, order.net_fen)}, {"order_no": order.order_no, **REASON})


async def _receipt_of_nobody(world: World) -> Asked:
    return Asked({"receipt_id": await receipt(world)}, REASON)


async def case(world: World) -> Asked:
    found = await receipt(world)
    named = await world.till.one("select public_id from shop.review_case where subject = :it", it=str(found))
    return Asked({"case_id": named}, REASON)


async def _sharable(world: World) -> Asked:
    _, order, _ = await world.till.bought()
    payment = await world.payment_id(order)
    share = {"payment_id": str(payment), "receiver_account": "PARTNER", "amount_fen": 100, **REASON}
    return Asked({"payment_id": payment}, share)


async def _releasable(world: World) -> Asked:
    return Asked((await _sharable(world)).names, REASON)


async def _shared(world: World) -> Asked:
    asked = await _sharable(world)
    headers = {"idempotency-key": new_name(), "cookie": f"mingsuan_staff={world.staff['operator']}"}
    share = await world.client.post("/api/v1/staff/profit-shares", json=asked.body, headers=headers)
    with clock.at(clock.now() + timedelta(minutes=2)):
        await world.till.jobs.run_due()
    return Asked({"share_id": share.json()["id"]}, REASON)


async def _chargeback(world: World) -> Asked:
    named = (await _sharable(world)).names["payment_id"]
    about = {"amount_fen": 100, "fee_fen": 15, "gateway_reference": new_name("D")}
    return Asked(body={"payment_id": str(named), **about, **REASON})


async def _settlement(world: World) -> Asked:
    await world.till.bought()
    return Asked(body={"method": "wechat", "amount_fen": 100, "bank_reference": new_name("B")})


async def _bill(world: World) -> Asked:
    return Asked(body={"method": "wechat", "day": f"{clock.now():%Y-%m-%d}"})


WAYS: Ways = {
    "GET /payment-methods": Way(ANYBODY, nothing),
    "POST /orders/{order_no}/payments": Way(CUSTOMER, _unpaid),
    "GET /orders/{order_no}/payments": Way(CUSTOMER, _started),
    "GET /payments/{payment_id}": Way(CUSTOMER, _started),
    "GET /staff/payments": Way(STAFF, nothing),
    "GET /staff/payouts": Way(STAFF, nothing),
    "POST /staff/refunds": Way(OPERATORS, _delivered),
    "POST /staff/payouts/{payout_id}/retry": Way(OPERATORS, refused_payout),
    "GET /staff/receipts": Way(STAFF, nothing),
    "POST /staff/receipts/{receipt_id}/apply": Way(OPERATORS, _receipt_for_an_order),
    "POST /staff/receipts/{receipt_id}/return": Way(OPERATORS, _receipt_of_nobody),
    "GET /staff/cases": Way(STAFF, nothing),
    "POST /staff/cases/{case_id}/resolve": Way(OPERATORS, case),
    "POST /staff/profit-shares": Way(OPERATORS, _sharable),
    "POST /staff/profit-shares/{share_id}/return": Way(OPERATORS, _shared),
    "POST /staff/payments/{payment_id}/release-share": Way(OPERATORS, _releasable),
    "POST /staff/chargebacks": Way(OPERATORS, _chargeback),
    "POST /staff/gateway-settlements": Way(OPERATORS, _settlement),
    "GET /staff/gateway-bills": Way(STAFF, nothing),
    "POST /staff/gateway-bills": Way(OPERATORS, _bill),
}
