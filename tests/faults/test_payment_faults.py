"""Whatever becomes of a gateway's notices, money and goods end right; the gateway's own book is the judge."""

import asyncio
import tempfile
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, example, given, note, settings
from hypothesis import strategies as st

from mingsuan import clock
from mingsuan.postgres import DatabaseUrls
from mingsuan.settings import Settings
from simulation.gateways.entries import Method
from simulation.gateways.misbehaviour import Tampering
from tests.faults.payment_world import FORGED, WAYS, Tick, Trading, delivered, refunded_fen, trading, watched
from tests.simulation.gateways.served import served
from tests.transactional.api_client import Client
from tests.transactional.small_shop import PRICE_FEN
from transactional.db import engine, reading
from transactional.ledger import service as ledger
from transactional.shop import open_shop

pytestmark = pytest.mark.enable_socket
EXAMPLES = 400 if Settings().full_counts else 6
METHODS: tuple[Method, ...] = ("wechat", "alipay")
Result = TypeVar("Result")


class Running:
    """The world and the loop that it lives on."""

    def __init__(self, runner: asyncio.Runner, world: Trading) -> None:
        self._runner, self.world = runner, world

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return self._runner.run(work)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@pytest.fixture(scope="module", params=METHODS)
def running(
    request: pytest.FixtureRequest, module_database: DatabaseUrls, folder: Path
) -> Iterator[tuple[Running, Method]]:
    tick, keys = Tick(), folder / "gateways"
    keys.mkdir(exist_ok=True)
    with (
        served(keys) as gateways,
        watched(tick) as outgoing,
        asyncio.Runner() as runner,
    ):
        configured = gateways.settings(var=folder / "var", public_url="https://shop.test")

        async def opened() -> Trading:
            shop = await open_shop(configured, engine(module_database.app))
            client = Client(shop, module_database)
            return await trading(shop, client, gateways, tick, outgoing, f"SKU-{request.param}")

        world = runner.run(opened())
        yield Running(runner, world), request.param
        runner.run(closed(world))


async def closed(world: Trading) -> None:
    await world.shop.aclose()
    await world.shop.engine.dispose()


@dataclass(frozen=True)
class Attempt:
    """One payment of an order: what the payer does, and the notices that reach the shop, in their places.

    `paid_fen` None: as asked; 0: never. `notices`: (place in time, what is done to it).
    """

    paid_fen: int | None
    notices: tuple[tuple[int, Tampering], ...]


@dataclass(frozen=True)
class Story:
    """`late`: paid after the order's time; `sold_out`: its codes went to others meanwhile; `tidied`: and the order was
    marked expired. `return_at`: when the customer's page comes back. `found_by`: what looks after what was lost."""

    quantity: int
    attempts: tuple[Attempt, ...]
    late: bool
    sold_out: bool
    tidied: bool
    return_at: int
    found_by: str


def copies(count: int) -> tuple[tuple[int, Tampering], ...]:
    return tuple((place, "none") for place in range(count))


PLACES = st.integers(0, 9)
TRUE = st.sampled_from((0, 1, 2, 10)).flatmap(lambda count: st.lists(PLACES, min_size=count, max_size=count))
LIES = st.lists(st.tuples(PLACES, st.sampled_from((*FORGED, "wrong_amount"))), max_size=5)
ATTEMPT = st.builds(
    lambda paid, true, lies: Attempt(paid, (*((place, "none") for place in true), *lies)),
    st.sampled_from((None, None, None, 0, PRICE_FEN - 700, 3 * PRICE_FEN)),
    TRUE,
    LIES,
)
STORY = st.builds(
    Story,
    quantity=st.integers(1, 3),
    attempts=st.lists(ATTEMPT, min_size=1, max_size=2).map(tuple),
    late=st.booleans(),
    sold_out=st.booleans(),
    tidied=st.booleans(),
    return_at=PLACES,
    found_by=st.sampled_from(("query", "sweep", "bill")),
)
ONCE = Attempt(None, copies(1))


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # the world remembers: a story shrunk is another story
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(story=STORY)
@example(story=Story(2, (Attempt(None, copies(10)),), False, False, False, 5, "query"))
@example(story=Story(1, (Attempt(None, ()),), False, False, False, 0, "query"))
@example(story=Story(1, (Attempt(None, ()),), False, False, False, 0, "bill"))
@example(story=Story(2, (ONCE, ONCE), False, False, False, 9, "query"))
@example(story=Story(2, (ONCE,), True, True, True, 0, "query"))
@example(story=Story(1, (ONCE,), True, False, True, 0, "sweep"))
@example(story=Story(1, (Attempt(PRICE_FEN - 700, copies(2)),), False, False, False, 0, "query"))
@example(story=Story(1, (Attempt(PRICE_FEN - 700, ()),), False, False, False, 0, "bill"))
@example(story=Story(1, (Attempt(None, ((0, "wrong_amount"), (1, "none"))),), False, False, False, 0, "query"))
@example(story=Story(1, (Attempt(None, tuple((0, kind) for kind in FORGED)),), False, False, False, 0, "bill"))
def test_money_and_goods_end_right_whatever_becomes_of_the_notices(
    running: tuple[Running, Method], story: Story
) -> None:
    here, method = running
    note(str(story))
    here.run(told(here.world, method, story))


