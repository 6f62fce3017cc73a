"""A shop in which everything has happened at least once, and where to look for what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from mingsuan import clock
from tests.transactional.api_ways.world import World, new_name
from tests.transactional.backoffice.test_trace import much_happened
from tests.transactional.page_ways import (
    back_rooms,
    customers,
    desk,
    draws,
    play,
    public_log,
    purchases,
    routing,
    shop,
    stock,
    supply,
    supply_money,
    things,
)
from tests.transactional.page_ways.page_way import PageWays, Sent, keyed
from tests.transactional.page_ways.yard import ask, staff_cookie
from transactional import selling
from transactional.accounts.persons import addresses
from transactional.accounts.schemas import CustomerSubject
from transactional.benefits import bindings
from transactional.catalogue.forms import FormField
from transactional.db import writing
from transactional.edge import CUSTOMER_COOKIE
from transactional.logistics import tracking
from transactional.logistics.kuaidi_words import Event, Report
from transactional.logistics.models import Shipment
from transactional.marketing import service as marketing
from transactional.notices.service import tell
from transactional.orders import by_hand
from transactional.orders.models import OrderImport
from transactional.payments.models import GatewayBill, GatewayBillLine, ProfitShare
from transactional.statement_intake import NewFile
from transactional.suppliers.money import statements
from transactional.suppliers.money.statements import NewStatement

SLICES = (shop, customers, desk, stock, back_rooms, supply, purchases, routing, supply_money, draws, play, public_log)
WAYS: PageWays = {name: way for part in SLICES for name, way in part.WAYS.items()}
DONE = {
    "POST /account/contacts": "",
    "POST /cart": "GET /cart",
    "POST /desk/aftersales/{case_id}/decide/{kind}": "GET /desk/aftersales/{case_id}",
    "POST /desk/alerts/{alert}/acknowledge": "",
    "POST /desk/cards/defects": "",
    "POST /desk/cards/{batch}/cost": "GET /desk/cards/{batch}",
    "POST /desk/cards/{batch}/credit": "GET /desk/cards/{batch}",
    "POST /desk/cards/{batch}/export": "GET /desk/cards/{batch}",
    "POST /desk/claims/{claim}/send": "GET /desk/claims/{claim}",
    "POST /desk/draws/modes/opinions": "",
    "POST /desk/draws/{draw}/void": "GET /desk/draws/{draw}",
    "POST /desk/draws/{draw}/winners/{winner}/forfeit": "GET /desk/draws/{draw}",
    "POST /desk/invoices/{invoice_id}/issue": "GET /desk/invoices/{invoice_id}",
    "POST /desk/invoices/{invoice_id}/red-flush": "GET /desk/invoices/{invoice_id}",
    "POST /desk/invoices/{invoice_id}/refuse": "GET /desk/invoices/{invoice_id}",
    "POST /desk/parcels/{parcel}/receipt": "GET /desk/parcels/{parcel}",
    "POST /desk/providers/products": "",
    "POST /desk/purchases/{purchase}/end": "GET /desk/purchases/{purchase}",
    "POST /desk/rates": "",
    "POST /desk/review/{case_id}/resolve": "GET /desk/review/{case_id}",
    "POST /desk/suppliers/{supplier}/payments": "GET /desk/suppliers/{supplier}",
    "POST /desk/wallets": "GET /desk/wallets",
    "POST /desk/withdrawals/{withdrawal_id}/failed": "GET /desk/withdrawals/{withdrawal_id}",
    "POST /desk/withdrawals/{withdrawal_id}/paid": "GET /desk/withdrawals/{withdrawal_id}",
    "POST /desk/withdrawals/{withdrawal_id}/refuse": "GET /desk/withdrawals/{withdrawal_id}",
}
"""What is done before the texts are overwritten, and the page of the same thing to look at afterwards."""
LISTS = {
    "GET /addresses": "GET /addresses/{address_id}",
    "GET /benefits": "GET /benefits/launches/{launch_id}",
    "GET /cases": "GET /cases/{case_id}",
    "GET /invoices": "GET /invoices/{invoice_id}",
    "GET /orders": "GET /orders/{order_no}",
    "GET /notices": "GET /orders/{order_no}",
    "GET /wallet": "GET /wallet/withdrawals/{withdrawal_id}",
    "GET /account": "GET /addresses/{address_id}",
    "GET /account/data/export": "GET /cases/{case_id}",
}
"""Pages of a customer's own things, and the way whose customer has some."""
FILES = (
    "POST /desk/cards/{batch}/export",
    "POST /desk/ledger/accounts/{account}/export",
    "POST /desk/ledger/months/{month}/journal",
    "POST /desk/orders/export",
    "POST /desk/parcels/export",
)
SHOWS = (
    "POST /account/draws/prizes/{prize_id}/code",
    "POST /desk/withdrawals/{withdrawal_id}/account",
    "POST /benefits/{benefit_id}/reveal",
    "POST /desk/cards/import/check",
    "POST /desk/parcels/import/preview",
    "POST /desk/search",
    "POST /orders/{order_no}/reveal",
)
"""Forms that are answered with what was found rather than with a way on."""


