"""A draw from its draft to its end, as anybody can check it, and its money as the books have it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from mingsuan import clock
from tests.transactional.draws.lives import DELAY_S, World, new_draw, world
from tests.transactional.draws.open_draws import adult
from tests.transactional.small_shop import Stocked
from transactional.accounts.models import Staff
from transactional.accounts.persons import addresses
from transactional.db import reading, writing
from transactional.draws import entries, service, steps, ticket_file
from transactional.draws.delivering import Handing
from transactional.draws.errors import (
    AddressNeededError,
    ClaimOverError,
    DrawMovedOnError,
    ForfeitTooEarlyError,
    NotWinnersTicketError,
    VoidTooLateError,
)
from transactional.draws.models import LegalOpinion, ModeSwitch, PlayLimit
from transactional.errors import InvalidInputError, NotFoundError
from transactional.logistics import service as logistics

pytestmark = [pytest.mark.anyio, pytest.mark.enable_socket]
HOME = {"recipient": "李雷", "phone": "13800138000", "province": "浙江省", "city": "杭州市", "street": "文三路 90 号"}


@pytest.fixture
async def lives(stocked: Stocked) -> AsyncIterator[World]:
    async with world(stocked) as made:
        yield made


async def test_a_draw_goes_from_draft_to_delivery_and_every_bundle_on_the_way_verifies(lives: World) -> None:
    people = [await adult(lives.stocked, name, 5000) for name in ("ann", "bob", "cec")]
    draw = await lives.opened(mode="refundable", price_fen=100)
    assert (await lives.verdict(draw)).code == "OPEN"
    for who, count in zip(people, (3, 4, 3), strict=True):
        await lives.enters(draw, who, count, "wallet")
    assert (await lives.balances())["draw_stakes"] == -1000
    means = lives.shop.engine, lives.shop.beacons, lives.shop.settings.public_dir
    async with writing(lives.shop.engine) as session:
        assert await service.close_if_due(session, draw.id, lives.at()) == "closed"
    assert not await service.commit(*means, draw.id)  # the last second's entries are not in the log yet
    await lives.sequenced()
    assert await lives.stepped(draw) == "committed"
    await lives.sequenced()
    assert (await lives.verdict(draw)).code == "OPEN"
    await lives.wait_for_round(draw)
    assert await lives.shown(draw) == "committed"
    lives.passes(seconds=1)
    assert await lives.shown(draw) == "overdue"
    assert (await lives.verdict(draw)).code == "OVERDUE"
    assert await lives.stepped(draw) == "decided"
    await lives.sequenced()
    outcome = await lives.verdict(draw)
    assert outcome.code == "TEST", outcome.message

    for winner in await lives.winners(draw):
        assert winner.customer_id is not None
        async with writing(lives.shop.engine) as session:
            await service.claim(session, lives.shop.vault, winner.public_id, winner.customer_id, lives.at())
        with lives.now():
            async with writing(lives.shop.engine) as session:
                given = Handing(cost_fen=300_000, code=f"CODE-{winner.place}")
                await service.deliver(
                    session, lives.shop.vault, winner.public_id, given, lives.staff_id, lives.shop.zone
                )
    await lives.sequenced()
    assert await lives.stepped(draw) == "finished"
    outcome = await lives.verdict(draw)
    assert outcome.code == "TEST", outcome.message
    balances = await lives.balances()
    assert balances.get("draw_stakes", 0) == 0
    assert balances["draw_income"] == -200  # two winning entries of 100 each
    assert balances["customer_wallet"] == -(15_000 - 200)
    assert balances["draw_prizes"] == 600_000


async def test_what_nobody_claims_goes_to_the_reserves_in_their_order_and_never_to_the_house(lives: World) -> None:
    people = [await lives.stocked.customer(name) for name in ("ann", "bob", "cec", "dan")]
    draw = await lives.opened(winners=3, reserves=2, claim_days=1)
    async with writing(lives.shop.engine) as session:
        with lives.now():
            await entries.house(session, draw.id, 2)
    for who in people:
        await lives.enters(draw, who, 2)
    await lives.sequenced()
    await lives.stepped(draw)
    await lives.sequenced()
    await lives.wait_for_round(draw)
    await lives.stepped(draw)
    reserves = [row[0] for row in await lives.stocked.rows("select entry_index from shop.draw_reserve order by place")]
    assert len(reserves) == 2
    assert min(reserves) >= 2  # entries 0 and 1 are the house's
    first = await lives.winners(draw)
    shopper = next(winner for winner in first if winner.customer_id is not None)  # the house has but two entries
    async with writing(lives.shop.engine) as session:
        with pytest.raises(ForfeitTooEarlyError):
            await service.forfeit(session, shopper.public_id, "gone", None, lives.at() + timedelta(hours=23))
    for _ in range(3):
        lives.passes(days=1, seconds=2)
        await lives.stepped(draw)
        await lives.sequenced()
        assert (await lives.verdict(draw)).code == "TEST"
    won = [winner.entry_index for winner in await lives.winners(draw)]
    assert won == [*(winner.entry_index for winner in first), *reserves]
    assert await lives.stepped(draw) == "finished"


async def test_a_draw_that_is_not_full_in_time_ends_void_and_gives_back_all(lives: World) -> None:
    ann, bob = await adult(lives.stocked, "ann", 5000), await adult(lives.stocked, "bob", 5000)
    closes_at = lives.at() + timedelta(minutes=10)
    draw = await lives.opened(mode="refundable", price_fen=100, capacity=100, closes_at=closes_at)
    empty = await lives.opened(capacity=0, closes_at=closes_at)
    await lives.enters(draw, ann, 7, "wallet")
    await lives.enters(draw, bob, 1, "wallet")
    await lives.enters(draw, ann, 2, "wallet")
    await lives.sequenced()
    lives.passes(minutes=10)
    assert await lives.shown(draw) == "closing"
    assert await lives.stepped(draw) == await lives.stepped(empty) == "void"
    await lives.sequenced()
    assert (await lives.verdict(draw)).code == (await lives.verdict(empty)).code == "VOID"
    balances = await lives.balances()
    assert balances.get("draw_stakes", 0) == 0
    assert balances["customer_wallet"] == -10_000
    told = "select kind, count(*) from shop.notice group by kind order by kind"
    assert await lives.stocked.rows(told) == [("draw_void", 2)]
    await lives.stepped(draw)
    assert (await lives.balances())["customer_wallet"] == -10_000


async def test_chances_that_were_used_in_a_draw_that_was_called_off_can_be_used_again_once(lives: World) -> None:
    ann = await lives.stocked.customer("ann")
    draw = await lives.opened()
    await lives.enters(draw, ann, 4)
    async with writing(lives.shop.engine) as session:
        with pytest.raises(InvalidInputError):
            await service.void(session, draw.id, "cancelled", "  no ", lives.staff_id, lives.at())
    async with writing(lives.shop.engine) as session:
        await service.void(session, draw.id, "cancelled", "The prize was stolen.", lives.staff_id, lives.at())
    for _ in range(2):
        await lives.stepped(draw)
    await lives.sequenced()
    assert (await lives.verdict(draw)).code == "VOID"
    left = "select source, granted, used from shop.draw_chance order by id"
    assert await lives.stocked.rows(left) == [("checkin", 4, 4), ("checkin", 4, 0)]


async def test_nobody_calls_a_draw_off_when_its_round_is_near(lives: World) -> None:
    ann = await lives.stocked.customer("ann")
    draw = await lives.opened()
    await lives.enters(draw, ann, 10)
    await lives.sequenced()
    await lives.stepped(draw)
    row = await lives.row(draw)
    latest = service.last_void_at(row)
    assert row.round_at is not None
    assert latest == row.round_at - timedelta(seconds=120)
    words, late = "We changed our mind.", latest + timedelta(seconds=1)
    async with writing(lives.shop.engine) as session:
        with pytest.raises(VoidTooLateError):
            await service.void(session, draw.id, "cancelled", words, lives.staff_id, late)
    async with writing(lives.shop.engine) as session:
        await service.void(session, draw.id, "cancelled", words, lives.staff_id, latest)
    lives.second = int(latest.timestamp()) + 59  # the log's promise is a minute
    await lives.sequenced()
    assert (await lives.verdict(draw)).code == "TEST"  # real neither the beacon nor the witness


async def test_a_result_that_is_a_week_late_gives_stakes_back_and_stands_when_it_comes(lives: World) -> None:
    ann = await adult(lives.stocked, "ann", 5000)
    draw = await lives.opened(mode="refundable", price_fen=100)
    await lives.enters(draw, ann, 10, "wallet")
    await lives.sequenced()
    await lives.stepped(draw)
    await lives.sequenced()
    lives.relay.fault = "dies"
    await lives.wait_for_round(draw)
    lives.passes(days=6, hours=23)
    assert await lives.stepped(draw) == "committed"
    assert await lives.shown(draw) == "overdue"
    alerts = "select kind, severity, ended_at is null from shop.alert"
    assert await lives.stocked.rows(alerts) == [("draw_overdue", "critical", True)]
    asked = lives.relay.asked
    assert await lives.stepped(draw) == "committed"
    assert lives.relay.asked == asked  # however often it is tried, relays have some seconds' rest
    assert (await lives.balances())["draw_stakes"] == -1000
    lives.passes(hours=2)
    assert await lives.stepped(draw) == "committed"
    assert await lives.shown(draw) == "late"
    balances = await lives.balances()
    assert (balances.get("draw_stakes", 0), balances["customer_wallet"]) == (0, -5000)
    await lives.sequenced()
    assert (await lives.verdict(draw)).code == "OVERDUE"
    lives.relay.fault = None
    lives.passes(seconds=10)
    assert await lives.stepped(draw) == "decided"
    assert await lives.stocked.rows(alerts) == [("draw_overdue", "critical", False)]
    await lives.sequenced()
    assert (await lives.verdict(draw)).code == "TEST"
    assert len(await lives.winners(draw)) == 2
    assert (await lives.balances())["customer_wallet"] == -5000


async def test_whoever_holds_somebody_elses_receipt_claims_nothing(lives: World) -> None:
    ann, thief = await lives.stocked.customer("ann"), await lives.stocked.customer("thief")
    draw = await lives.opened(winners=1)
    await lives.enters(draw, ann, 9)
    await lives.enters(draw, thief, 1)
    await lives.sequenced()
    await lives.stepped(draw)
    await lives.sequenced()
    await lives.wait_for_round(draw)
    await lives.stepped(draw)
    [winner] = await lives.winners(draw)
    other = thief if winner.customer_id == ann.id else ann
    async with writing(lives.shop.engine) as session:
        with pytest.raises(NotFoundError):
            await service.claim(session, lives.shop.vault, winner.public_id, other.id, lives.at())
    # nor by a row that was changed since: what was committed names the owner
    async with writing(lives.shop.engine) as session:
        changed = text("update shop.draw_winner set customer_id = :thief")
        await session.execute(changed, {"thief": other.id})
    async with writing(lives.shop.engine) as session:
        with pytest.raises(NotWinnersTicketError):
            await service.claim(session, lives.shop.vault, winner.public_id, other.id, lives.at())


async def test_after_the_claim_days_a_prize_cannot_be_claimed(lives: World) -> None:
    ann = await lives.stocked.customer("ann")
    draw = await lives.opened(winners=1, claim_days=1)
    await lives.enters(draw, ann, 10)
    await lives.sequenced()
    await lives.stepped(draw)
    await lives.sequenced()
    await lives.wait_for_round(draw)
    await lives.stepped(draw)
    [winner] = await lives.winners(draw)
    async with writing(lives.shop.engine) as session:
        late = lives.at() + timedelta(days=1, seconds=1)
        with pytest.raises(ClaimOverError):
            await service.claim(session, lives.shop.vault, winner.public_id, ann.id, late)
        claimed = await service.claim(session, lives.shop.vault, winner.public_id, ann.id, lives.at())
        again = await service.claim(session, lives.shop.vault, winner.public_id, ann.id, lives.at())
    assert claimed.claimed_at == again.claimed_at == lives.at()


async def test_all_who_ask_for_the_result_at_once_get_the_same_one(lives: World) -> None:
    ann = await lives.stocked.customer("ann")
    draw = await lives.opened()
    await lives.enters(draw, ann, 10)
    await lives.sequenced()
    await lives.stepped(draw)
    await lives.sequenced()
    with lives.now():
        assert await service.decide(lives.shop.engine, lives.shop.beacons, draw.id) == "committed"  # not due yet
    assert lives.relay.asked == 1  # for the fresh round alone
    await lives.wait_for_round(draw)
    with lives.now():
        states = await asyncio.gather(
            *(service.decide(lives.shop.engine, lives.shop.beacons, draw.id) for _ in range(8))
        )
        assert await service.decide(lives.shop.engine, lives.shop.beacons, draw.id) == "decided"
    assert set(states) - {"committed"} == {"decided"}  # who came while the answer was being kept is not told yet
    assert len(await lives.winners(draw)) == 2
    assert await lives.stocked.rows("select count(*) from shop.log_leaf where kind = 'result'") == [(1,)]


async def test_however_many_ask_for_a_result_relays_are_asked_once_a_second(lives: World) -> None:
    ann = await lives.stocked.customer("ann")
    draw = await lives.opened()
    await lives.enters(draw, ann, 10)
    await lives.sequenced()
    await lives.stepped(draw)
    await lives.wait_for_round(draw)
    lives.relay.fault = "dies"
    before = lives.relay.asked

    async def ask() -> list[str]:
        with lives.now():
            asked = (service.decide(lives.shop.engine, lives.shop.beacons, draw.id) for _ in range(8))
            return await asyncio.gather(*asked)

    assert await ask() == ["committed"] * 8
    assert await ask() == ["committed"] * 8
    assert lives.relay.asked == before + 1
    lives.passes(seconds=1)
    lives.relay.fault = None
    assert await ask() == ["decided"] * 8
    assert lives.relay.asked == before + 2


async def test_a_parcel_goes_to_the_address_that_its_winner_chose(lives: World) -> None:
    ann = await lives.stocked.customer("ann")
    draw = await lives.decided(ann, winners=1, prize_kind="parcel")
    [winner] = await lives.winners(draw)
    vault = lives.shop.vault
    async with writing(lives.shop.engine) as session:
        home = await addresses.add(session, vault, ann.id, HOME)
        with pytest.raises(AddressNeededError):
            await service.claim(session, vault, winner.public_id, ann.id, lives.at())
        await service.claim(session, vault, winner.public_id, ann.id, lives.at(), address_id=home)
    given = Handing(cost_fen=0, courier="顺丰", tracking_no="SF1234567890")
    async with writing(lives.shop.engine) as session:
        place = await logistics.prize_place(session, vault, f"PRIZE-1-{10_000_001 + winner.entry_index}")
        assert place is not None
        assert place.recipient == HOME["recipient"]
        await service.deliver(session, vault, winner.public_id, given, lives.staff_id, lives.shop.zone)
    sent = """
        select s.purpose, s.customer_id, s.courier
        from shop.shipment as s join shop.draw_winner as w on w.shipment_id = s.id
    """
    assert await lives.stocked.rows(sent) == [("prize", ann.id, "shunfeng")]
    async with writing(lives.shop.engine) as session:
        with pytest.raises(DrawMovedOnError):
            await service.deliver(session, vault, winner.public_id, given, lives.staff_id, lives.shop.zone)


async def test_a_code_is_kept_sealed_and_shown_to_its_winner_only(lives: World) -> None:
    ann, bob = await lives.stocked.customer("ann"), await lives.stocked.customer("bob")
    draw = await lives.decided(ann, winners=1)
    [winner] = await lives.winners(draw)
    vault, given = lives.shop.vault, Handing(cost_fen=900, code="OPEN-SESAME")
    async with writing(lives.shop.engine) as session:
        with pytest.raises(DrawMovedOnError):  # nobody has claimed it
            await service.deliver(session, vault, winner.public_id, given, lives.staff_id, lives.shop.zone)
        await service.claim(session, vault, winner.public_id, ann.id, lives.at())
        with pytest.raises(NotFoundError):
            await service.prize_code(session, vault, winner.public_id, ann.id, lives.at())
        await service.deliver(session, vault, winner.public_id, given, lives.staff_id, lives.shop.zone)
        with pytest.raises(NotFoundError):
            await service.prize_code(session, vault, winner.public_id, bob.id, lives.at())
        first = lives.at()
        for at in (first, first + timedelta(days=1)):
            assert await service.prize_code(session, vault, winner.public_id, ann.id, at) == "OPEN-SESAME"
    assert await lives.stocked.rows("select code_shown_at from shop.draw_winner") == [(first,)]
    assert "OPEN-SESAME" not in repr(given)
    kept = str(await lives.stocked.rows("select w::text from shop.draw_winner as w"))
    assert "OPEN-SESAME" not in kept
    assert b"OPEN-SESAME".hex() not in kept
    balances = await lives.balances()
    assert (balances["draw_prizes"], balances["bank"]) == (900, -900)


async def test_in_the_paid_mode_all_stakes_are_income_once_the_draw_is_decided(lives: World) -> None:
    ann = await adult(lives.stocked, "ann", 5000)
    await lives.stocked.rows("update shop.customer set country = 'GB' returning id")
    at = lives.at()
    async with writing(lives.shop.engine) as session:
        second = Staff(email="two@example.com", display_name="Two", role="auditor", password_hash="-")
        session.add(second)
        session.add(PlayLimit(customer_id=ann.id, kind="stake_month", amount_fen=100_000))
        terms = {"profile": "great_britain", "mode": "paid"}
        opinion = LegalOpinion(
            **terms, counsel="C", summary="S", document_sha256="0" * 64, recorded_by=lives.staff_id,
            given_on=at, valid_until=at + timedelta(days=300),
        )  # fmt: skip
        session.add(opinion)
        await session.flush()
        people = {"asked_by": lives.staff_id, "confirmed_by": second.id, "confirmed_at": at}
        session.add(ModeSwitch(**terms, is_on=True, opinion_id=opinion.id, **people))
    pack = {"price_fen": 100, "pack": (12, 10), "capacity": 13, **terms}
    draw = await lives.decided(ann, 13, "wallet", **pack)
    balances = await lives.balances()
    assert (balances.get("draw_stakes", 0), balances["draw_income"], balances["customer_wallet"]) == (0, -1100, -3900)
    assert (await lives.verdict(draw)).code == "TEST"


@pytest.mark.proof
async def test_a_commitment_that_comes_too_late_is_told_to_staff_and_not_believed_by_anybody(lives: World) -> None:
    ann = await lives.stocked.customer("ann")
    draw = await lives.opened()
    await lives.enters(draw, ann, 10)
    await lives.sequenced()
    lives.passes(seconds=DELAY_S - 50)  # the shop was down; the round follows from the last entry all the same
    async with writing(lives.shop.engine) as session:
        with pytest.raises(VoidTooLateError):
            await service.void(session, draw.id, "cancelled", "We were down.", lives.staff_id, lives.at())
    assert await lives.stepped(draw) == "committed"
    await lives.sequenced()
    assert await lives.stocked.rows("select kind from shop.alert") == [("draw_committed_late",)]
    assert (await lives.verdict(draw)).code == "LATE-COMMIT"


async def test_a_commitment_whose_tickets_took_too_long_is_late_and_its_round_is_asked_after_them(
    lives: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = await lives.stocked.customer("ann")
    draw = await lives.opened()
    await lives.enters(draw, ann, 10)
    await lives.sequenced()
    write, asked, before = ticket_file.write, [], lives.relay.asked

    async def slowly(*given: Any) -> ticket_file.Tickets:
        asked.append(lives.relay.asked - before)
        lives.passes(seconds=DELAY_S - 50)
        return await write(*given)

    monkeypatch.setattr(ticket_file, "write", slowly)
    monkeypatch.setattr(clock, "now", lives.at)
    assert await service.step(lives.shop, draw.id) == "committed"
    assert asked == [0]
    assert await lives.stocked.rows("select kind from shop.alert") == [("draw_committed_late",)]


@pytest.mark.proof
async def test_without_a_witness_in_time_a_draw_is_valid_but_untimed(lives: World) -> None:
    ann = await lives.stocked.customer("ann")
    draw = await lives.opened()
    await lives.enters(draw, ann, 10)
    await lives.sequenced()
    lives.witness.fault = "dies"
    await lives.stepped(draw)
    await lives.sequenced()
    await lives.wait_for_round(draw)
    await lives.stepped(draw)
    await lives.sequenced()
    assert (await lives.verdict(draw)).code == "VALID-UNTIMED"


async def test_steps_that_are_due_are_found_by_the_clock(lives: World) -> None:
    ann = await lives.stocked.customer("ann")
    closes_at = lives.at() + timedelta(hours=1)
    draw = await lives.opened(capacity=0, closes_at=closes_at, winners=1, claim_days=1, reserves=0)
    await lives.enters(draw, ann, 3)
    found: dict[str, list[int]] = {}

    async def look(name: str) -> None:
        async with reading(lives.shop.engine) as session:
            found[name] = await steps.due(session, lives.at())

    await look("open")
    lives.passes(hours=1)
    await lives.sequenced()
    await look("over")
    await lives.stepped(draw)
    await look("committed")
    await lives.sequenced()
    await lives.wait_for_round(draw)
    await look("round")
    await lives.stepped(draw)
    await look("decided")
    lives.passes(days=1, seconds=1)
    await look("unclaimed")
    assert await lives.stepped(draw) == "finished"
    await look("finished")
    due = {name for name, draws in found.items() if draws}
    assert due == {"over", "round", "unclaimed"}
    row = await lives.row(draw)
    assert row.closed_at == closes_at
    assert row.decided_at is not None
    waiting = "select scheduled_at from jobs.procrastinate_jobs where task_name = 'draws.wake' and lock is null"
    planned = {at for (at,) in await lives.stocked.rows(waiting)}
    assert {closes_at, row.round_at, row.decided_at + timedelta(days=1, seconds=1)} <= planned


@pytest.mark.proof
async def test_many_who_fetch_a_bundle_at_once_get_the_same_whole_file_though_the_tickets_were_lost(
    lives: World,
) -> None:
    ann = await lives.stocked.customer("ann")
    draw = await lives.decided(ann)
    public = lives.shop.settings.public_dir
    folder = public / "draws" / draw.public_id.hex
    (folder / "tickets.bin").unlink()

    async def fetched() -> bytes:
        async with reading(lives.shop.engine) as session:
            return (await service.bundles.write(session, lives.keeper, public, draw.id)).read_bytes()

    found = await asyncio.gather(*(fetched() for _ in range(8)))
    assert len(set(found)) == 1
    assert (await lives.verdict(draw)).code == "TEST"
    assert sorted(file.suffix for file in folder.iterdir()) == [".bin", ".zip"]


@pytest.mark.proof
async def test_what_nobody_has_opened_has_no_bundle(lives: World) -> None:
    async with writing(lives.shop.engine) as session:
        draft = await service.draft(session, new_draw(), lives.staff_id)
    async with reading(lives.shop.engine) as session:
        for draw_id in (draft.id, draft.id + 1):
            with pytest.raises(NotFoundError):
                await service.bundles.write(session, lives.keeper, lives.shop.settings.public_dir, draw_id)


async def test_staff_are_told_when_a_closed_draw_cannot_be_committed(
    lives: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "WAIT_S", 0.0)
    ann = await lives.stocked.customer("ann")
    draw = await lives.opened()
    await lives.enters(draw, ann, 10)
    await lives.sequenced()
    other = await lives.opened(winners=1)
    await lives.enters(other, ann, 10)
    await lives.sequenced()
    lives.relay.fault = "dies"
    assert await lives.stepped(other) == "closed"
    async with writing(lives.shop.engine) as session:
        await service.void(session, other.id, "cancelled", "No beacon.", lives.staff_id, lives.at())
    alerts = "select kind, ended_at is null from shop.alert order by id"
    ended = ("draw_not_committed", False)
    assert await lives.stocked.rows(alerts) == [ended]
    assert await lives.stepped(draw) == "closed"
    assert await lives.stocked.rows(alerts) == [ended, ("draw_not_committed", True)]
    lives.relay.fault = None
    assert await lives.stepped(draw) == "committed"
    assert await lives.stocked.rows(alerts) == [ended, ended]
