"""Offers as suppliers report them: history, doubt, and costs that no longer sell."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from mingsuan import clock
from tests.transactional.small_shop import Stocked
from tests.transactional.suppliers.fake_supply import NOON, Supplied, fact, set_price, supplied
from transactional.db import WriteSession, writing
from transactional.suppliers.errors import NothingToBelieveError
from transactional.suppliers.offers import acts as offer_acts
from transactional.suppliers.offers import observing as offers
from transactional.suppliers.offers import rates
from transactional.suppliers.offers.rates import NewRate
from transactional.suppliers.offers.rules import Believed, judged
from transactional.suppliers.routing import inversions

pytestmark = pytest.mark.anyio


@pytest.fixture
async def world(stocked: Stocked, monkeypatch: pytest.MonkeyPatch) -> Supplied:
    return await supplied(stocked, monkeypatch)


async def test_history_has_a_row_for_each_change_and_none_for_the_same_again(world: Supplied) -> None:
    for cost, stock in (("40", 9), ("40", 9), ("41.5", 9), ("41.5", 3), ("41.500000", 3)):
        await world.observe(fact("A", cost, stock=stock))
    assert await world.history() == [
        ("push", "active", Decimal("40"), 9),
        ("push", "active", Decimal("41.5"), 9),
        ("push", "active", Decimal("41.5"), 3),
    ]


async def test_what_is_older_than_what_is_known_changes_nothing(world: Supplied) -> None:
    await world.observe(fact("A", "40"))
    assert await world.observe(fact("A", "30"), minutes=-5) == ()
    assert await world.offer() == ("active", "", Decimal("40"))


@pytest.mark.parametrize(
    ("cost", "reason"),
    [(None, "no_cost"), ("0", "zero_cost"), ("-1", "zero_cost"), ("0.0000004", "zero_cost"), ("NaN", "no_cost")],
)
async def test_a_missing_or_zero_cost_is_never_taken_for_one(world: Supplied, cost: str | None, reason: str) -> None:
    await world.observe(fact("A", "40"))
    await world.observe(fact("A", cost))
    assert (await world.offer())[:2] == ("quarantined", reason)
    assert await world.alerts() == [("offer_quarantined", "warning")]
    await world.observe(fact("A", "40.2"))
    assert (await world.offer())[:2] == ("active", "")
    assert await world.alerts() == []


async def test_a_cost_beyond_belief_stays_in_quarantine_however_often_it_is_said(world: Supplied) -> None:
    await world.observe(fact("A", "4"))
    for cost in ("40.01", "40.01", "39.99"):
        await world.observe(fact("A", cost))
        assert (await world.offer())[0] == ("active" if cost == "39.99" else "quarantined")


def test_ten_times_is_believed_and_a_bit_more_is_not() -> None:
    believed = Believed(Decimal(4))
    costs = ["40", "40.000001", "0.4", "0.399999"]
    assert [judged(fact("A", cost), believed).state for cost in costs] == ["active", "quarantined"] * 2


async def test_another_currency_is_compared_by_rates_and_not_believed_without(world: Supplied) -> None:
    await world.observe(fact("A", "42"))
    await world.observe(fact("A", "5.80", currency="USD"))
    assert (await world.offer())[:2] == ("quarantined", "currency_changed")
    async with writing(world.stocked.shop.engine) as session:
        await rates.record(session, [NewRate("USD", NOON.date(), Decimal("7.1"))], "staff", None)
    await world.observe(fact("A", "5.81", currency="USD"))
    assert (await world.offer())[:2] == ("active", "")
    await world.observe(fact("A", "5.82", currency="CNY"))
    assert (await world.offer())[:2] == ("active", "")
    await world.observe(fact("A", "60", currency="USD"))
    assert (await world.offer())[:2] == ("quarantined", "jump")


async def test_staff_accept_a_cost_that_was_doubted_and_the_next_is_compared_with_it(world: Supplied) -> None:
    await world.observe(fact("A", "4"))
    await world.observe(fact("A", "45"))
    await _act(world, offer_acts.believe)
    assert await world.offer() == ("active", "", Decimal("45"))
    assert ("offer_quarantined", "warning") not in await world.alerts()
    await world.observe(fact("A", "46"))
    assert (await world.offer())[0] == "active"
    await world.observe(fact("A", None))
    with pytest.raises(NothingToBelieveError):
        await _act(world, offer_acts.believe)


async def test_what_staff_withdrew_no_supplier_brings_back(world: Supplied) -> None:
    await world.observe(fact("A", "40"))
    await _act(world, offer_acts.withdraw)
    await world.observe(fact("A", "41"))
    assert await world.offer() == ("withdrawn", "by_staff", Decimal("41"))
    await _act(world, offer_acts.restore)
    assert await world.offer() == ("active", "", Decimal("41"))


async def test_a_price_jump_is_told_by_the_very_observation_that_learns_it(world: Supplied) -> None:
    await world.observe(fact("A", "45"))
    assert await world.alerts() == []
    await world.observe(fact("A", "50.01"))
    assert await world.alerts() == [("cost_inversion", "critical")]
    [[detail]] = await world.stocked.rows("select detail from shop.alert")
    told = {name: detail[name] for name in ("cost_fen", "price_fen", "floor_fen", "others")}
    assert told == {"cost_fen": 5001, "price_fen": 5000, "floor_fen": 0, "others": 0}
    await world.observe(fact("A", "50"))
    assert await world.alerts() == []


async def test_an_inversion_is_less_grave_while_another_offer_keeps_the_floor(world: Supplied) -> None:
    await world.observe(fact("A", "45"), fact("B", "46"))
    await world.observe(fact("A", "60"))
    assert await world.alerts() == [("cost_inversion", "warning")]
    await world.observe(fact("B", "46", on_sale=False))
    assert await world.alerts() == [("cost_inversion", "critical")]


async def test_a_lower_price_or_a_higher_floor_makes_an_inversion_too(world: Supplied) -> None:
    await world.observe(fact("A", "45"))
    engine = world.stocked.shop.engine
    await world.stocked.rows(
        "insert into shop.routing_policy (floor_margin_fen, floor_margin_per_myriad) values (0, 1001) returning id"
    )
    async with writing(engine) as session:
        assert await inversions.judge_all(session) == 1  # 50.00 × 10.01 % = 5.005, so 5.01 must be left; 5.00 is
    await world.stocked.rows("insert into shop.routing_policy (floor_margin_fen) values (500) returning id")
    async with writing(engine) as session:
        assert await inversions.judge_all(session) == 0
    await set_price(world.stocked, 4999)
    async with writing(engine) as session:
        assert await inversions.judge_all(session) == 1


async def test_a_sku_that_gave_its_own_floor_up_is_judged_by_the_shops(world: Supplied) -> None:
    engine = world.stocked.shop.engine
    await world.observe(fact("A", "45"))
    for floor_fen, follows_shop, told in ((501, "false", 1), (0, "true", 0)):
        await world.stocked.rows(
            "insert into shop.routing_policy (sku_id, floor_margin_fen, follows_shop)"
            f" select sku_id, {floor_fen}, {follows_shop} from shop.offer limit 1 returning id"
        )
        async with writing(engine) as session:
            assert await inversions.judge_all(session) == told


async def test_a_channel_that_is_paused_costs_nothing(world: Supplied) -> None:
    await world.observe(fact("A", "60"))
    await world.stocked.rows("update shop.supply_channel set state = 'paused' returning id")
    async with writing(world.stocked.shop.engine) as session:
        assert await inversions.judge_all(session) == 0
    assert await world.alerts() == []


async def test_a_look_before_an_order_learns_the_cost_of_now(world: Supplied) -> None:
    await world.observe(fact("A", "40"))
    world.goods.offer("A", "44")
    [[offer_id]] = await world.stocked.rows("select id from shop.offer")
    shop = world.stocked.shop
    with clock.at(NOON + timedelta(hours=1)):
        await offers.look(shop.engine, shop.vault, offer_id)
        assert (await world.offer())[2] == Decimal("44")
        world.goods.is_silent = True
        await offers.look(shop.engine, shop.vault, offer_id)
    assert (await world.offer())[2] == Decimal("44")
    calls = await world.stocked.rows("select operation, outcome from shop.external_call order by id")
    assert calls == [("offers", "succeeded"), ("offers", "unknown")]
    assert (await world.history())[-1][0] == "order"


async def test_a_good_that_the_supplier_leaves_out_is_not_on_sale(world: Supplied) -> None:
    await world.observe(fact("A", "40"))
    [[offer_id]] = await world.stocked.rows("select id from shop.offer")
    with clock.at(NOON + timedelta(hours=1)):
        await offers.look(world.stocked.shop.engine, world.stocked.shop.vault, offer_id)
    assert (await world.offer())[:2] == ("withdrawn", "not_on_sale")


async def _act(world: Supplied, act: Callable[[WriteSession, UUID, int], Awaitable[None]]) -> None:
    """By a buyer, a second after what was observed last."""
    [[staff], *_] = await world.stocked.rows(
        "insert into shop.staff (email, password_hash, display_name, role) values (:email, 'x', 'B', 'buyer')"
        " returning id",
        email=f"{uuid4().hex}@example.com",
    )
    [[offer]] = await world.stocked.rows("select public_id from shop.offer where supplier_sku = 'A'")
    with clock.at(NOON + timedelta(minutes=world.minutes, seconds=1)):
        async with writing(world.stocked.shop.engine) as session:
            await act(session, offer, staff)
