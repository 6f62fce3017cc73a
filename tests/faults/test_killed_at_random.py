"""Shop and worker are killed again and again while everybody is busy: afterwards books, orders and stock agree."""

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
import psycopg
import pytest

from mingsuan.postgres import DatabaseUrls
from mingsuan.settings import Settings
from simulation.gateways.entries import BookError, FeeTerms
from simulation.gateways.misbehaviour import Misbehaviour
from tests.faults import evening
from tests.faults.asking import Asking, Who, same
from tests.faults.busy_books import METHODS, differences, unlike_the_gateways, wrong
from tests.faults.busy_people import Aftercare, Busy, Clerk, Shopper, Spoiler
from tests.faults.busy_shop import Goods, customers, staff, stocked
from tests.faults.mortals import Mortals, free_ports
from tests.simulation.gateways.served import World, served
from transactional.db import engine
from transactional.ledger import command_line as ledger
from transactional.shop import open_shop

pytestmark = [pytest.mark.proof, pytest.mark.anyio, pytest.mark.enable_socket, pytest.mark.xdist_group("heavy")]

SEED = 20261122
SHOPPERS, CLERKS = 3, 1
"""Besides those with scripts of their own."""
SCRIPTS = 2
EXTRA_S = 20
STOCK_IS_SHOWN_WITHIN_S = 10
LATE = 4
"""Orders that lapsed and are paid all the same."""
HAPPENS = (
    "purchase from the wallet",
    "checkout",
    "checkout paid from the wallet",
    "paid by wechat",
    "paid by alipay",
    "paid twice",
    "paid late",
    "cancellation",
    "completion",
    "reveal",
    "refund before delivery",
    "refund after delivery",
    "partial refund after delivery",
    "delivery by hand",
    "parcel",
    "replaced code",
    "bad code in stock",
    "card import",
    "units taken in",
    "bulk redeliver: delivered",
    "bulk refund: refunding",
)


@dataclass(frozen=True, slots=True)
class Cast:
    """Who takes part."""

    goods: Goods
    shoppers: Sequence[Who]
    clerks: Sequence[Who]


async def _cast(urls: DatabaseUrls, settings: Settings) -> Cast:
    source = engine(urls.app)
    shop = await open_shop(settings, source)
    try:
        goods = await stocked(shop, 2000)
        shoppers = await customers(shop, SHOPPERS + SCRIPTS)
        return Cast(goods, shoppers, [await staff(shop, f"clerk-{number}") for number in range(CLERKS + SCRIPTS)])
    finally:
        await shop.aclose()
        await source.dispose()


async def _busy(busy: Busy, cast: Cast, mortals: Mortals, kills: int) -> None:
    """Everybody at once, until so many kills struck; who has not yet done everything once then may still do so."""
    *shoppers, returning, spoiling = (Shopper(busy, who) for who in cast.shoppers)
    *clerks, scribe, spoiler = (Clerk(busy, who) for who in cast.clerks)
    scripted = (Aftercare(scribe, returning), Spoiler(spoiler, spoiling))
    people: list[Shopper | Clerk | Aftercare | Spoiler] = [*shoppers, *clerks, *scripted]
    async with asyncio.TaskGroup() as everybody:
        living = [everybody.create_task(busy.live(person.stories())) for person in people]
        while mortals.kills.total() < kills:
            assert not any(life.done() for life in living)
            await mortals.decimate(1, busy.chance)
        with suppress(TimeoutError):
            async with asyncio.timeout(EXTRA_S):
                while _not_yet(busy) - {"paid late"}:
                    await asyncio.sleep(0.1)
        busy.ended = True


def _not_yet(busy: Busy) -> set[str]:
    return {what for what in HAPPENS if not busy.happened[what]}


async def _late_payers(busy: Busy, misbehaviour: Misbehaviour) -> None:
    """Who left an order pays after all, when its time is over; the gateways tell of it."""
    told_of = [each for each in busy.left if misbehaviour.copies(f"paid:{each[1]}")]
    for method, number in told_of[:LATE]:
        with suppress(BookError):  # lost before the gateway heard of it
            busy.gateways.pay(method, number, late=True)
            busy.happened["paid late"] += 1