@dataclass(frozen=True)
class Look:
    """A request as somebody who may make it."""

    name: str
    sent: Sent
    cookie: str = ""


@dataclass
class Happened:
    """What to look at: looks of any kind, and by route what its own way prepared. One log-in a person."""

    looks: list[Look] = field(default_factory=list)
    ways: dict[str, Sent] = field(default_factory=dict)
    cookies: dict[int, str] = field(default_factory=dict)

    async def cookie(self, world: World, name: str, customer: CustomerSubject | None) -> str:
        at_desk = name.split(" ")[1].startswith("/desk")
        if customer is None and not at_desk:
            return ""
        whose = 0 if at_desk or customer is None else customer.id
        if whose not in self.cookies:
            by_token = f"{CUSTOMER_COOKIE}={await world.token_of(customer)}" if whose and customer else ""
            self.cookies[whose] = by_token or await staff_cookie(world, "owner")
        return self.cookies[whose]


async def everything(world: World) -> Happened:
    """All of it, with plain words everywhere."""
    happened = Happened()
    await _traced(world, happened)
    await _asked_for(world, happened)
    await _about_to_pay(world, happened)
    await _spoken_of(world, happened)
    await _billed(world, happened)
    for name, page in DONE.items():
        await _done(world, happened, name, page)
    for name, way in WAYS.items():
        if name.startswith("GET") or name in (*FILES, *SHOWS):
            happened.ways[name] = await _by_number(world, await way.prepare(world))
    await _bound(world, happened.ways["GET /benefits/launches/{launch_id}"].customer)
    for name, sent in happened.ways.items():
        owner = happened.ways[LISTS[name]].customer if name in LISTS else sent.customer
        happened.looks += [
            Look(name, each, await happened.cookie(world, name, owner)) for each in _kinds_of(name, sent)
        ]
    async with writing(world.till.shop.engine) as session:
        await selling.pause(session, "stock-taking", None)
    return happened


async def _by_number(world: World, sent: Sent) -> Sent:
    """Customers are named by what stays: their addresses are about to be overwritten."""
    known = {
        email: str(public_id)
        for email, public_id in await world.till.rows("select email, public_id from shop.customer where email > ''")
    }
    names = {name: known.get(str(value), value) for name, value in sent.names.items()}
    return replace(sent, names=names, query={name: known.get(value, value) for name, value in sent.query.items()})


def _kinds_of(name: str, sent: Sent) -> list[Sent]:
    """A file in every kind that it is made in, a list without its filters too."""
    if name in FILES or name.endswith("/export"):
        formats = ({"format": kind} for kind in ("csv", "xlsx"))
        everything = {field: typed for field, typed in sent.form.items() if field != "state"}
        return [replace(sent, form={**everything, **each}, query={**sent.query, **each}) for each in formats]
    whole = name.startswith("GET") and sent.query and not sent.names and name != "GET /desk/ledger/transactions"
    return [sent, replace(sent, query={})] if whole else [sent]


