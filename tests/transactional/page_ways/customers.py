"""A customer's own pages: nobody else finds what is on them."""

from starlette.responses import Response

from tests.transactional.accounts.sent_codes import last_code
from tests.transactional.aftersales.test_evidence import picture
from tests.transactional.api_client import PASSWORD, new_email
from tests.transactional.api_ways.entry import new_address
from tests.transactional.api_ways.persons import HOME
from tests.transactional.api_ways.way import CUSTOMER
from tests.transactional.api_ways.world import World, new_name
from tests.transactional.page_ways import things
from tests.transactional.page_ways.page_way import PageWay, PageWays, Sent, any_customer, keyed
from tests.transactional.small_shop import PRICE_FEN
from transactional.accounts import service as accounts
from transactional.accounts import sessions
from transactional.accounts.entry.browser import FLOW_COOKIE, Flow, give_flow
from transactional.accounts.entry.identifiers import Identifier
from transactional.accounts.persons import addresses, contact_changes
from transactional.accounts.schemas import CustomerSubject
from transactional.accounts.sessions import Visitor
from transactional.benefits import bindings
from transactional.db import reading, writing

GONE = (404,)
OTHERS = (404, 409, 422)
"""What belongs to somebody else is as if it were not there; a form that names it is refused."""


async def _registered(world: World) -> CustomerSubject:
    async with writing(world.till.shop.engine) as session:
        return await accounts.register(session, new_email(), PASSWORD, "Li")


async def _address(world: World) -> Sent:
    customer = await world.customer()
    async with writing(world.till.shop.engine) as session:
        kept = await addresses.add(session, world.till.shop.vault, customer.id, HOME)
    return Sent({"address_id": kept}, HOME, customer)


async def _new_address(world: World) -> Sent:
    return Sent(form=keyed(**HOME), customer=await world.customer())


async def _new_password(world: World) -> Sent:
    customer = await _registered(world)
    return Sent(form={"old_password": PASSWORD, "new_password": f"{PASSWORD} anew"}, customer=customer)


async def _elsewhere(world: World) -> Sent:
    """Logged in from another browser too."""
    customer, shop = await world.customer(), world.till.shop
    async with writing(shop.engine) as session:
        await sessions.open_session(session, customer.id, Visitor("198.51.100.7"), 1, "password", is_new=True)
    async with reading(shop.engine) as session:
        [other] = await sessions.open_sessions(session, customer.id, None)
    return Sent(form={"id": str(other.id)}, customer=customer)


async def _device(world: World) -> Sent:
    sent = await _elsewhere(world)
    assert sent.customer is not None
    async with reading(world.till.shop.engine) as session:
        [device] = await sessions.known_devices(session, sent.customer.id, None)
    return Sent(form={"id": str(device.id)}, customer=sent.customer)


async def _contact(world: World) -> Sent:
    return Sent(form={"identifier": new_email()}, customer=await world.customer())


async def _contact_code(world: World) -> Sent:
    customer, shop, email = await world.customer(), world.till.shop, new_email()
    visitor = Visitor(new_address())
    flow = await contact_changes.request_change(shop, visitor, customer.id, Identifier("email", email))
    answer = Response()
    give_flow(answer, Flow(contact_changes.PURPOSE, flow, email), shop.settings)
    cookies = {FLOW_COOKIE: answer.headers["set-cookie"].partition("=")[2].partition(";")[0]}
    return Sent(form={"code": await last_code(shop, email)}, customer=customer, cookies=cookies)


async def _consent(world: World) -> Sent:
    return Sent({"document": "identity"}, customer=await world.customer())


async def _erasure(world: World) -> Sent:
    return Sent(form={"password": PASSWORD}, customer=await _registered(world))


async def _identity(world: World) -> Sent:
    form = keyed(name="李雷", number=things.identity_number(), agreed="yes")
    return Sent(form=form, customer=await world.customer())


async def _order(world: World) -> Sent:
    customer, order, units = await things.bought(world)
    return Sent({"order_no": order.order_no}, {"unit": str(units[0])}, customer)


async def _unpaid(world: World) -> Sent:
    customer, order = await world.till.place()
    return Sent({"order_no": order.order_no}, keyed(door="wechat:native"), customer)


async def _cart(world: World) -> Sent:
    form = {"sku": str(world.till.stocked.sku.id), "quantity": "1", "act": "add"}
    return Sent(form=form, customer=await world.customer())


async def _checkout_page(world: World) -> Sent:
    query = {"sku": str(world.till.stocked.sku.id), "quantity": "1"}
    return Sent(query=query, customer=await world.customer())


async def _checkout(world: World) -> Sent:
    sku = await world.market.sku(new_name(), price_fen=PRICE_FEN)
    await world.market.stock(sku.code, 1)
    form = keyed(sku=str(sku.id), quantity="1", total_fen=str(PRICE_FEN), door="wallet", agreed="1")
    return Sent(form=form, customer=await world.customer(PRICE_FEN))


async def _new_top_up(world: World) -> Sent:
    return Sent(form=keyed(amount="100", door="wechat:native"), customer=await world.customer())


