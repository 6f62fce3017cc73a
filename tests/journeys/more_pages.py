"""Pages as the ways alone do not show them: of a shopper who has everything, without filters, with nothing there.

Each is the page of a route with a remark; which routes there are is known to `every_page`.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple
from uuid import UUID

import pyotp
from sqlalchemy import text

from mingsuan import clock
from tests.transactional.api_client import PASSWORD, new_email
from tests.transactional.api_ways.persons import HOME
from tests.transactional.api_ways.way import STAFF
from tests.transactional.api_ways.world import World, new_name
from tests.transactional.invoices.test_invoices import refund
from tests.transactional.orders.goods import Market
from tests.transactional.page_ways import things
from tests.transactional.page_ways.page_way import PageWays, keyed
from tests.transactional.page_ways.yard import staff_cookie
from tests.transactional.small_shop import Stocked
from tests.transactional.web.test_members import SECRET
from transactional import selling
from transactional.accounts import service as accounts
from transactional.accounts.members import sessions as members_sessions
from transactional.accounts.persons import addresses
from transactional.accounts.schemas import CustomerSubject
from transactional.aftersales import handling
from transactional.db import writing
from transactional.edge import CUSTOMER_COOKIE, STAFF_COOKIE
from transactional.notices.order_events import tell_of_orders
from transactional.orders import cart

LISTS = (
    *("/account", "/account/security", "/account/data", "/account/contacts", "/account/identity", "/addresses"),
    *("/orders", "/wallet", "/wallet/withdraw", "/invoices", "/benefits", "/cases", "/notices", "/cart"),
    "/checkout?cart=1",
)
UNPUBLISHED = text("update shop.product set publish_state = 'draft'")


class Asking(NamedTuple):
    """A request for one of these pages: by whom, and with a form when it is sent."""

    method: str
    address: str
    remark: str
    cookie: str
    form: Mapping[str, str] | None = None


@dataclass(frozen=True)
class _OneShopper(Stocked):
    """Whoever is asked for, it is this shopper."""

    shopper: CustomerSubject

    async def customer(self, name: str, balance_fen: int = 0) -> CustomerSubject:
        if balance_fen:
            async with writing(self.shop.engine) as session:
                why = f"start:{name}"
                await accounts.credit_wallet(session, self.shopper, balance_fen, "bank", why, self.shop.zone)
        return self.shopper


@dataclass(frozen=True)
class _OneShoppersMarket(Market):
    shopper: CustomerSubject

    async def customer(self, name: str, *, proven: bool = True) -> CustomerSubject:
        return self.shopper


async def askings(world: World, ways: PageWays) -> AsyncIterator[Asking]:
    """Each as it is to be asked next; what it needs is there when it is given out."""
    yield Asking("GET", "/search?q=nothing-like-this", "nothing found", "")
    sold_out = await world.market.sku(new_name())
    yield Asking("GET", f"/products/{sold_out.code.lower()}", "sold out", "")
    async for each in _of_one_who_has_everything(world):
        yield each
    for name, way in sorted(ways.items()):
        method, path = name.split(" ")
        is_list = method == "GET" and "{" not in path and not path.endswith("/export")
        if is_list and path.startswith("/desk") and way.by[0] in STAFF:
            yield Asking("GET", path, "unfiltered", await staff_cookie(world, way.by[0]))
    async for each in _two_steps(world):
        yield each
    yield Asking("GET", "/desk/staff", "not for this role", await staff_cookie(world, "auditor"))
    async for each in _closed(world):
        yield each


async def _of_one_who_has_everything(world: World) -> AsyncIterator[Asking]:
    shopper = await world.market.customer(new_name("full"))
    shop = world.till.shop
    own = replace(
        world,
        till=replace(world.till, stocked=_OneShopper(shop, world.till.stocked.sku, shopper)),
        market=_OneShoppersMarket(shop, shopper),
    )
    orders = await _everything(own, shopper)
    cookie = f"{CUSTOMER_COOKIE}={await world.token_of(shopper)}"
    for address in LISTS:
        yield Asking("GET", address, "with much in it", cookie)
    for state, order_no in orders.items():
        yield Asking("GET", f"/orders/{order_no}", state, cookie)
    [unit] = await own.market.fulfilment_ids(orders["not shown"])
    promised = f"/orders/{orders['not shown']}/help?unit={unit}&reason="
    yield Asking("GET", f"{promised}changed_mind", "what will happen", cookie)
    yield Asking("GET", f"{promised}other", "what will happen, by a person", cookie)
    yield Asking("GET", f"{promised}does_not_work", "not yet", cookie)
    yield Asking("POST", f"/orders/{orders['not shown']}/reveal", "shown", cookie, {"unit": str(unit)})


async def _everything(own: World, shopper: CustomerSubject) -> dict[str, str]:
    """Something of each kind; order numbers by what became of them."""
    shop, till = own.till.shop, own.till
    await things.launch(own)
    _, case, _, _ = await things.case(own, with_file=True)
    await _answered(own, case)
    for _ in range(2):
        await things.invoice(own, issued=True)
    await things.invoice(own)
    await things.parcel(own)
    await things.withdrawal(own)
    await things.purse(own).topped_up(shopper, 100_000)
    _, refunded, _ = await till.bought()
    await refund(till, refunded)
    _, unpaid = await till.place(3)
    _, by_hand, _, _ = await own.paid("manual_service", 2)
    _, bought, _ = await till.bought()
    await tell_of_orders(shop)
    async with writing(shop.engine) as session:
        for city in ("杭州市", "乌鲁木齐市"):
            await addresses.add(session, shop.vault, shopper.id, {**HOME, "city": city})
        await cart.put(session, shopper.id, till.stocked.sku.id, 3, clock.now())
        await cart.put(session, shopper.id, (await own.market.sku(new_name())).id, 1, clock.now())
    numbers = {"refunded": refunded, "to be paid": unpaid, "made by hand": by_hand, "not shown": bought}
    return {state: order.order_no for state, order in numbers.items()}


async def _answered(own: World, case: UUID) -> None:
    staff, vault = await own.till.staff(), own.till.shop.vault
    seen = await own.till.one("select revision from shop.aftersales_case where public_id = :id", id=case)
    async with writing(own.till.shop.engine) as session:
        await handling.answer(session, vault, staff, case, seen, "请问您在哪里使用，看到了什么提示？", "ask")


async def _two_steps(world: World) -> AsyncIterator[Asking]:
    """A second step that is set up, and that is asked for at the next log-in."""
    email = new_email()
    async with writing(world.till.shop.engine) as session:
        member = await accounts.add_staff(session, email, PASSWORD, "Wang", "operator")
        token = await members_sessions.open_session(
            session, member.id, world.till.shop.settings, by="password", device="Firefox", network="198.51.100.0/24"
        )
    cookie = f"{STAFF_COOKIE}={token.token}"
    await world.client.post("/desk/profile/two-step", headers={"cookie": cookie}, data=keyed())
    page = Asking("GET", "/desk/profile/two-step", "being set up", cookie)
    yield page
    shown = await world.client.get(page.address, headers={"cookie": cookie})
    [secret] = SECRET.findall(shown.text)
    code = keyed(code=pyotp.TOTP(secret).at(clock.now()))
    await world.client.post("/desk/profile/two-step/confirm", headers={"cookie": cookie}, data=code)
    half_way = await world.client.post("/desk/log-in", data={"email": email, "password": PASSWORD, "next": "/desk"})
    own = half_way.headers["set-cookie"].partition(";")[0]
    yield Asking("GET", half_way.headers["location"], "the second step", own)


async def _closed(world: World) -> AsyncIterator[Asking]:
    """Selling is paused; then nothing is on sale."""
    staff, engine = await world.till.staff(), world.till.shop.engine
    cookie = f"{CUSTOMER_COOKIE}={await world.token_of(await world.customer(10_000))}"
    async with writing(engine) as session:
        await selling.pause(session, "moving house", staff)
    yield Asking("GET", "/", "selling is paused", "")
    form = keyed(sku=str(world.till.stocked.sku.id), quantity="1", total_fen="5000", door="wallet", agreed="1")
    yield Asking("POST", "/checkout", "selling is paused", cookie, form)
    yield Asking("GET", "/desk/profile", "selling is paused", await staff_cookie(world, "owner"))
    async with writing(engine) as session:
        await selling.resume(session, staff)
        await session.execute(UNPUBLISHED)
    await world.till.shop.catalogue.forget()
    yield Asking("GET", "/", "nothing on sale", "")