async def _settle(busy: Busy, mortals: Mortals, clerk: Clerk, misbehaviour: Misbehaviour) -> None:
    """Notices arrive, orders lapse, late money comes, staff settle what waits for codes."""
    await mortals.up()
    await asyncio.to_thread(busy.gateways.deliveries.drain, 30)
    evening.time_passes(busy.database, timedelta(minutes=2))
    await evening.settled(busy.database, mortals)
    await _late_payers(busy, misbehaviour)
    await asyncio.to_thread(busy.gateways.deliveries.drain, 30)
    await evening.settled(busy.database, mortals)
    waiting = await busy.asking.read(clerk.who, "/staff/orders/stuck?reason=stock&limit=200")
    if waiting["items"]:
        await clerk.bulk([each["order_no"] for each in waiting["items"]], "refund")
    await evening.settled(busy.database, mortals)


async def _answers_stay(busy: Busy) -> None:
    """Each command that was accepted is answered the same when it is sent again, and does nothing.

    No answer with a code is kept: who asks again to be shown a unit sees what it consists of now.
    """
    before = _rows_written(busy)
    otherwise = {f"/fulfilments/{unit}/reveals" for (unit,) in busy.rows(GIVEN_BACK_OR_REPLACED)}
    for told in busy.asking.told:
        if told.said_yes:
            again = await busy.asking.repeated(told)
            assert told.path in otherwise or same(told, again), (told.path, told.answer, again)
    assert _rows_written(busy) == before


def _rows_written(busy: Busy) -> list[tuple[int, ...]]:
    tables = ("orders", "payment", "refund", "ledger_transaction", "card", "card_defect", "staff_act", "card_reveal")
    return [busy.rows(f"select count(*) from shop.{table}")[0] for table in tables]


def _told_is_done(busy: Busy) -> None:
    """What was answered is there, and nothing else is: one order, refund, defect, batch, reveal for each answer."""
    placed = sorted(number for (number,) in busy.rows("select order_no from shop.orders"))
    assert placed == sorted(busy.orders)
    assert len(set(placed)) == len(placed)
    happened = busy.happened
    one = {
        "card_defect": happened["replaced code"] + happened["bad code in stock"],
        "card_reveal": happened["reveal"],
        "sealed_delivery": happened["delivery by hand"] + happened["parcel"],
    }
    assert {table: busy.rows(f"select count(*) from shop.{table}")[0][0] for table in one} == one
    [(by_staff,)] = busy.rows("select count(*) from shop.staff_act where act = 'refund' and reason = 'asked for'")
    assert by_staff == sum(happened[what] for what in happened if what.startswith(("refund ", "partial refund ")))
    [(imports,)] = busy.rows("select count(*) from shop.card_batch where imported_by is not null")
    assert imports == happened["card import"] + happened["units taken in"]


async def _stock_is_shown(busy: Busy, who: Who) -> None:
    """What a shopper sees is what is there to be sold, at the latest when what was remembered has aged."""
    free = dict(
        busy.rows(
            "select s.code, count(c.id) filter (where c.state = 'available' and c.free_at <= now())"
            " from shop.sku s join shop.card c on c.sku_id = s.id group by 1"
        )
    )
    assert {"GAME", "GIFT", "RARE", "FIGURE"} == set(free)
    async with asyncio.timeout(STOCK_IS_SHOWN_WITHIN_S):
        while free != {code: (await busy.asking.read(who, f"/products/{code.lower()}"))["stock"] for code in free}:
            await asyncio.sleep(0.1)