async def _see(
    world: World,
    happened: Happened,
    name: str,
    names: Mapping[str, object],
    customer: CustomerSubject | None = None,
    **query: str,
) -> None:
    happened.looks.append(Look(name, Sent(names, query=query), await happened.cookie(world, name, customer)))


async def _done(world: World, happened: Happened, name: str, page: str) -> None:
    sent = await WAYS[name].prepare(world)
    said = await ask(world, name, sent, await happened.cookie(world, name, sent.customer))
    assert said.status_code in (200, 303), (name, said.text)
    if page:
        query = {"email": sent.form["email"]} if page == "GET /desk/wallets" else {}
        await _see(world, happened, page, sent.names, sent.customer, **query)


async def _owner_of(world: World, order_no: str) -> CustomerSubject:
    sql = (
        "select c.id, c.public_id from shop.customer as c join shop.orders as o on o.customer_id = c.id"
        " where o.order_no = :order_no"
    )
    [[inside, outside]] = await world.till.rows(sql, order_no=order_no)
    return CustomerSubject(inside, outside, "", "")


async def _traced(world: World, happened: Happened) -> None:
    """Paid, shown, replaced, refunded, disputed, billed, shared, imported: one order has it all on its page."""
    order = await much_happened(world.till)
    payment = await world.till.one(
        "select id from shop.payment where order_id = :id and state = 'succeeded'", id=order.order_id
    )
    at = clock.now()
    async with writing(world.till.shop.engine) as session:
        bill = GatewayBill(method="wechat", bill_date=at.date(), file_sha256=b"x", line_count=1, difference_count=0)
        bill.paid_fen = bill.refunded_fen = bill.fee_fen = 0
        file = OrderImport(source="old", file_name="old.csv", file_sha256=b"x", row_count=1, new_row_count=1)
        session.add_all([bill, file])
        await session.flush()
        line = GatewayBillLine(bill_id=bill.id, line_no=1, kind="payment", out_trade_no="P1", gateway_trade_no="T1")
        line.amount_fen, line.fee_fen, line.happened_at, line.verdict, line.payment_id = 1, 0, at, "matched", payment
        share = ProfitShare(payment_id=payment, kind="share", state="succeeded", out_order_no="S1", amount_fen=1)
        share.not_before, share.receiver_account = at, "PARTNER"
        session.add_all([line, share])
        await session.flush()
        imported = file.id
    await world.till.rows(
        "update shop.orders set import_id = :file, source = 'old', source_ref = '1' where id = :id returning id",
        file=imported,
        id=order.order_id,
    )
    customer = await _owner_of(world, order.order_no)
    names = {"order_no": order.order_no}
    for name in ("GET /orders/{order_no}", "GET /desk/orders/{order_no}", "GET /desk/orders/{order_no}/refund"):
        await _see(world, happened, name, names, customer)
    await _see(world, happened, "GET /desk/customers/{customer}", {"customer": customer.public_id})
    await _see(world, happened, "GET /notices", {}, customer)