async def told(world: Trading, method: Method, story: Story) -> None:
    """Plays a story to its end and holds the shop against the gateway's book."""
    world.tick.forward(days=1)
    with clock.at(world.tick.at):
        await world.restock(story.quantity)
        customer, order = await world.place(story.quantity)
        started = [
            await world.start(customer, order, method, way)
            for way, _ in zip(WAYS[method], story.attempts, strict=False)
        ]
    numbers = [await world.number(payment) for payment in started]
    notices_before = await notice_count(world)
    if story.late:
        world.tick.forward(minutes=20)
        with clock.at(world.tick.at):
            if story.sold_out:
                await world.sell_out()
            if story.tidied:
                await world.expire()
    for number, attempt in zip(numbers, story.attempts, strict=True):
        if attempt.paid_fen != 0:
            world.gateways.state.pay(method, number, paid_fen=attempt.paid_fen, late=story.late)
    carried = await carry_all(world, story, numbers, lambda: world.return_page(started[0].id, customer))
    assert await notice_count(world) - notices_before == carried
    await look_after(world, method, story)
    await judge(world, method, story, order, numbers)


async def carry_all(world: Trading, story: Story, numbers: list[str], return_page: Any) -> int:
    """Delivers the notices in their places, the customer's return page among them; how many notices."""
    due = [
        (place, f"paid:{number}", tampering)
        for number, attempt in zip(numbers, story.attempts, strict=True)
        for place, tampering in attempt.notices
        if attempt.paid_fen != 0
    ]
    has_returned = False
    for place, name, tampering in sorted(due, key=lambda each: each[0]):
        world.tick.forward(seconds=1)
        with clock.at(world.tick.at):
            if place >= story.return_at and not has_returned:
                has_returned = True
                await return_page()
            calls = world.outgoing.count
            answer = await world.carry(name, tampering)
            assert world.outgoing.count == calls, "a notice made the shop call out"
        accepts = world.gateways.state.deliveries.letters[name].accepted(answer)
        assert accepts == (tampering not in FORGED), (tampering, answer.status_code, answer.text)
    return len(due)


async def look_after(world: Trading, method: Method, story: Story) -> None:
    """What finds the rest: the jobs, the minutely sweep after the jobs were lost, or only the bill of the day."""
    if story.found_by == "bill":
        await world.jobs.lose()
        await world.bills(method)
    if story.found_by in ("bill", "sweep"):
        await world.jobs.lose()
        world.tick.forward(minutes=20)
        with clock.at(world.tick.at):
            await world.jobs.tasks["payments.ask_due"](timestamp=0)
    await world.work()
    letters = world.gateways.state.deliveries.letters
    for name in [name for name in letters if name.startswith("refunded:")]:
        with clock.at(world.tick.at):
            assert (await world.carry(name)).status_code == 200
    await world.bills(method)
    letters.clear()


async def judge(world: Trading, method: Method, story: Story, order: Any, numbers: list[str]) -> None:
    """Each paid trade is delivered or given back, once; the books agree with the gateway's."""
    net = PRICE_FEN * story.quantity
    state, codes, delivered_fen = await delivered(world, order)
    paid = {number: world.book.trade(method, number).paid_fen for number in numbers}
    exact = [number for number in numbers if paid[number] == net]
    kept = 0
    for number in numbers:
        back = refunded_fen(world, method, number)
        assert sum(back) <= (paid[number] or 0)
        kept += (paid[number] or 0) - sum(back)
        if paid[number] and number not in exact:
            assert back == [paid[number]], "another amount than asked goes back whole, once"
    assert kept == delivered_fen, "what the shop keeps is what it delivered"
    assert codes in (0, story.quantity)
    assert (codes > 0) <= bool(exact)
    if exact and not (story.late and story.sold_out):
        assert (state, codes) == ("delivered", story.quantity)
    if exact and codes == 0:
        assert state == "refunded"
    receivable = await world.balance("gateway_receivable") - world.receivable_before_fen
    assert receivable == world.book.receivable_fen(method), story
    assert await world.balance("refund_payable") == 0
    assert await world.balance("unapplied_receipts") == 0
    assert await world.balance("unearned_sales") == 0
    async with reading(world.shop.engine) as session:
        assert (await ledger.check(session)).is_whole


async def notice_count(world: Trading) -> int:
    return int((await world.rows("select count(*) from shop.payment_notification"))[0][0])