def _story(busy: Busy, mortals: Mortals) -> str:
    """What happened, for who reads the run's output."""
    states = busy.rows("select state, count(*) from shop.orders group by 1 order by 1")
    payments = busy.rows("select method, state, count(*) from shop.payment group by 1, 2 order by 1, 2")
    payouts = busy.rows(
        "select method, state, count(*), sum(amount_fen) from shop.refund_payout group by 1, 2 order by 1"
    )
    verdicts = busy.rows("select verdict, count(*) from shop.payment_notification group by 1 order by 1")
    receipts = busy.rows("select reason, state, count(*) from shop.unapplied_receipt group by 1, 2 order by 1")
    jobs = busy.rows("select count(*), count(*) filter (where attempts > 1) from jobs.procrastinate_jobs")
    lines = {
        "kills": dict(mortals.kills),
        "commands": f"{len(busy.asking.told)}, asked again because cut off {busy.asking.cut_off}",
        "happened": dict(sorted(busy.happened.items())),
        "refused": dict(busy.asking.refusals),
        "orders": dict(states),
        "payments": payments,
        "payouts": payouts,
        "notices": dict(verdicts),
        "receipts": receipts,
        "late": dict(busy.rows(LATE_DECISIONS)),
        "jobs, run again": jobs,
    }
    return "\n".join(f"{name}: {value}" for name, value in lines.items())


GIVEN_BACK_OR_REPLACED = """
select f.public_id from shop.fulfilment f
where f.state = 'refunded' or exists (select from shop.card_defect d where d.fulfilment_id = f.id)
"""
LATE_DECISIONS = "select detail ->> 'decision', count(*) from shop.order_event where kind = 'late_payment' group by 1"


async def test_books_orders_and_stock_agree_whenever_shop_and_worker_are_killed(
    fresh_database: DatabaseUrls, tmp_path: Path, full_counts: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    kills = 100 if full_counts else 6
    chance = random.Random(SEED)  # noqa: S311
    misbehaviour = Misbehaviour(SEED, silence=0.08, duplicates=0.3, delay=0.2, forgeries=0.1, lies=0.05)
    fees = {method: FeeTerms(returned_on_refund=False) for method in METHODS}
    shop_port, worker_port = free_ports(2)
    cast = await _cast(fresh_database, Settings(var=tmp_path / "v"))
    (tmp_path / "g").mkdir()
    with (
        served(tmp_path / "g", fees=fees, misbehaviour=misbehaviour, held=False) as world,
        Mortals(shop_port, worker_port, _environment(fresh_database, world, tmp_path, shop_port), tmp_path) as mortals,
        psycopg.connect(fresh_database.owner, autocommit=True) as database,
    ):
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{shop_port}", timeout=20) as client:
            busy = Busy(Asking(client, chance), cast.goods, world.state, database, chance)
            await mortals.up()
            await _busy(busy, cast, mortals, kills)
            await _settle(busy, mortals, Clerk(busy, cast.clerks[0]), misbehaviour)
            with capsys.disabled():
                print(f"\nseed: {SEED}\n{_story(busy, mortals)}")  # noqa: T201
            await _stock_is_shown(busy, cast.shoppers[0])
            await _answers_stay(busy)
        assert not busy.asking.errors
        assert wrong(database) == {}
        assert differences(database, world.state.book) == {}
        assert unlike_the_gateways(database, world.state.book) == set()
        _told_is_done(busy)
        assert _not_yet(busy) == set()
        assert busy.asking.cut_off > 0
    settings = Settings(var=tmp_path / "v")
    await asyncio.to_thread(ledger.seal, fresh_database.app, settings)
    assert await asyncio.to_thread(ledger.findings, fresh_database.app, settings) == []


def _environment(urls: DatabaseUrls, world: World, folder: Path, shop_port: int) -> dict[str, str]:
    return {
        **world.environment,
        **urls.environment(),
        "MINGSUAN_VAR": str(folder / "v"),
        "MINGSUAN_PUBLIC_URL": f"http://127.0.0.1:{shop_port}",
        "MINGSUAN_HOLD_MINUTES": "1",
        "MINGSUAN_LOG_FORMAT": "text",
    }
