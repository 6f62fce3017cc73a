"""Channels: what is refused, credentials that nobody reads again, and pulls on schedule."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from mingsuan import clock
from mingsuan.postgres import DatabaseUrls
from tests.transactional.small_shop import Stocked, all_text
from tests.transactional.suppliers.fake_supply import NOON, SECRET, Supplied, new_channel, supplied
from transactional.db import reading, writing
from transactional.errors import InvalidInputError, NameTakenError
from transactional.suppliers.channels import keeping as channels
from transactional.suppliers.channels.forms import ChannelEdit, ProtocolForm, edit_problems, is_address, new_problems
from transactional.suppliers.errors import ChannelEndedError, ChannelWithoutProtocolError, NoRateError
from transactional.suppliers.models import SupplyChannel
from transactional.suppliers.offers import observing as offers
from transactional.suppliers.offers import rate_watch, rates, sync
from transactional.suppliers.offers.rates import NewRate
from transactional.suppliers.offers.sync_rules import next_in_s
from transactional.suppliers.protocols.interface import FieldSpec

pytestmark = pytest.mark.anyio
ASKED = ProtocolForm((FieldSpec("app_key", ""), FieldSpec("app_secret", "")), (FieldSpec("currency", "", False),))


@pytest.fixture
async def world(stocked: Stocked, monkeypatch: pytest.MonkeyPatch) -> Supplied:
    return await supplied(stocked, monkeypatch)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"code": "Fulu Main"}, "code"),
        ({"protocol": "gopher"}, "protocol"),
        ({"base_url": "http://openapi.fulu.example"}, "base_url"),
        ({"base_url": "https://user:pw@openapi.fulu.example"}, "base_url"),
        ({"credentials": {"app_key": "k"}}, "credential_app_secret"),
        ({"credentials": {"app_key": "k", "app_secret": "s", "more": "x"}}, "credential_more"),
        ({"options": {"colour": "red"}}, "option_colour"),
        ({"regions": ("China",)}, "regions"),
        ({"patience_s": 0}, "patience_s"),
        ({"pull_every_s": 29}, "pull_every_s"),
        ({"name": " "}, "name"),
    ],
)
def test_what_is_wrong_with_a_channel_is_said_field_by_field(given: dict[str, Any], field: str) -> None:
    assert [each.place for each in new_problems(new_channel(1, **given), ASKED)] == [field]


def test_a_supplier_belongs_to_every_channel_but_people_and_the_own_pool() -> None:
    without = [each.place for each in new_problems(new_channel(None), ASKED)]
    own = {"base_url": "", "credentials": {}}
    pool = [each.place for each in new_problems(new_channel(1, protocol="own_pool", **own), ProtocolForm())]
    people = new_problems(new_channel(None, protocol="manual", **own), ProtocolForm())
    assert (without, pool, people) == (["supplier"], ["supplier"], ())


@pytest.mark.parametrize(
    "address", ["", "ftp://a.example", "https://", "https://a.example/?x=1", "https://[", "https://a.example/#f"]
)
def test_an_address_is_https_or_this_machine(address: str) -> None:
    assert not is_address(address)
    assert is_address("https://a.example:8443/gate")
    assert is_address("http://127.0.0.1:9000/x")


def test_secrets_are_not_sent_to_another_server_than_they_were_entered_for() -> None:
    """Whoever may edit a channel could read them there otherwise."""
    so_far = "https://openapi.fulu.example/api"
    edit = ChannelEdit("n", "https://openapi.fulu.example/v2")
    assert edit_problems(edit, "fulu", so_far, {}, ASKED) == ()
    elsewhere = replace(edit, base_url="https://evil.example/api")
    fields = [each.place for each in edit_problems(elsewhere, "fulu", so_far, {}, ASKED)]
    assert fields == ["credential_app_key", "credential_app_secret"]
    anew = replace(elsewhere, credentials={"app_key": "k", "app_secret": "s"})
    assert edit_problems(anew, "fulu", so_far, {}, ASKED) == ()
    by_option = ProtocolForm(ASKED.credentials, (FieldSpec("auth_url", "", False),))
    aside = replace(edit, options={"auth_url": "https://evil.example/token"})
    assert len(edit_problems(aside, "fulu", so_far, {}, by_option)) == 2
    assert edit_problems(aside, "fulu", so_far, {"auth_url": "https://evil.example/other"}, by_option) == ()


async def test_credentials_are_sealed_and_only_the_adapter_gets_them(
    world: Supplied, fresh_database: DatabaseUrls
) -> None:
    assert SECRET not in await all_text(fresh_database)
    shop = world.stocked.shop
    async with reading(shop.engine) as session:
        async with await channels.opened(session, shop.vault, world.channel_id):
            assert world.goods.credentials == {"app_key": "k-1", "app_secret": SECRET}
        assert SECRET not in repr(await session.get(SupplyChannel, world.channel_id))
    assert SECRET not in repr(new_channel(1))


async def test_credentials_left_empty_stay_and_given_ones_replace(world: Supplied) -> None:
    shop = world.stocked.shop
    async with writing(shop.engine) as session:
        row = await session.get_one(SupplyChannel, world.channel_id)
        edit = ChannelEdit("另一个名字", row.base_url, {"app_key": "k-2", "app_secret": ""})
        await channels.edit_channel(session, shop.vault, row.public_id, edit, None)
    async with channels.opening(shop.engine, shop.vault, world.channel_id) as opened:
        assert opened.channel.name == "另一个名字"
    assert world.goods.credentials == {"app_key": "k-2", "app_secret": SECRET}


async def test_a_code_is_used_once_and_an_ended_channel_stays_as_it_is(world: Supplied) -> None:
    shop = world.stocked.shop
    with pytest.raises(NameTakenError):
        async with writing(shop.engine) as session:
            await channels.add_channel(session, shop.vault, new_channel(1), None)
    async with writing(shop.engine) as session:
        row = await session.get_one(SupplyChannel, world.channel_id)
        await channels.set_state(session, row.public_id, "ended", None)
    with pytest.raises(ChannelEndedError):
        async with writing(shop.engine) as session:
            await channels.set_state(session, row.public_id, "active", None)
    acts = await world.stocked.rows("select act from shop.staff_act order by id")
    assert [act for [act] in acts] == ["add_supplier", "add_channel", "end_channel"]


async def test_nobody_can_be_asked_over_the_own_pool(world: Supplied) -> None:
    shop = world.stocked.shop
    own = new_channel(None, code="pool", protocol="own_pool", base_url="", credentials={})
    async with writing(shop.engine) as session:
        row = await channels.add_channel(session, shop.vault, own, None)
        assert row.pull_at is None
        with pytest.raises(ChannelWithoutProtocolError):
            await channels.opened(session, shop.vault, row.id)
    assert await sync.pull(shop.engine, shop.vault, row.id, asked=True) is None


async def test_a_pull_learns_price_jumps_and_tells_within_that_sync(world: Supplied) -> None:
    shop = world.stocked.shop
    world.goods.offer("A", "45")
    world.goods.offer("B", "45")
    await world.observe(world.goods.facts["A"])
    world.goods.offer("A", "51")
    pulled = await sync.pull(shop.engine, shop.vault, world.channel_id, asked=True)
    assert pulled is not None
    assert (pulled.asked, pulled.changed, pulled.problem) == (1, 1, "")
    assert await world.alerts() == [("cost_inversion", "critical")]
    assert await world.stocked.rows("select count(*) from shop.offer") == [(1,)]  # B supplies nothing that is sold
    assert await world.stocked.rows("select their_amount from shop.supplier_balance") == [(Decimal("250.50"),)]


async def test_silence_is_asked_again_ever_later_told_once_and_over_with_an_answer(world: Supplied) -> None:
    shop = world.stocked.shop
    world.goods.offer("A", "45")
    await world.observe(world.goods.facts["A"], minutes=-5)
    world.goods.is_silent = True
    at, pauses = NOON, []
    await world.stocked.rows("update shop.supply_channel set pull_at = :at returning id", at=NOON)
    for _ in range(4):
        with clock.at(at):
            await sync.pull(shop.engine, shop.vault, world.channel_id)
            assert await sync.pull(shop.engine, shop.vault, world.channel_id) is None  # not due
        [[next_at]] = await world.stocked.rows("select pull_at from shop.supply_channel")
        pauses.append((next_at - at).total_seconds())
        at = next_at
    assert pauses == [1200, 2400, 3600, 3600]
    assert await world.alerts() == [("channel_unreachable", "warning")]
    assert (await world.offer())[0] == "active"
    world.goods.is_silent = False
    with clock.at(at):
        await sync.pull(shop.engine, shop.vault, world.channel_id)
    assert await world.alerts() == []
    jobs = await world.stocked.rows(
        "select args ->> 'channel_id', lock from jobs.procrastinate_jobs where task_name = 'suppliers.pull'"
    )
    assert jobs == [("1", "suppliers.pull:1")] * 5


def test_a_channel_that_is_pulled_rarely_is_not_pulled_more_often_for_failing() -> None:
    assert [next_in_s(7200, failures) for failures in (0, 5)] == [7200, 7200]
    assert [next_in_s(30, failures) for failures in (0, 1, 6, 7, 90)] == [30, 60, 1920, 3600, 3600]


async def test_an_answer_that_leaves_out_every_good_is_taken_for_a_fault(world: Supplied) -> None:
    shop = world.stocked.shop
    for name in "ABC":
        world.goods.offer(name, "45")
        await world.observe(world.goods.facts[name], minutes=-5)
    world.goods.facts.clear()
    pulled = await sync.pull(shop.engine, shop.vault, world.channel_id, asked=True)
    assert pulled is not None
    assert pulled.problem
    assert (await world.offer())[0] == "active"


async def test_a_dated_rate_counts_from_its_day_and_the_newer_entry_of_a_day_wins(world: Supplied) -> None:
    engine, day = world.stocked.shop.engine, NOON.date()
    async with writing(engine) as session:
        early, late = NewRate("USD", day, Decimal("7.10")), NewRate("USD", day + timedelta(days=2), Decimal("7.30"))
        await rates.record(session, [early, late, NewRate("USD", day, Decimal("7.12345678"))], "staff", None)
        found = [await rates.fen_per(session, "USD", "CNY", day + timedelta(days=n)) for n in (0, 1, 2, 9)]
        assert found == [Decimal("712.345678")] * 2 + [Decimal("730")] * 2
        with pytest.raises(NoRateError):
            await rates.fen_per(session, "USD", "CNY", day - timedelta(days=1))
        assert await rates.fen_per(session, "CNY", "CNY", day) == 100
        assert await rates.fen_per(session, "JPY", "JPY", day) == 1


async def test_offers_in_a_currency_without_a_rate_are_told(world: Supplied) -> None:
    world.goods.offer("A", "5", currency="USD")
    with clock.at(NOON):
        await world.observe(world.goods.facts["A"], minutes=-5)
        await sync.pull(world.stocked.shop.engine, world.stocked.shop.vault, world.channel_id, asked=True)
        assert await world.alerts() == [("rate_missing", "critical")]
        async with writing(world.stocked.shop.engine) as session:
            await rates.record(session, [NewRate("USD", NOON.date() - timedelta(days=8), Decimal(7))], "staff", None)
            await rate_watch.watch(session)
        assert await world.alerts() == [("rate_stale", "warning")]


async def test_what_a_supplier_must_have_is_checked(world: Supplied) -> None:
    async with writing(world.stocked.shop.engine) as session:
        with pytest.raises(InvalidInputError) as refused:
            await channels.new_supplier(session, channels.NewSupplier(" ", "yuan", "gift", -1))
        with pytest.raises(NameTakenError):
            await channels.new_supplier(session, channels.NewSupplier("福禄数科", "CNY", "prepaid"))
    assert [each.place for each in refused.value.problems] == ["name", "currency", "terms", "low_balance_fen"]
    assert offers.told_or_gone([], []) == []
