"""The desk: staff themselves, orders, cases, parcels and customers."""

from uuid import UUID, uuid4

from tests.transactional.api_client import PASSWORD, new_email
from tests.transactional.api_ways.way import ANYBODY, STAFF
from tests.transactional.api_ways.world import World, new_name
from tests.transactional.page_ways import things
from tests.transactional.page_ways.page_way import PageWay, PageWays, Sent, asked, keyed, may, said
from tests.transactional.page_ways.yard import ask, staff_cookie
from tests.transactional.web.seen import Seen
from transactional.accounts import service as accounts
from transactional.db import writing
from transactional.orders.checkout import PlacedOrder


async def _colleague(world: World) -> Sent:
    async with writing(world.till.shop.engine) as session:
        member = await accounts.add_staff(session, new_email(), PASSWORD, "New", "auditor")
    return Sent({"who": member.public_id}, keyed(role="buyer", reason="agreed"))


async def _log_in(world: World) -> Sent:
    email = new_email()
    async with writing(world.till.shop.engine) as session:
        await accounts.add_staff(session, email, PASSWORD, "New", "operator")
    return Sent(form={"email": email, "password": PASSWORD, "next": "/desk"})


async def _session(world: World) -> Sent:
    """The owner's own, from another browser."""
    await staff_cookie(world, "owner")
    number = await world.till.one(
        "select s.id from shop.session as s join shop.staff as m on m.id = s.staff_id"
        " where m.role = 'owner' and s.revoked_at is null order by s.id desc limit 1"
    )
    return Sent({"number": number})


async def _authenticator(world: World) -> Sent:
    """One that is being set up, and a wrong code."""
    await ask(world, "POST /desk/profile/two-step", Sent(), await staff_cookie(world, "owner"))
    return Sent(form=keyed(code="000000"))


async def _staff_in_name(world: World) -> Sent:
    return Sent(form=keyed(email=new_email(), display_name="Wang", role="buyer"))


async def _customer(world: World) -> Sent:
    return Sent({"customer": (await world.customer()).public_id}, keyed(reason="asked by telephone"))


async def _order(world: World) -> Sent:
    _, order, units = await things.bought(world)
    return await _seen(world, Sent({"order_no": order.order_no}, keyed(unit=str(units[0]), reason="agreed")))


async def _unpaid(world: World) -> Sent:
    _, order = await world.till.place()
    return await _seen(world, Sent({"order_no": order.order_no}, keyed(reason="agreed")))


async def _filters(world: World) -> Sent:
    customer = await world.customer()
    query = {
        "state": "paid",
        "since": "2026-01-01",
        "until": "2026-12-31",
        "method": "wechat",
        "customer": customer.email,
    }
    return Sent(query={**query, "least": "1", "most": "100", "product": world.till.stocked.sku.code.lower()})


async def _seen(world: World, sent: Sent, page: str = "") -> Sent:
    """With what the form says that its reader saw."""
    shown = await ask(world, f"GET /desk/orders/{{order_no}}{page}", sent, await staff_cookie(world, "owner"))
    assert shown.status_code == 200, shown.text
    return Sent(sent.names, {**sent.form, "seen": Seen(shown.text).fields["seen"]})


async def _bulk(world: World) -> Sent:
    _, order = await world.till.place()
    return Sent(form=keyed(order_no=[order.order_no], act="cancel", reason="agreed"))


async def _refund(world: World) -> Sent:
    sent = await _order(world)
    return await _seen(world, sent, "/refund")


async def _bulk_result(world: World) -> Sent:
    return Sent({"key": uuid4().hex})


async def _waiting(world: World) -> Sent:
    order, unit = await _waits(world)
    form = keyed(unit=str(unit), content="user: li, password: 88", cost="3.00")
    return await _seen(world, Sent({"order_no": order.order_no}, form))


async def _waits(world: World) -> tuple[PlacedOrder, UUID]:
    _, order, [unit], _ = await world.paid("manual_service")
    return order, unit


