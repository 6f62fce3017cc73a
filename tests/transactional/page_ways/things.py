"""What belongs to customers: parcels, benefits, cases, invoices, top-ups, withdrawals; made as they and staff do."""

from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from mingsuan import clock
from mingsuan.settings import Settings
from tests.transactional.api_ways.world import World, new_name
from tests.transactional.invoices.test_invoices import COMPANY, ask, issue
from tests.transactional.logistics.conftest import ADDRESS
from tests.transactional.payments.conftest import Till
from tests.transactional.small_shop import PRICE_FEN
from tests.transactional.wallets.conftest import ACCOUNT, NAME, Purse
from transactional.accounts.persons import identity_checks
from transactional.accounts.persons.identity_rules import check_character
from transactional.accounts.schemas import CustomerSubject
from transactional.aftersales import opening
from transactional.aftersales import service as aftersales
from transactional.aftersales.evidence_files import CleanFile
from transactional.aftersales.schemas import NewCase
from transactional.benefits import launching, providers
from transactional.benefits import service as benefits
from transactional.benefits.launching import Wish
from transactional.benefits.providers import NewProvider
from transactional.benefits.queries import Wanted
from transactional.catalogue import queries as catalogue
from transactional.db import writing
from transactional.logistics import dispatching
from transactional.logistics.dispatching import Sending
from transactional.logistics.service import ship_to
from transactional.orders.checkout import PlacedOrder

PDF = b"%PDF-1.7\nan invoice"


def purse(world: World) -> Purse:
    assert isinstance(world.till, Purse)
    return world.till


async def bought(world: World, quantity: int = 1) -> tuple[CustomerSubject, PlacedOrder, list[UUID]]:
    customer, order, _ = await world.till.bought(quantity)
    return customer, order, await world.market.fulfilment_ids(order.order_no)


async def provider(world: World) -> str:
    """A partner that activates the product of `till.stocked`."""
    key = new_name("p").replace("-", "").lower()[:20]
    new = NewProvider(key, "伙伴", "Partner", "https://partner.test/activate", "https://partner.test/api")
    shop = world.till.shop
    async with writing(shop.engine) as session:
        await providers.add(session, shop.vault, new)
        product = await catalogue.product_id(session, world.till.stocked.sku.code.lower())
        assert product is not None
        await providers.assign(session, product, key)
    return key


async def benefit(world: World) -> tuple[CustomerSubject, UUID]:
    customer, _, _ = await bought(world)
    shop = world.till.shop
    async with writing(shop.engine) as session:
        await benefits.bring_in_step(session, await benefits.behind(session, customer.id), shop.zone)
        [owned] = (await benefits.benefits(session, customer.id, Wanted(benefits.ALL_STATES))).items
    return customer, owned.id


async def launch(world: World) -> tuple[CustomerSubject, UUID]:
    """A way to the provider that a customer began."""
    await provider(world)
    customer, owned = await benefit(world)
    shop = world.till.shop
    async with writing(shop.engine) as session:
        way = await launching.launch(session, shop.vault, Wish(customer.id, (owned,), "https://shop.test"), shop.zone)
    return customer, way.id


async def case(world: World, *, with_file: bool = False) -> tuple[CustomerSubject, UUID, UUID, UUID | None]:
    """A case, its unit, and a picture in it."""
    customer, order, units = await bought(world)
    new = NewCase(order_no=order.order_no, unit_ids=tuple(units), reason="other", words="不能用")
    shop = world.till.shop
    async with writing(shop.engine) as session:
        opened = (await opening.open_case(session, shop.vault, customer.id, new, (), shop.zone)).id
        if not with_file:
            return customer, opened, units[0], None
        clean = CleanFile("application/pdf", PDF)
        kept = await aftersales.attach(session, shop.vault, customer.id, opened, clean)
    return customer, opened, units[0], kept.id


async def box(world: World) -> tuple[CustomerSubject, PlacedOrder, UUID]:
    """A paid order of something that is sent."""
    customer, order, [unit], _ = await world.paid("physical")
    async with writing(world.till.shop.engine) as session:
        await ship_to(session, world.till.shop.vault, order.order_id, customer.id, ADDRESS)
    return customer, order, unit


async def parcel(world: World) -> tuple[CustomerSubject, UUID]:
    customer, order, _ = await box(world)
    shop = world.till.shop
    clerk = await world.till.staff()
    async with writing(shop.engine) as session:
        number = new_name("SF").upper().replace("-", "")
        sending = Sending(order.order_no, "shunfeng", number)
        return customer, await dispatching.dispatch(session, shop.vault, sending, clerk, shop.zone)


async def invoice(world: World, *, issued: bool = False) -> tuple[CustomerSubject, UUID]:
    customer, order, _ = await bought(world)
    asked_for = await ask(world.till, customer, order.order_no, buyer=COMPANY)
    if issued:
        await issue(world.till, asked_for, await world.till.staff(), uuid4().hex[:20], PRICE_FEN, PDF)
    return customer, asked_for


async def top_up(world: World) -> tuple[CustomerSubject, UUID]:
    customer = await world.customer()
    return customer, await purse(world).open(customer, 10_000)


async def withdrawal(world: World, *, approved: bool = False) -> tuple[CustomerSubject, UUID]:
    """To a bank account, of money that did not come through a gateway."""
    customer = await world.customer(10_000)
    asked_for = await purse(world).ask_back(customer, 6_000, ACCOUNT, NAME)
    if approved:
        await purse(world).approve(asked_for, await world.till.staff())
    return customer, asked_for


async def identity(world: World) -> UUID:
    """A check that waits for staff, in a shop without a provider of checks."""
    customer = await world.customer()
    number = identity_number()
    await identity_checks.ask(world.till.shop, customer.id, "李雷", number, uuid4().hex, "zh_CN")
    found: UUID = await world.till.one(
        "select public_id from shop.identity_check where customer_id = :id", id=customer.id
    )
    return found


def identity_number() -> str:
    """Of somebody who was not checked yet."""
    body = f"330106{1950 + uuid4().int % 45}0307{uuid4().int % 1000:03}"
    return body + check_character(body)


async def job(till: Till) -> int:
    """A job that failed for good."""
    sql = (
        "insert into jobs.procrastinate_jobs (queue_name, task_name, args, status)"
        " values ('shop', 'payments.ask_due', '{\"timestamp\": 0}', 'failed') returning id"
    )
    return int(await till.one(sql))


def today() -> str:
    """Where the shop is: its day begins eight hours before that of UTC."""
    return f"{clock.now().astimezone(ZoneInfo(Settings().timezone)):%Y-%m-%d}"
