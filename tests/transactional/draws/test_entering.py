"""Entries are numbered without gaps, paid exactly, once a key, and never beyond what there is."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from mingsuan import clock
from tests.transactional.draws.open_draws import adult, chances, open_draw, refundable
from tests.transactional.small_shop import Stocked
from transactional.db import reading, writing
from transactional.draws import api, entries, entry_rules, entry_standings, intake, rules
from transactional.draws.entry_schemas import Entered
from transactional.draws.errors import (
    DrawBusyError,
    DrawClosedError,
    DrawFullError,
    NotEnoughChancesError,
    TooManyEntriesError,
    WrongStakeError,
)
from transactional.draws.play.errors import NotVerifiedAdultError
from transactional.errors import (
    IdempotencyKeyReusedError,
    InsufficientBalanceError,
    NotFoundError,
    PriceChangedError,
)
from transactional.ledger import service as ledger

pytestmark = pytest.mark.anyio


async def test_numbers_follow_each_other_whoever_comes(stocked: Stocked) -> None:
    draw = await open_draw(stocked)
    given: list[Entered] = []
    for name, count in (("ann", 3), ("bob", 1), ("ann2", 5)):
        who = await stocked.customer(name)
        await chances(stocked, who, 9)
        given.append(await stocked.shop.entering.enter(who.id, draw.public_id, count, "k", pay="chances"))
    assert [(each.first_index, each.count) for each in given] == [(0, 3), (3, 1), (4, 5)]
    assert [(each.first_shown, each.last_shown) for each in given][2] == (10_000_005, 10_000_009)
    kept = "select next_index, free_count, paid_count, last_second from shop.draw"
    assert await stocked.rows(kept) == [(9, 9, 0, given[-1].accepted_second)]
    left = "select sum(granted - used)::bigint from shop.draw_chance"
    assert await stocked.rows(left) == [(18,)]


async def test_a_stake_moves_from_the_wallet_to_the_stakes_that_are_nobodys_income(stocked: Stocked) -> None:
    draw = await refundable(stocked, price_fen=100)
    who = await adult(stocked, "ann", 5000)
    entered = await stocked.shop.entering.enter(who.id, draw.public_id, 26, "k", pay="wallet")
    assert (entered.kind, entered.stake_fen) == ("paid", 2200)  # two packs of 12 at 1,000, and two at 100
    assert await stocked.rows("select balance_fen from shop.wallet") == [(2800,)]
    async with reading(stocked.shop.engine) as session:
        balances = {each.code: each.balance_fen for each in await ledger.trial_balance(session)}
        assert (await ledger.check(session)).is_whole
    assert balances["draw_stakes"] == -2200
    assert balances["customer_wallet"] == -2800
    assert balances.get("draw_income", 0) == 0


async def test_the_same_key_enters_once_and_never_for_something_else(stocked: Stocked) -> None:
    draw, other = await refundable(stocked), await refundable(stocked)
    who = await adult(stocked, "ann", 1000)
    enter = stocked.shop.entering.enter
    first, again = await asyncio.gather(*(enter(who.id, draw.public_id, 2, "key", pay="wallet") for _ in range(2)))
    assert first == again
    assert await stocked.rows("select count(*), sum(stake_fen)::bigint from shop.draw_entry") == [(1, 200)]
    with pytest.raises(IdempotencyKeyReusedError):
        await enter(who.id, draw.public_id, 3, "key", pay="wallet")
    with pytest.raises(IdempotencyKeyReusedError):
        await enter(who.id, other.public_id, 2, "key", pay="wallet")


async def test_a_key_used_for_two_draws_at_once_enters_one(stocked: Stocked) -> None:
    draws = [await refundable(stocked) for _ in range(2)]
    who = await adult(stocked, "ann", 1000)
    ways = [entries.Entering(stocked.shop.engine, stocked.shop.zone) for _ in draws]
    told = await asyncio.gather(
        *(way.enter(who.id, draw.public_id, 1, "key", pay="wallet") for way, draw in zip(ways, draws, strict=True)),
        return_exceptions=True,
    )
    assert sorted(type(each).__name__ for each in told) == ["Entered", "IdempotencyKeyReusedError"]
    assert await stocked.rows("select balance_fen from shop.wallet") == [(900,)]


async def test_the_last_entries_go_to_one_of_those_who_want_them_and_the_draw_is_looked_at(stocked: Stocked) -> None:
    draw = await refundable(stocked, capacity=10)
    people = [await adult(stocked, f"p{number}", 10_000) for number in range(6)]
    ways = [entries.Entering(stocked.shop.engine, stocked.shop.zone) for _ in people]
    told = await asyncio.gather(
        *(way.enter(who.id, draw.public_id, 3, "k", pay="wallet") for way, who in zip(ways, people, strict=True)),
        return_exceptions=True,
    )
    taken = sorted(each.first_index for each in told if isinstance(each, Entered))
    refused = [each for each in told if isinstance(each, DrawFullError)]
    assert (taken, len(refused)) == ([0, 3, 6], 3)
    assert {each.values["left"] for each in refused} == {1}
    steps = "select count(*) from jobs.procrastinate_jobs where task_name = 'draws.step'"
    assert await stocked.rows(steps) == [(0,)]
    await ways[0].enter(people[0].id, draw.public_id, 1, "last", pay="wallet")
    assert await stocked.rows(steps) == [(1,)]
    with pytest.raises(DrawFullError):
        await ways[0].enter(people[0].id, draw.public_id, 1, "more", pay="wallet")


async def test_a_draw_without_a_capacity_has_no_more_entries_than_numbers_are_made_for(stocked: Stocked) -> None:
    ends = clock.now() + timedelta(hours=1)
    draw = await refundable(stocked, capacity=0, closes_at=ends, next_index=9_999_998, paid_count=9_999_998)
    ann = await adult(stocked, "ann", 10_000)
    with pytest.raises(DrawFullError) as refused:
        await stocked.shop.entering.enter(ann.id, draw.public_id, 3, "three", pay="wallet")
    assert refused.value.values["left"] == 2
    taken = await stocked.shop.entering.enter(ann.id, draw.public_id, 2, "two", pay="wallet")
    assert taken.first_index == 9_999_998


async def test_what_cannot_be_is_refused_for_its_own_reason_and_costs_nothing(stocked: Stocked) -> None:
    free, paid = await open_draw(stocked, most_each=4), await refundable(stocked)
    ended = await refundable(stocked, closes_at=clock.now() - timedelta(seconds=1))
    draft = await refundable(stocked, state="draft", number=None)
    who, child = await adult(stocked, "ann", 300), await stocked.customer("kid", 300)
    await chances(stocked, who, 3)
    enter = stocked.shop.entering.enter
    asked = iter(uuid4().hex for _ in range(99))
    for error, customer, draw, count, pay in (
        (NotEnoughChancesError, who, free.public_id, 4, "chances"),
        (TooManyEntriesError, who, free.public_id, 5, "chances"),
        (WrongStakeError, who, free.public_id, 1, "wallet"),
        (NotEnoughChancesError, who, paid.public_id, 1, "chances"),  # what was earned is for promotional draws
        (InsufficientBalanceError, who, paid.public_id, 4, "wallet"),
        (NotVerifiedAdultError, child, paid.public_id, 1, "wallet"),
        (DrawClosedError, who, ended.public_id, 1, "wallet"),
        (NotFoundError, who, draft.public_id, 1, "wallet"),
        (NotFoundError, who, UUID(int=1), 1, "wallet"),
    ):
        with pytest.raises(error):
            await enter(customer.id, draw, count, next(asked), pay=pay)  # type: ignore[arg-type]
    with pytest.raises(PriceChangedError):
        await enter(who.id, paid.public_id, 1, next(asked), pay="wallet", expected_stake_fen=99)
    assert await stocked.rows("select count(*) from shop.draw_entry") == [(0,)]
    assert await stocked.rows("select distinct balance_fen from shop.wallet") == [(300,)]
    assert await stocked.rows("select sum(used)::bigint from shop.draw_chance") == [(0,)]


async def test_most_entries_a_person_are_counted_over_all_their_ranges(stocked: Stocked) -> None:
    draw = await refundable(stocked, most_each=4)
    who = await adult(stocked, "ann", 1000)
    await stocked.shop.entering.enter(who.id, draw.public_id, 3, "a", pay="wallet")
    with pytest.raises(TooManyEntriesError):
        await stocked.shop.entering.enter(who.id, draw.public_id, 2, "b", pay="wallet")
    await stocked.shop.entering.enter(who.id, draw.public_id, 1, "c", pay="wallet")
    assert await stocked.rows("select entries from shop.draw_player") == [(4,)]


async def test_no_entry_is_accepted_in_a_second_before_the_last_one_nor_in_the_one_it_closes_in(
    stocked: Stocked,
) -> None:
    noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
    draw = await refundable(stocked, closes_at=noon + timedelta(seconds=10))
    who = await adult(stocked, "ann", 1000)

    async def at(second: float, key: str) -> int:
        with clock.at(noon + timedelta(seconds=second)):
            way = entries.Entering(stocked.shop.engine, stocked.shop.zone)
            return (await way.enter(who.id, draw.public_id, 1, key, pay="wallet")).accepted_second

    begin = int(noon.timestamp())
    assert [await at(5.9, "a"), await at(3, "b"), await at(9.999, "c")] == [begin + 5, begin + 5, begin + 9]
    with pytest.raises(DrawClosedError):
        await at(10, "d")


async def test_earned_chances_are_used_from_the_first_to_expire_and_not_after(stocked: Stocked) -> None:
    draw, other = await open_draw(stocked), await open_draw(stocked)
    who, now = await stocked.customer("ann"), clock.now()
    late = await chances(stocked, who, 5, source="order", expires_at=now + timedelta(days=9))
    soon = await chances(stocked, who, 2, source="checkin", expires_at=now + timedelta(days=1))
    gone = await chances(stocked, who, 5, expires_at=now - timedelta(seconds=1))
    elsewhere = await chances(stocked, who, 5, draw_id=other.id)
    own = await chances(stocked, who, 1, source="free_route", draw_id=draw.id)
    await stocked.shop.entering.enter(who.id, draw.public_id, 4, "k", pay="chances")
    used = dict(await stocked.rows("select id, used from shop.draw_chance"))
    assert used == {late.id: 1, soon.id: 2, gone.id: 0, elsewhere.id: 0, own.id: 1}
    assert await stocked.rows("select kind, source, stake_fen from shop.draw_entry") == [("free", "free_route", 0)]
    with pytest.raises(NotEnoughChancesError, match="have 4 chances"):
        await stocked.shop.entering.enter(who.id, draw.public_id, 5, "l", pay="chances")


async def test_a_ticket_hides_its_owner_and_opens_to_what_the_receipt_says(stocked: Stocked) -> None:
    draw = await refundable(stocked, capacity=4000)
    who = await adult(stocked, "ann", 10**6)
    async with writing(stocked.shop.engine) as session:
        await entries.house(session, draw.id, 3000)
    mine = await stocked.shop.entering.enter(who.id, draw.public_id, 5, "k", pay="wallet")
    async with reading(stocked.shop.engine) as session:
        file = b"".join([piece async for piece in entries.tickets(session, draw.id)])
        laid_open = await entries.opened(session, draw, mine.first_index + 2)
        assert [await entries.kind_at(session, draw.id, index) for index in (0, 2999, 3000)] == [
            *["house"] * 2,
            "paid",
        ]
        with pytest.raises(NotFoundError):
            await entries.kind_at(session, draw.id, 3005)
        [own] = await entries.mine(session, draw.id, who.id)
    assert len(file) == 32 * 3005
    [(salt,)] = await stocked.rows("select salt from shop.draw_player")
    user = rules.user_ref(draw.public_id, who.public_id, salt)
    nonce = rules.nonce_of(bytes.fromhex(mine.nonce), 3002)
    assert (user.hex(), own.first_index) == (mine.user_ref, 3000)
    assert (laid_open.user_ref, laid_open.nonce) == (user, nonce)
    assert file[32 * 3002 : 32 * 3003] == rules.ticket(draw.public_id, 3002, user, nonce)


async def test_a_draw_that_has_ended_is_refused_though_somebody_has_it_locked(stocked: Stocked) -> None:
    draw = await refundable(stocked, state="closed", closed_at=clock.now())
    who = await adult(stocked, "ann", 1000)
    async with writing(stocked.shop.engine) as session:
        await session.execute(text("select from shop.draw for update"))
        await session.execute(text("select from shop.wallet for update"))
        with pytest.raises(DrawClosedError):
            await asyncio.wait_for(stocked.shop.entering.enter(who.id, draw.public_id, 1, "k", pay="wallet"), 3)


async def test_a_draw_that_stays_locked_is_not_waited_for_for_ever(
    stocked: Stocked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entry_standings, "LOCK_WAIT_S", 1)
    draw, who = await refundable(stocked), await adult(stocked, "ann", 1000)
    enter = stocked.shop.entering.enter
    async with writing(stocked.shop.engine) as session:
        await session.execute(text("select from shop.draw for update"))
        with pytest.raises(DrawBusyError):
            await asyncio.wait_for(enter(who.id, draw.public_id, 1, "k", pay="wallet"), 10)
    assert (await enter(who.id, draw.public_id, 1, "k", pay="wallet")).first_index == 0


async def test_more_than_can_be_answered_in_time_are_told_so_at_once(
    stocked: Stocked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "MOST_WAITING", 3)
    draw = await refundable(stocked)
    many = [await adult(stocked, f"c{number}", 1000) for number in range(5)]
    way = entries.Entering(stocked.shop.engine, stocked.shop.zone)
    asking = (way.enter(who.id, draw.public_id, 1, "k", pay="wallet") for who in many)
    told = await asyncio.gather(*asking, return_exceptions=True)
    assert [type(each) for each in told] == [Entered] * 3 + [DrawBusyError] * 2


async def test_the_second_of_an_entry_is_the_databases_whatever_this_machine_believes(
    stocked: Stocked, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw, who = await refundable(stocked), await adult(stocked, "ann", 1000)
    wrong = clock.now() + timedelta(days=1)
    monkeypatch.setattr(clock, "now", lambda: wrong)
    entered = await stocked.shop.entering.enter(who.id, draw.public_id, 1, "k", pay="wallet")
    [(told,)] = await stocked.rows("select clock_timestamp()")
    assert 0 <= told.timestamp() - entered.accepted_second < 30


async def test_a_draw_far_ahead_of_the_clock_takes_nothing_and_staff_are_told(stocked: Stocked) -> None:
    now = int(clock.now().timestamp())
    draw = await refundable(stocked, last_second=now + entry_rules.MOST_AHEAD_S + 60)
    who = await adult(stocked, "ann", 1000)
    with pytest.raises(DrawBusyError):
        await stocked.shop.entering.enter(who.id, draw.public_id, 1, "k", pay="wallet")
    with pytest.raises(DrawBusyError):
        async with writing(stocked.shop.engine) as session:
            await entries.house(session, draw.id, 1)
    alerts = "select kind, subject, severity, ended_at is null from shop.alert"
    raised = ("draw_clock_ahead", f"draw:{draw.public_id}", "critical")
    assert await stocked.rows(alerts) == [(*raised, True)]
    with clock.at(clock.now() + timedelta(seconds=90)):
        await entries.Entering(stocked.shop.engine, stocked.shop.zone).enter(
            who.id, draw.public_id, 1, "l", pay="wallet"
        )
    assert await stocked.rows(alerts) == [(*raised, False)]
    assert await stocked.rows("select count(*) from shop.draw_entry") == [(1,)]


async def test_somebody_with_many_ranges_sees_them_page_by_page_and_each_receipt_alone(stocked: Stocked) -> None:
    draw, ann, bob = await open_draw(stocked), await stocked.customer("ann"), await stocked.customer("bob")
    for who in (ann, bob, ann, ann):
        await chances(stocked, who, 2)
        await stocked.shop.entering.enter(who.id, draw.public_id, 2, uuid4().hex, pay="chances")
    async with reading(stocked.shop.engine) as session:
        pages = [await api.list_my_entries(draw.public_id, ann, session, 2, offset) for offset in (0, 2, 4)]
        assert [[each.first_index for each in page.items] for page in pages] == [[0, 4], [6], []]
        assert {page.total for page in pages} == {3}
        one = pages[1].items[0]
        shown = await api.show_receipt(draw.public_id, one.id, ann, session, stocked.shop)
        assert (shown.receipt["receipt"]["first"], shown.nonce) == (6, one.nonce)
        with pytest.raises(NotFoundError):
            await api.show_receipt(draw.public_id, one.id, bob, session, stocked.shop)