async def _top_up(world: World) -> Sent:
    customer, top_up = await things.top_up(world)
    return Sent({"top_up_id": top_up}, keyed(door="wechat:native"), customer)


async def _withdrawing(world: World) -> Sent:
    customer = await _registered(world)
    await things.purse(world).topped_up(customer, 10_000)
    return Sent(form=keyed(amount="60", password=PASSWORD), customer=customer)


async def _withdrawal(world: World) -> Sent:
    customer, withdrawal = await things.withdrawal(world)
    return Sent({"withdrawal_id": withdrawal}, customer=customer)


async def _new_invoice(world: World) -> Sent:
    customer, order, _ = await things.bought(world)
    form = keyed(kind="person", title="李雷", email="li@example.com", order=order.order_no)
    return Sent(form=form, customer=customer)


async def _invoice(world: World) -> Sent:
    customer, invoice = await things.invoice(world)
    return Sent({"invoice_id": invoice}, customer=customer)


async def _invoice_file(world: World) -> Sent:
    customer, invoice = await things.invoice(world, issued=True)
    return Sent({"invoice_id": invoice}, customer=customer)


async def _benefit(world: World) -> Sent:
    customer, benefit = await things.benefit(world)
    return Sent({"benefit_id": benefit}, {"used": "true"}, customer)


async def _activation(world: World) -> Sent:
    await things.provider(world)
    customer, benefit = await things.benefit(world)
    return Sent(form={"only": str(benefit)}, customer=customer)


async def _launch(world: World) -> Sent:
    customer, launch = await things.launch(world)
    return Sent({"launch_id": launch}, customer=customer)


async def _bound(world: World) -> Sent:
    key, customer, shop = await things.provider(world), await world.customer(), world.till.shop
    partner = await world.till.one("select id from shop.provider where key = :key", key=key)
    async with writing(shop.engine) as session:
        await bindings.bind(session, shop.vault, customer.id, partner, "a-1", "138****8000")
    account = await world.till.one(
        "select public_id from shop.provider_account where customer_id = :id", id=customer.id
    )
    return Sent({"account_id": account}, customer=customer)


async def _case(world: World) -> Sent:
    customer, case, _, _ = await things.case(world)
    return Sent({"case_id": case}, keyed(words="还有一句"), customer)


async def _evidence(world: World) -> Sent:
    customer, case, _, file = await things.case(world, with_file=True)
    return Sent({"case_id": case, "evidence_id": file}, customer=customer)


async def _message(world: World) -> Sent:
    sent = await _case(world)
    files = (("files", ("a.png", picture(), "image/png")),)
    return Sent(sent.names, sent.form, sent.customer, files=files)


async def _new_case(world: World) -> Sent:
    customer, order, units = await things.bought(world)
    form = keyed(unit=str(units[0]), reason="other", words="坏的")
    return Sent({"order_no": order.order_no}, form, customer)


async def _parcel(world: World) -> Sent:
    customer, parcel = await things.parcel(world)
    return Sent({"parcel": parcel}, customer=customer)


async def _watch(world: World) -> Sent:
    sku = await world.market.sku(new_name())
    return Sent({"slug": sku.code.lower()}, {"sku": str(sku.id)}, await world.customer())


async def _channels(world: World) -> Sent:
    return Sent(form={"on": "paid"}, customer=await world.customer())


