"""Routing at the desk: rules are set as they are typed, a test run buys nothing, a price below cost is told."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import select

from mingsuan import clock
from mingsuan.postgres import DatabaseUrls
from tests.transactional.api_client import Client
from tests.transactional.small_shop import Stocked, codes
from tests.transactional.suppliers.routed import Supplied
from tests.transactional.web.seen import Seen
from tests.transactional.web.visits import enter_desk, send, visit
from transactional.db import reading
from transactional.suppliers.models import RoutingDecision, RoutingPolicy
from transactional.suppliers.routing import policies, policy_form
from transactional.suppliers.routing import views as routing_views
from transactional.suppliers.routing.terms import Policy, Window

pytestmark = pytest.mark.anyio
TYPED = {
    "floor": "0.80",
    "floor_percent": "2.5",
    "most": "48",
    "pinned": "",
    "regions": "cn hk",
    "windows": "b 22:00-06:30",
    "explore_percent": "1",
    "at_loss": "refund",
    "reason": "festival",
}


@pytest.fixture
def supplied(stocked: Stocked) -> Supplied:
    return Supplied(stocked)


@pytest.fixture
async def desk(supplied: Supplied, fresh_database: DatabaseUrls) -> AsyncIterator[Client]:
    async with Client(supplied.stocked.shop, fresh_database) as client:
        await enter_desk(client, supplied.stocked.shop, "owner")
        yield client


async def sent(client: Client, address: str, form: dict[str, str]) -> httpx.Response:
    """A form under a key of its own."""
    return await send(client, address, **form, idempotency_key=uuid4().hex)


async def _in_force(supplied: Supplied) -> Policy:
    sku_id = await supplied.sku_id()
    async with reading(supplied.stocked.shop.engine) as session:
        return (await policies.in_force(session)).of(sku_id).policy


async def test_rules_hold_as_they_were_typed_and_come_back_into_the_form(supplied: Supplied, desk: Client) -> None:
    a, b = await supplied.channel("a", "45.00"), await supplied.channel("b", "46.00")
    answer = await sent(desk, "/desk/routing/rules", {**TYPED, "excluded": "a"})
    assert answer.status_code == 303, Seen(answer.text).text
    want = Policy(
        floor_margin_fen=80,
        floor_margin_per_myriad=250,
        max_unit_cost_fen=4800,
        excluded_channel_ids=(a,),
        regions=("CN", "HK"),
        windows=(Window(b, 1320, 390),),
        explore_per_myriad=100,
        at_loss="refund",
    )
    assert await _in_force(supplied) == want
    async with reading(supplied.stocked.shop.engine) as session:
        channels = await routing_views.channels(session)
        [row] = list(await session.scalars(select(RoutingPolicy)))
    assert row.reason == "festival"
    form = policy_form.shown(want, channels, "CNY")
    assert form.typed["windows"] == "b 22:00-06:30"
    again = policy_form.PolicyForm({**form.typed, "reason": "again"}, form.excluded)
    assert policy_form.policy(again, channels, "CNY", str) == want


async def test_what_cannot_be_read_is_said_at_its_field_and_changes_nothing(supplied: Supplied, desk: Client) -> None:
    await supplied.channel("a", "45.00")
    wrong = {
        "floor": "x",
        "floor_percent": "101",
        "most": "-1",
        "pinned": "nobody",
        "regions": "China",
        "windows": "a 8-9",
        "explore_percent": "20.01",
        "reason": " ",
    }
    answer = await sent(desk, "/desk/routing/rules", {**TYPED, **wrong})
    assert answer.status_code == 422
    seen = Seen(answer.text)
    assert seen.faults == []
    assert answer.text.count('class="fault"') == len(wrong)
    for name in set(wrong) - {"pinned", "windows", "reason"}:
        assert seen.fields[name] == wrong[name]
    async with reading(supplied.stocked.shop.engine) as session:
        assert (await session.scalars(select(RoutingPolicy))).all() == []


async def test_a_skus_own_rules_hold_until_it_follows_the_shop_again(supplied: Supplied, desk: Client) -> None:
    code = supplied.stocked.sku.code
    await sent(desk, "/desk/routing/rules", {**TYPED, "windows": "", "floor": "1.00"})
    await sent(desk, f"/desk/routing/skus/{code}", {**TYPED, "windows": "", "floor": "3.00"})
    assert (await _in_force(supplied)).floor_margin_fen == 300
    await sent(desk, "/desk/routing/rules", {**TYPED, "windows": "", "floor": "2.00"})
    assert (await _in_force(supplied)).floor_margin_fen == 300
    await sent(desk, f"/desk/routing/skus/{code}/follow", {})
    assert (await _in_force(supplied)).floor_margin_fen == 200
    assert len(await supplied.stocked.rows("select from shop.routing_policy")) == 4


async def test_a_test_run_says_where_and_why_and_writes_nothing(supplied: Supplied, desk: Client) -> None:
    await supplied.channel("a", "45.00")
    await supplied.channel("b", "46.00", state="paused")
    seen = await visit(desk, f"/desk/routing?sku={supplied.stocked.sku.code}")
    assert "Channel a: at the moment it alone can supply; its price of ¥45.00 comes to" in seen.text
    assert "paused" in seen.text
    assert seen.faults == []
    async with reading(supplied.stocked.shop.engine) as session:
        assert (await session.scalars(select(RoutingDecision))).all() == []


async def test_a_decision_shows_its_sentence_and_that_it_comes_out_the_same(supplied: Supplied, desk: Client) -> None:
    await supplied.channel("a", "45.00")
    await supplied.decide(at=clock.now() - timedelta(minutes=1))
    [(decision,)] = await supplied.stocked.rows("select public_id from shop.routing_decision")
    assert "it alone can supply" in (await visit(desk, "/desk/routing")).text
    seen = await visit(desk, f"/desk/routing/decisions/{decision}")
    assert "it alone can supply" in seen.text
    assert "Made again from this record, it comes out the same." in seen.text


async def test_a_price_below_cost_is_set_only_by_who_accepts_it(supplied: Supplied, desk: Client) -> None:
    await supplied.channel("a", "45.00")
    await supplied.policy(floor_margin_fen=50)
    sku = supplied.stocked.sku.code
    address, typed = f"/desk/products/{sku.lower()}/price", {"sku_code": sku}
    below = await sent(desk, address, {**typed, "price": "44.90"})
    assert below.status_code == 422
    assert "Each sale would lose ¥0.10: the cheapest channel, Channel a, costs ¥45.00." in Seen(below.text).text
    thin = await sent(desk, address, {**typed, "price": "45.49"})
    assert "Each sale would earn ¥0.49, less than the floor of ¥0.50" in Seen(thin.text).text
    assert await _prices(supplied) == [5000]
    assert (await sent(desk, address, {**typed, "price": "44.90", "below_cost": "accept"})).status_code == 303
    assert (await sent(desk, address, {**typed, "price": "45.50"})).status_code == 303
    assert await _prices(supplied) == [5000, 4490, 4550]


async def test_a_price_below_what_codes_in_stock_cost_is_told_too(supplied: Supplied, desk: Client) -> None:
    await supplied.stocked.stock(codes(2), 9000)
    sku = supplied.stocked.sku.code
    told = await sent(desk, f"/desk/products/{sku.lower()}/price", {"sku_code": sku, "price": "44.99"})
    assert "Each sale would lose ¥0.01: codes in stock cost ¥45.00 on average." in Seen(told.text).text


async def _prices(supplied: Supplied) -> list[int]:
    return [fen for (fen,) in await supplied.stocked.rows("select list_price_fen from shop.price order by id")]