async def _stuck(world: World) -> Sent:
    """Its code was taken out of stock before it was paid, and another came in since."""
    sku = await world.market.sku(new_name())
    await world.market.stock(sku.code, 1)
    order = await world.market.order(await world.market.customer(new_name("c")), (sku, 1))
    await world.till.rows(
        "update shop.card set state = 'void', free_at = 'infinity', held_item_id = null"
        " where sku_id = (select id from shop.sku where code = :code) returning id",
        code=sku.code,
    )
    await world.market.pay(order)
    await world.market.stock(sku.code, 1)
    return await _seen(world, Sent({"order_no": order.order_no}, keyed(reason="there is stock again")))


async def _case(world: World) -> Sent:
    _, case, unit, _ = await things.case(world)
    form = keyed(seen="0", words="哪里用的？", act="ask", unit=str(unit), amount="1.00")
    return Sent({"case_id": case, "kind": "goodwill"}, form)


async def _evidence(world: World) -> Sent:
    _, case, _, file = await things.case(world, with_file=True)
    return Sent({"case_id": case, "evidence_id": file})


async def _box(world: World) -> Sent:
    _, order, unit = await things.box(world)
    number = new_name("SF").upper().replace("-", "")
    return Sent({"order_no": order.order_no}, keyed(courier="shunfeng", tracking_no=number, unit=str(unit)))


async def _parcel_file(world: World) -> Sent:
    _, order, _ = await things.box(world)
    number = new_name("SF").upper().replace("-", "")
    return Sent(form=keyed(content=f"{order.order_no},顺丰速运,{number}"))


async def _parcel(world: World) -> Sent:
    _, parcel = await things.parcel(world)
    return Sent({"parcel": parcel}, keyed(reason="the customer said so"))


async def _identity(world: World) -> Sent:
    return Sent({"check": await things.identity(world)}, {"verdict": "verified"})