WAYS: PageWays = {
    "GET /account": PageWay(CUSTOMER, any_customer),
    "GET /account/security": PageWay(CUSTOMER, any_customer),
    "POST /account/security/password": PageWay(CUSTOMER, _new_password),
    "POST /account/security/sessions": PageWay(CUSTOMER, _elsewhere, GONE),
    "POST /account/security/sessions/others": PageWay(CUSTOMER, any_customer),
    "POST /account/security/sessions/all": PageWay(CUSTOMER, any_customer),
    "POST /account/security/devices": PageWay(CUSTOMER, _device, GONE),
    "GET /addresses": PageWay(CUSTOMER, any_customer),
    "GET /addresses/new": PageWay(CUSTOMER, any_customer),
    "POST /addresses/new": PageWay(CUSTOMER, _new_address),
    "GET /addresses/{address_id}": PageWay(CUSTOMER, _address, GONE),
    "POST /addresses/{address_id}": PageWay(CUSTOMER, _address, GONE),
    "POST /addresses/{address_id}/default": PageWay(CUSTOMER, _address, GONE),
    "POST /addresses/{address_id}/removal": PageWay(CUSTOMER, _address, GONE),
    "GET /account/contacts": PageWay(CUSTOMER, any_customer),
    "POST /account/contacts": PageWay(CUSTOMER, _contact),
    "GET /account/contacts/code": PageWay(CUSTOMER, _contact_code),
    "POST /account/contacts/code": PageWay(CUSTOMER, _contact_code, (401, 422)),
    "GET /account/data": PageWay(CUSTOMER, any_customer),
    "GET /account/data/export": PageWay(CUSTOMER, any_customer),
    "POST /account/data/consents": PageWay(CUSTOMER, any_customer),
    "POST /account/data/consents/{document}/withdrawal": PageWay(CUSTOMER, _consent),
    "POST /account/data/code": PageWay(CUSTOMER, any_customer),
    "POST /account/data/erasure": PageWay(CUSTOMER, _erasure, (401, 409, 422)),
    "GET /account/identity": PageWay(CUSTOMER, any_customer),
    "POST /account/identity": PageWay(CUSTOMER, _identity),
    "GET /orders": PageWay(CUSTOMER, any_customer),
    "GET /orders/{order_no}": PageWay(CUSTOMER, _order, GONE),
    "POST /orders/{order_no}/completion": PageWay(CUSTOMER, _order, GONE),
    "POST /orders/{order_no}/reveal": PageWay(CUSTOMER, _order, GONE),
    "GET /orders/{order_no}/pay": PageWay(CUSTOMER, _unpaid, GONE),
    "POST /orders/{order_no}/pay": PageWay(CUSTOMER, _unpaid, GONE),
    "POST /orders/{order_no}/cancel": PageWay(CUSTOMER, _unpaid, GONE),
    "GET /orders/{order_no}/pay/state": PageWay(CUSTOMER, _unpaid, GONE),
    "GET /cart": PageWay(CUSTOMER, any_customer),
    "POST /cart": PageWay(CUSTOMER, _cart),
    "GET /checkout": PageWay(CUSTOMER, _checkout_page),
    "POST /checkout": PageWay(CUSTOMER, _checkout, OTHERS),
    "GET /wallet": PageWay(CUSTOMER, any_customer),
    "GET /wallet/top-up": PageWay(CUSTOMER, any_customer),
    "POST /wallet/top-up": PageWay(CUSTOMER, _new_top_up),
    "GET /wallet/top-ups/{top_up_id}": PageWay(CUSTOMER, _top_up, GONE),
    "POST /wallet/top-ups/{top_up_id}/pay": PageWay(CUSTOMER, _top_up, GONE),
    "POST /wallet/top-ups/{top_up_id}/cancel": PageWay(CUSTOMER, _top_up, GONE),
    "GET /wallet/top-ups/{top_up_id}/state": PageWay(CUSTOMER, _top_up, GONE),
    "GET /wallet/withdraw": PageWay(CUSTOMER, any_customer),
    "POST /wallet/withdraw": PageWay(CUSTOMER, _withdrawing),
    "GET /wallet/withdrawals/{withdrawal_id}": PageWay(CUSTOMER, _withdrawal, GONE),
    "GET /invoices": PageWay(CUSTOMER, any_customer),
    "POST /invoices": PageWay(CUSTOMER, _new_invoice, OTHERS),
    "GET /invoices/{invoice_id}": PageWay(CUSTOMER, _invoice, GONE),
    "GET /invoices/{invoice_id}/file": PageWay(CUSTOMER, _invoice_file, GONE),
    "GET /benefits": PageWay(CUSTOMER, any_customer),
    "GET /benefits/launches/{launch_id}": PageWay(CUSTOMER, _launch, GONE),
    "GET /benefits/returns/{launch_id}": PageWay(CUSTOMER, _launch, GONE),
    "POST /benefits/activate": PageWay(CUSTOMER, _activation, GONE),
    "POST /benefits/accounts/{account_id}/remove": PageWay(CUSTOMER, _bound, GONE),
    "GET /benefits/{benefit_id}": PageWay(CUSTOMER, _benefit, GONE),
    "POST /benefits/{benefit_id}/reveal": PageWay(CUSTOMER, _benefit, GONE),
    "POST /benefits/{benefit_id}/used": PageWay(CUSTOMER, _benefit, GONE),
    "POST /benefits/{benefit_id}/ask": PageWay(CUSTOMER, _benefit, GONE),
    "GET /orders/{order_no}/help": PageWay(CUSTOMER, _order, GONE),
    "POST /orders/{order_no}/help": PageWay(CUSTOMER, _new_case, GONE),
    "GET /cases": PageWay(CUSTOMER, any_customer),
    "GET /cases/{case_id}": PageWay(CUSTOMER, _case, GONE),
    "GET /cases/{case_id}/evidence/{evidence_id}": PageWay(CUSTOMER, _evidence, GONE),
    "POST /cases/{case_id}/messages": PageWay(CUSTOMER, _message, GONE),
    "POST /cases/{case_id}/withdraw": PageWay(CUSTOMER, _case, GONE),
    "GET /parcels/{parcel}": PageWay(CUSTOMER, _parcel, GONE),
    "POST /parcels/{parcel}/confirm": PageWay(CUSTOMER, _parcel, GONE),
    "GET /notices": PageWay(CUSTOMER, any_customer),
    "POST /notices/read": PageWay(CUSTOMER, any_customer),
    "GET /account/notices": PageWay(CUSTOMER, any_customer),
    "POST /account/notices": PageWay(CUSTOMER, _channels),
    "POST /products/{slug}/watch": PageWay(CUSTOMER, _watch),
}