async def _asked_for(world: World, happened: Happened) -> None:
    """A service that asks its buyer for something, ordered and delivered by hand; another buyer is about to order."""
    account = FormField(name="account", label_zh="账号", label_en="Account")
    server = FormField(name="server", label_zh="区服", label_en="Server", kind="select", options=("一区",))
    sku = await world.market.sku(new_name(), "manual_service", form=(account, server))
    buyer = await world.customer()
    order = await world.market.order(buyer, (sku, 1), answers={"account": "li", "server": "一区"})
    await world.market.pay(order)
    [unit] = await world.market.fulfilment_ids(order.order_no)
    clerk, kept = await world.till.staff(), world.till.shop
    async with writing(kept.engine) as session:
        await by_hand.deliver(session, kept.vault, unit, "user: li", 100, clerk, kept.zone)
        await addresses.add(session, kept.vault, buyer.id, customers.HOME)
    names = {"order_no": order.order_no, "slug": sku.code.lower()}
    shown = Look(
        "POST /orders/{order_no}/reveal",
        Sent(names, keyed(unit=str(unit))),
        await happened.cookie(world, "POST /orders/{order_no}/reveal", buyer),
    )
    happened.looks.append(shown)
    for name in ("GET /orders/{order_no}", "GET /desk/orders/{order_no}", "GET /products/{slug}"):
        await _see(world, happened, name, names, buyer)
    await _see(world, happened, "GET /desk/products/{slug}", names)
    await _see(world, happened, "GET /checkout", {}, buyer, sku=str(sku.id), quantity="1")


async def _about_to_pay(world: World, happened: Happened) -> None:
    """A gateway has said where an order can be paid."""
    customer, order = await world.till.place()
    await world.till.start(customer, order)
    await _see(world, happened, "GET /orders/{order_no}/pay", {"order_no": order.order_no}, customer)


async def _bound(world: World, customer: CustomerSubject | None) -> None:
    """The provider that the customer was on the way to has named the account."""
    assert customer is not None
    partner = await world.till.one(
        "select provider_id from shop.benefit_launch where customer_id = :id", id=customer.id
    )
    async with writing(world.till.shop.engine) as session:
        await bindings.bind(session, world.till.shop.vault, customer.id, partner, "a-1", "138****8000")


async def _billed(world: World, happened: Happened) -> None:
    """A supplier names a purchase by its own number, in a statement and for a claim; a platform names campaigns."""
    row, shop = await supply.channel(world), world.till.shop
    content = f"supplier_ref,amount\n{new_name('S')},9.99\n".encode()
    async with writing(shop.engine) as session:
        new = NewStatement(row.id, "bill.csv", content, "desk", (date(2026, 1, 3), date(2026, 1, 3)))
        taken = await statements.take_in(session, new, shop.zone, shop.currency)
    await _see(world, happened, "GET /desk/statements/{statement}", {"statement": taken.id})
    spent = f"date,campaign,channel,amount\n2026-01-02,{new_name('C')},douyin,9.99\n".encode()
    async with writing(shop.engine) as session:
        told = await marketing.take_in(
            session, NewFile("oceanengine", "spend.csv", spent, "desk"), shop.zone, shop.currency
        )
    await _see(world, happened, "GET /desk/costs/{kind}/{statement}", {"kind": "ad-spend", "statement": told.id})
    claim = (await supply_money.WAYS["GET /desk/claims/{claim}"].prepare(world)).names
    sent = "update shop.defect_claim set state = 'sent', sent_at = now() where public_id = :id returning id"
    await world.till.rows(sent, id=claim["claim"])
    await _see(world, happened, "GET /desk/claims/{claim}", claim)


async def _spoken_of(world: World, happened: Happened) -> None:
    """A courier says something of a parcel, its customer is told of a log-in."""
    customer, parcel = await things.parcel(world)
    at = clock.now() - timedelta(hours=1)
    async with writing(world.till.shop.engine) as session:
        inside = await world.till.one("select id from shop.shipment where public_id = :id", id=parcel)
        row = await session.get_one(Shipment, inside)
        await tracking.heard(session, world.till.shop.vault, row, Report("in_transit", (Event(at, "已揽收"),)), "query")
        await tell(session, customer.id, "new_device", "device:1", {"device": "Firefox", "network": "198.51.100.0/24"})
    await _see(world, happened, "GET /parcels/{parcel}", {"parcel": parcel}, customer)
    await _see(world, happened, "GET /desk/parcels/{parcel}", {"parcel": parcel})
    await _see(world, happened, "GET /notices", {}, customer)
