"""The paid mode is on only after two people of standing said so on a valid opinion; one person switches it off."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from tests.transactional.draws.play import people
from transactional.accounts.models import Staff, StaffAct
from transactional.db import WriteSession
from transactional.draws.models import ModeSwitch
from transactional.draws.play import guard, opinions, switches
from transactional.draws.play.errors import ModeOffError, NewMemberError
from transactional.draws.play.opinions import NewOpinion
from transactional.errors import InvalidInputError, NotAllowedError, ShopError

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
DAY = timedelta(days=1)
GB = "great_britain"


def opinion(**changes: object) -> NewOpinion:
    values: dict[str, object] = {
        "profile": GB,
        "mode": "paid",
        "counsel": "Smith LLP",
        "summary": "A prize competition with a free route.",
        "document_sha256": "ab" * 32,
        "given_on": NOW - DAY,
        "valid_until": NOW + 90 * DAY,
    }
    return NewOpinion(**values | changes)  # type: ignore[arg-type]


async def is_on(session: WriteSession, at: datetime, mode: str = "paid", profile: str = GB) -> bool:
    """Whether such a draw could be opened now."""
    with suppress(ModeOffError):
        await guard.may_open(session, people.draw(mode=mode, profile=profile), at)
        return True
    return False


async def test_two_people_switch_the_paid_mode_on_and_one_switches_it_off(session: WriteSession) -> None:
    owner, auditor = await people.member(session, "owner", NOW), await people.member(session, "auditor", NOW)
    await opinions.record(session, opinion(), owner, NOW)
    asked = await switches.ask(session, GB, "paid", auditor, NOW)
    assert not await is_on(session, NOW)
    await switches.confirm(session, asked.public_id, owner, NOW)
    assert await is_on(session, NOW)
    await switches.off(session, GB, "paid", auditor, NOW + DAY)
    assert not await is_on(session, NOW + DAY)
    acts = await session.scalars(select(StaffAct.act).order_by(StaffAct.id))
    assert list(acts) == ["record_opinion", "ask_mode_on", "switch_mode_on", "switch_mode_off"]


async def test_one_person_alone_cannot_switch_it_on(session: WriteSession) -> None:
    owner = await people.member(session, "owner", NOW)
    await opinions.record(session, opinion(), owner, NOW)
    asked = await switches.ask(session, GB, "paid", owner, NOW)
    again = await switches.ask(session, GB, "paid", owner, NOW)
    assert again.id == asked.id
    with pytest.raises(ShopError) as caught:
        await switches.confirm(session, asked.public_id, owner, NOW)
    assert caught.value.type == "second-person-needed"
    assert "须由另一人确认" in caught.value.sentence("zh_CN")
    assert "somebody else must" in caught.value.sentence("en")
    assert not await is_on(session, NOW)


async def test_the_database_refuses_one_person_too(session: WriteSession) -> None:
    owner = await people.member(session, "owner", NOW)
    session.add(ModeSwitch(mode="paid", profile=GB, is_on=True, asked_by=owner, confirmed_by=owner, confirmed_at=NOW))
    with pytest.raises(IntegrityError, match="two_people"):
        await session.flush()


async def test_a_member_who_was_just_added_is_no_second_person(session: WriteSession) -> None:
    owner = await people.member(session, "owner", NOW)
    added = await people.member(session, "auditor", NOW, days=0)
    await opinions.record(session, opinion(), owner, NOW)
    asked = await switches.ask(session, GB, "paid", owner, NOW)
    for act in (
        switches.ask(session, GB, "paid", added, NOW),
        switches.confirm(session, asked.public_id, added, NOW),
    ):
        with pytest.raises(ShopError) as caught:
            await act
        assert caught.value.type == "member-too-new"
        assert "不足 7 天" in caught.value.sentence("zh_CN")
    await switches.confirm(session, asked.public_id, added, NOW + 8 * DAY)


@pytest.mark.parametrize("role", ["operator", "buyer"])
async def test_other_roles_take_no_part(session: WriteSession, role: str) -> None:
    owner, other = await people.member(session, "owner", NOW), await people.member(session, role, NOW)
    await opinions.record(session, opinion(), owner, NOW)
    asked = await switches.ask(session, GB, "paid", owner, NOW)
    for act in (
        switches.ask(session, GB, "paid", other, NOW),
        switches.confirm(session, asked.public_id, other, NOW),
        switches.off(session, GB, "paid", other, NOW),
        opinions.record(session, opinion(), other, NOW),
    ):
        with pytest.raises(NotAllowedError):
            await act
    assert not await is_on(session, NOW)


async def test_who_is_switched_off_confirms_nothing(session: WriteSession) -> None:
    owner, auditor = await people.member(session, "owner", NOW), await people.member(session, "auditor", NOW)
    await opinions.record(session, opinion(), owner, NOW)
    asked = await switches.ask(session, GB, "paid", owner, NOW)
    (await session.get_one(Staff, auditor)).disabled_at = NOW
    await session.flush()
    with pytest.raises(NotAllowedError):
        await switches.confirm(session, asked.public_id, auditor, NOW)


async def test_without_a_valid_opinion_nothing_is_asked_confirmed_or_kept_on(session: WriteSession) -> None:
    owner, auditor = await people.member(session, "owner", NOW), await people.member(session, "auditor", NOW)
    with pytest.raises(ShopError) as caught:
        await switches.ask(session, GB, "paid", owner, NOW)
    assert caught.value.type == "opinion-missing"
    assert "先登记" in caught.value.sentence("zh_CN")
    until = NOW + 10 * DAY
    await opinions.record(session, opinion(valid_until=until), owner, NOW)
    asked = await switches.ask(session, GB, "paid", owner, NOW)
    with pytest.raises(ShopError, match="expired"):
        await switches.confirm(session, asked.public_id, auditor, until)
    await switches.confirm(session, asked.public_id, auditor, NOW)
    assert await is_on(session, until - timedelta(seconds=1))
    assert not await is_on(session, until)


async def test_no_opinion_makes_the_paid_mode_lawful_in_the_mainland(session: WriteSession) -> None:
    owner = await people.member(session, "owner", NOW)
    for forbidden in (
        opinions.record(session, opinion(profile="mainland"), owner, NOW),
        switches.ask(session, "mainland", "paid", owner, NOW),
    ):
        with pytest.raises(ShopError) as caught:
            await forbidden
        assert caught.value.type == "draw-mode-forbidden"
        assert "再可验证也不行" in caught.value.sentence("zh_CN")


async def test_customers_of_the_mainland_enter_no_paid_draw_wherever_it_is_held(session: WriteSession) -> None:
    owner, auditor = await people.member(session, "owner", NOW), await people.member(session, "auditor", NOW)
    await opinions.record(session, opinion(), owner, NOW)
    asked = await switches.ask(session, GB, "paid", owner, NOW)
    await switches.confirm(session, asked.public_id, auditor, NOW)
    who = await people.customer(session)
    await people.verified_adult(session, who.id, NOW)
    with pytest.raises(ShopError) as caught:
        await guard.may_enter(session, who.id, people.draw(mode="paid", profile=GB), 100, NOW)
    assert caught.value.type == "draw-not-in-your-country"
    assert "您所在地区的规则" in caught.value.sentence("zh_CN")


async def test_a_request_is_decided_once_and_switching_off_withdraws_it(session: WriteSession) -> None:
    owner, auditor = await people.member(session, "owner", NOW), await people.member(session, "auditor", NOW)
    await opinions.record(session, opinion(), owner, NOW)
    withdrawn = await switches.ask(session, GB, "paid", owner, NOW)
    await switches.withdraw(session, withdrawn.public_id, owner, NOW)
    overtaken = await switches.ask(session, GB, "paid", owner, NOW)
    await switches.off(session, GB, "paid", auditor, NOW)
    confirmed = await switches.ask(session, GB, "paid", owner, NOW)
    await switches.confirm(session, confirmed.public_id, auditor, NOW)
    for decided in (withdrawn, overtaken, confirmed):
        await session.refresh(decided)
        for act in (switches.confirm, switches.withdraw):
            with pytest.raises(ShopError) as caught:
                await act(session, decided.public_id, auditor, NOW)
            assert caught.value.type == "switch-decided"


async def test_a_mode_that_is_on_by_itself_can_be_switched_off_and_takes_two_to_come_back(
    session: WriteSession,
) -> None:
    owner, auditor = await people.member(session, "owner", NOW), await people.member(session, "auditor", NOW)
    assert await is_on(session, NOW, "refundable", "mainland")
    await switches.off(session, "mainland", "refundable", owner, NOW)
    assert not await is_on(session, NOW, "refundable", "mainland")
    asked = await switches.ask(session, "mainland", "refundable", owner, NOW)
    assert not await is_on(session, NOW, "refundable", "mainland")
    await switches.confirm(session, asked.public_id, auditor, NOW)
    assert await is_on(session, NOW, "refundable", "mainland")


@pytest.mark.parametrize(
    ("changes", "place", "chinese"),
    [
        ({"counsel": " "}, "counsel", "律师"),
        ({"summary": ""}, "summary", "要点"),
        ({"document_sha256": "ab" * 31}, "document_sha256", "SHA-256"),
        ({"valid_until": NOW}, "valid_until", "有效期"),
        ({"given_on": NOW + DAY}, "valid_until", "不晚于今天"),
    ],
)
async def test_an_opinion_is_recorded_whole_or_not(
    session: WriteSession, changes: dict[str, object], place: str, chinese: str
) -> None:
    owner = await people.member(session, "owner", NOW)
    with pytest.raises(InvalidInputError) as caught:
        await opinions.record(session, opinion(**changes), owner, NOW)
    (problem,) = caught.value.problems
    assert problem.place == place
    assert chinese in problem.sentence("zh_CN")


@pytest.mark.parametrize(
    "act", ["add_staff", "invite_staff", "join_staff", "change_role", "enable_staff", "reset_two_step", "let_back_in"]
)
async def test_who_was_let_in_anew_takes_no_part_for_a_week(session: WriteSession, act: str) -> None:
    owner, auditor = await people.member(session, "owner", NOW), await people.member(session, "auditor", NOW)
    await opinions.record(session, opinion(), owner, NOW)
    name = await session.scalar(select(Staff.public_id).where(Staff.id == auditor))
    by = {"join_staff": auditor, "let_back_in": None}.get(act, owner)
    session.add(StaffAct(staff_id=by, act=act, subject=f"staff:{name}", happened_at=NOW))
    asked = await switches.ask(session, GB, "paid", owner, NOW)
    later = NOW + switches.KNOWN_FOR
    for attempt in (
        switches.ask(session, GB, "paid", auditor, later - DAY / 2),
        switches.confirm(session, asked.public_id, auditor, later - DAY / 2),
    ):
        with pytest.raises(NewMemberError):
            await attempt
    await switches.confirm(session, asked.public_id, auditor, later)