WAYS: PageWays = {
    "GET /desk/log-in": PageWay(ANYBODY, asked(next="/desk")),
    "POST /desk/log-in": PageWay(ANYBODY, _log_in),
    "GET /desk/log-in/code": PageWay(ANYBODY, asked(next="/desk")),
    "POST /desk/log-in/code": PageWay(ANYBODY, said(code="000000")),
    "POST /desk/log-out": PageWay(ANYBODY, asked()),
    "GET /desk/set-up": PageWay(ANYBODY, asked(), answer=404),
    "POST /desk/set-up": PageWay(ANYBODY, said(code="AAAA", email="x@example.com", password=PASSWORD)),
    "GET /desk/join": PageWay(ANYBODY, asked()),
    "POST /desk/join": PageWay(ANYBODY, said(code="AAAA", email="x@example.com", password=PASSWORD), answer=401),
    "GET /desk": PageWay(STAFF, asked()),
    "GET /desk/profile": PageWay(STAFF, asked()),
    "POST /desk/profile/password": PageWay(STAFF, said(current="wrong", password="another good one"), answer=422),
    "POST /desk/profile/two-step": PageWay(STAFF, said()),
    "GET /desk/profile/two-step": PageWay(STAFF, asked()),
    "POST /desk/profile/two-step/confirm": PageWay(STAFF, _authenticator, answer=401),
    "POST /desk/profile/two-step/remove": PageWay(STAFF, said()),
    "GET /desk/profile/spare-codes": PageWay(STAFF, asked()),
    "POST /desk/profile/spare-codes": PageWay(STAFF, said()),
    "POST /desk/profile/sessions/end": PageWay(STAFF, said()),
    "POST /desk/profile/sessions/{number}/end": PageWay(STAFF, _session),
    "GET /desk/confirm": PageWay(STAFF, asked(next="/desk/staff")),
    "POST /desk/confirm": PageWay(STAFF, said(password=PASSWORD, next="/desk/staff")),
    "GET /desk/staff": PageWay(may("manage_staff"), asked()),
    "GET /desk/staff/roles": PageWay(STAFF, asked()),
    "GET /desk/staff/new": PageWay(may("manage_staff"), asked()),
    "POST /desk/staff/new": PageWay(may("manage_staff"), _staff_in_name),
    "GET /desk/staff/{who}": PageWay(may("manage_staff"), _colleague),
    "POST /desk/staff/{who}/invite": PageWay(may("manage_staff"), _colleague),
    "POST /desk/staff/{who}/role": PageWay(may("manage_staff"), _colleague),
    "POST /desk/staff/{who}/disable": PageWay(may("manage_staff"), _colleague),
    "POST /desk/staff/{who}/enable": PageWay(may("manage_staff"), _colleague),
    "POST /desk/staff/{who}/two-step/reset": PageWay(may("manage_staff"), _colleague),
    "POST /desk/staff/{who}/sessions/end": PageWay(may("manage_staff"), _colleague),
    "GET /desk/acts": PageWay(may("see_acts"), asked(act="refund", subject="order", since="2026-01-01")),
    "GET /desk/security": PageWay(may("see_security"), asked(hours="24")),
    "GET /desk/orders": PageWay(may("see_orders"), _filters),
    "POST /desk/orders/export": PageWay(may("export_orders"), said(format="csv", state="paid")),
    "POST /desk/orders/bulk": PageWay(may("settle_orders"), _bulk),
    "GET /desk/orders/bulk/{key}": PageWay(may("settle_orders"), _bulk_result, answer=404),
    "GET /desk/search": PageWay(may("see_orders"), asked()),
    "POST /desk/search": PageWay(may("see_orders"), said(q="li@example.com")),
    "GET /desk/customers": PageWay(may("see_customers"), asked(q="li@example.com")),
    "GET /desk/customers/{customer}": PageWay(may("see_customers"), _customer),
    "POST /desk/customers/{customer}/end-sessions": PageWay(may("end_sessions"), _customer),
    "GET /desk/orders/{order_no}": PageWay(may("see_orders"), _order),
    "POST /desk/orders/{order_no}/cancel": PageWay(may("settle_orders"), _unpaid),
    "POST /desk/orders/{order_no}/complete": PageWay(may("settle_orders"), _order),
    "POST /desk/orders/{order_no}/redeliver": PageWay(may("settle_orders"), _stuck),
    "POST /desk/orders/{order_no}/deliver": PageWay(may("deliver"), _waiting),
    "POST /desk/orders/{order_no}/replace": PageWay(may("mend_stock"), _order),
    "GET /desk/orders/{order_no}/refund": PageWay(may("refund"), _order),
    "POST /desk/orders/{order_no}/refund": PageWay(may("refund"), _refund),
    "GET /desk/identity/{check}": PageWay(may("decide_identity"), _identity),
    "POST /desk/identity/{check}": PageWay(may("decide_identity"), _identity),
    "GET /desk/aftersales": PageWay(may("see_cases"), asked(state="open", reason="other", order_no="X", customer="li")),
    "GET /desk/aftersales/export": PageWay(may("see_cases"), asked(state="open")),
    "GET /desk/aftersales/{case_id}": PageWay(may("see_cases"), _case),
    "GET /desk/aftersales/{case_id}/evidence/{evidence_id}": PageWay(may("see_cases"), _evidence),
    "POST /desk/aftersales/{case_id}/say": PageWay(may("settle_cases"), _case),
    "POST /desk/aftersales/{case_id}/note": PageWay(may("settle_cases"), _case),
    "POST /desk/aftersales/{case_id}/take": PageWay(may("settle_cases"), _case),
    "POST /desk/aftersales/{case_id}/decide/{kind}": PageWay(may("settle_cases"), _case),
    "GET /desk/parcels": PageWay(may("see_orders"), asked(show="trouble", q="SF")),
    "POST /desk/parcels/export": PageWay(may("deliver"), said()),
    "GET /desk/parcels/labels": PageWay(may("deliver"), asked()),
    "GET /desk/parcels/orders/{order_no}": PageWay(may("deliver"), _box),
    "POST /desk/parcels/orders/{order_no}": PageWay(may("deliver"), _box),
    "GET /desk/parcels/import": PageWay(may("deliver"), asked()),
    "POST /desk/parcels/import/preview": PageWay(may("deliver"), _parcel_file),
    "POST /desk/parcels/import": PageWay(may("deliver"), _parcel_file),
    "GET /desk/parcels/{parcel}": PageWay(may("see_orders"), _parcel),
    "POST /desk/parcels/{parcel}/receipt": PageWay(may("deliver"), _parcel),
    "POST /desk/parcels/{parcel}/loss": PageWay(may("deliver"), _parcel),
}
