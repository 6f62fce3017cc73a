"""Each rule of play refuses where draws are opened and entered, and says why in the customer's language."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from tests.transactional.draws.play import people
from transactional.accounts.models import StaffAct
from transactional.db import WriteSession
from transactional.draws.models import Draw, PlayLimit
from transactional.draws.play import countries, guard, limits, pauses
from transactional.draws.play.profiles import PROFILES
from transactional.errors import InvalidInputError, NotAllowedError, ShopError
from transactional.profile import ShopProfile

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
DAY = timedelta(days=1)
Try = Callable[[], Awaitable[object]]


async def refused(tried: Awaitable[object], kind: str, chinese: str, english: str) -> None:
    """The refusal's type, and words of its reason in both languages."""
    with pytest.raises(ShopError) as caught:
        await tried
    assert caught.value.type == kind
    assert chinese in caught.value.sentence("zh_CN")
    assert english in caught.value.sentence("en")


@pytest.mark.parametrize(
    ("changes", "kind", "chinese", "english"),
    [
        ({"mode": "paid"}, "draw-mode-forbidden", "禁止这种抽奖方式", "forbid draws of this kind"),
        ({"mode": "paid", "profile": "great_britain"}, "draw-mode-off", "未启用", "switched off"),
        ({"mode": "refundable", "profile": "elsewhere"}, "draw-mode-forbidden", "禁止", "forbid"),
        ({"prize_value_fen": 5_000_001}, "prize-too-dear", "¥50,000.00", "¥50,000.00 at most"),
        ({"mode": "refundable", "prize_value_fen": 5_000_001}, "prize-too-dear", "¥50,000.00", "¥50,000.00 at most"),
        ({"profile": "great_britain", "free_rule": " "}, "free-route-missing", "免费参与", "enter for free"),
        ({"profile": "elsewhere", "free_rule": ""}, "free-route-missing", "免费参与", "enter for free"),
        ({"rules": " \n"}, "draw-rules-missing", "第一次参与之前公布", "published before the first entry"),
    ],
)
async def test_a_draw_against_the_rules_is_not_opened(
    session: WriteSession, changes: dict[str, object], kind: str, chinese: str, english: str
) -> None:
    await refused(guard.may_open(session, people.draw(**changes), NOW), kind, chinese, english)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"prize_value_fen": 5_000_000},
        {"mode": "refundable"},
        {"free_rule": ""},
        {"profile": "great_britain", "prize_value_fen": 9_000_000},
        {"profile": "great_britain", "mode": "refundable"},
        {"profile": "elsewhere"},
    ],
)
async def test_a_lawful_draw_is_opened(session: WriteSession, changes: dict[str, object]) -> None:
    await guard.may_open(session, people.draw(**changes), NOW)


async def test_a_cap_in_yuan_is_not_taken_for_one_in_dollars(session: WriteSession) -> None:
    (await session.get_one(ShopProfile, 1)).currency = "USD"
    await session.flush()
    opening = guard.may_open(session, people.draw(), NOW)
    await refused(opening, "prize-cap-in-other-currency", "以 USD 记账", "reckons in USD")
    await guard.may_open(session, people.draw(profile="elsewhere"), NOW)


async def test_nobody_stakes_who_is_not_known_to_be_of_age(session: WriteSession) -> None:
    who, draw = await people.customer(session), people.draw(mode="refundable")
    await refused(guard.may_enter(session, who.id, draw, 100, NOW), "adults-only-draw", "18 周岁", "18 and over")
    await people.verified_adult(session, who.id, NOW, is_adult=False)
    await refused(guard.may_enter(session, who.id, draw, 100, NOW), "adults-only-draw", "实名认证", "identity was")
    await guard.may_enter(session, who.id, people.draw(), 0, NOW)
    other = await people.customer(session, "adult")
    await people.verified_adult(session, other.id, NOW)
    await guard.may_enter(session, other.id, draw, 100, NOW)


async def test_a_free_entry_to_a_draw_with_a_price_asks_for_age_too(session: WriteSession) -> None:
    who = await people.customer(session)
    entering = guard.may_enter(session, who.id, people.draw(mode="refundable"), 0, NOW)
    await refused(entering, "adults-only-draw", "实名认证", "identity")


async def test_the_rules_of_the_customers_country_hold_beside_the_draws(session: WriteSession) -> None:
    chinese = await people.customer(session, "cn")
    french = await people.customer(session, "fr", "FR")
    for who in (chinese, french):
        await people.verified_adult(session, who.id, NOW)
    british = people.draw(profile="great_britain", prize_value_fen=9_000_000)
    too_dear = guard.may_enter(session, chinese.id, british, 0, NOW)
    await refused(too_dear, "draw-not-in-your-country", "所在地区", "your country")
    staked = guard.may_enter(session, french.id, people.draw(mode="refundable"), 100, NOW)
    await refused(staked, "draw-not-in-your-country", "所在地区", "your country")
    await guard.may_enter(session, french.id, people.draw(), 0, NOW)
    without_free_route = guard.may_enter(session, french.id, people.draw(free_rule=""), 0, NOW)
    await refused(without_free_route, "draw-not-in-your-country", "所在地区", "your country")


@pytest.mark.parametrize("kind", ["time_out", "self_exclusion"])
@pytest.mark.parametrize(("mode", "stake_fen"), [("promotional", 0), ("refundable", 100)])
async def test_who_asked_to_be_kept_out_is_kept_out_of_every_draw_until_then(
    session: WriteSession, kind: str, mode: str, stake_fen: int
) -> None:
    who = await people.customer(session)
    await people.verified_adult(session, who.id, NOW)
    draw, length = people.draw(mode=mode), pauses.LENGTHS[kind][0]
    until = await pauses.pause(session, who.id, kind, length, NOW)
    shown = f"{until + timedelta(hours=8):%Y-%m-%d %H:%M}"
    last = until - timedelta(seconds=1)
    await refused(guard.may_enter(session, who.id, draw, stake_fen, last), "paused-from-draws", shown, shown)
    await guard.may_enter(session, who.id, draw, stake_fen, until)


@pytest.mark.parametrize(
    ("kind", "ago", "days"),
    [
        ("stake_day", DAY - timedelta(seconds=1), "1 天"),
        ("stake_week", 7 * DAY - timedelta(seconds=1), "7 天"),
        ("stake_month", 30 * DAY - timedelta(seconds=1), "30 天"),
    ],
)
async def test_an_own_limit_holds_over_its_window_and_no_longer(
    session: WriteSession, kind: str, ago: timedelta, days: str
) -> None:
    who = await people.customer(session)
    await people.verified_adult(session, who.id, NOW)
    draw = await people.opened(session, mode="refundable")
    await people.staked(session, draw, who.id, 700, NOW - ago)
    await limits.set_limits(session, who.id, {kind: 1000}, NOW)
    await guard.may_enter(session, who.id, draw, 300, NOW)
    over = guard.may_enter(session, who.id, draw, 301, NOW)
    await refused(over, "own-limit-reached", f"{days}内 ¥10.00，还剩 ¥3.00", "¥3.00 of it are left")
    await guard.may_enter(session, who.id, draw, 1000, NOW + timedelta(seconds=1))


async def test_a_limit_of_zero_allows_no_stake_but_free_entries(session: WriteSession) -> None:
    who = await people.customer(session)
    await people.verified_adult(session, who.id, NOW)
    await limits.set_limits(session, who.id, {"stake_day": 0}, NOW)
    draw = people.draw(mode="refundable")
    await refused(guard.may_enter(session, who.id, draw, 1, NOW), "own-limit-reached", "¥0.00", "¥0.00")
    await guard.may_enter(session, who.id, draw, 0, NOW)


async def test_a_limit_of_losses_counts_stakes_until_they_are_back(session: WriteSession) -> None:
    who = await people.customer(session)
    await people.verified_adult(session, who.id, NOW)
    draw = await people.opened(session, mode="refundable")
    entry = await people.staked(session, draw, who.id, 800, NOW - DAY)
    await limits.set_limits(session, who.id, {"loss_month": 1000}, NOW)
    over = guard.may_enter(session, who.id, draw, 300, NOW)
    await refused(over, "loss-limit-reached", "损失限额是 30 天内 ¥10.00，还剩 ¥2.00", "¥2.00 of it are left")
    await people.came_back(session, entry)
    await guard.may_enter(session, who.id, draw, 300, NOW)


async def test_stakes_of_a_void_draw_never_were(session: WriteSession) -> None:
    who = await people.customer(session)
    await people.verified_adult(session, who.id, NOW)
    void = await people.opened(session, mode="refundable")
    await people.staked(session, void, who.id, 900, NOW)
    await limits.set_limits(session, who.id, {"stake_day": 1000}, NOW)
    void.state, void.void_reason = "void", "cancelled"
    await session.flush()
    await guard.may_enter(session, who.id, people.draw(mode="refundable"), 1000, NOW)


async def test_nobody_stakes_beyond_what_the_profile_allows_everybody(session: WriteSession) -> None:
    who = await people.customer(session)
    await people.verified_adult(session, who.id, NOW)
    draw = await people.opened(session, mode="refundable")
    await people.staked(session, draw, who.id, 499_900, NOW)
    await guard.may_enter(session, who.id, draw, 100, NOW)
    over = guard.may_enter(session, who.id, draw, 101, NOW)
    await refused(
        over, "stake-ceiling-reached", "任何人 1 天内最多出资 ¥5,000.00，您还剩 ¥1.00", "¥1.00 of it are left to you"
    )


async def test_a_ceiling_of_losses_would_hold_for_who_set_no_limit(
    session: WriteSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    strict = replace(PROFILES["mainland"], ceilings_fen={"loss_month": 1000})
    monkeypatch.setitem(PROFILES, "mainland", strict)  # type: ignore[misc, arg-type]
    who = await people.customer(session)
    await people.verified_adult(session, who.id, NOW)
    draw = await people.opened(session, mode="refundable")
    entry = await people.staked(session, draw, who.id, 900, NOW - DAY)
    over = guard.may_enter(session, who.id, draw, 101, NOW)
    await refused(over, "stake-ceiling-reached", "30 天内最多出资 ¥10.00", "¥1.00 of it are left to you")
    await people.came_back(session, entry)
    await guard.may_enter(session, who.id, draw, 1000, NOW)


async def test_britons_say_which_limits_they_want_before_the_first_stake(session: WriteSession) -> None:
    who = await people.customer(session, "gb", "GB")
    await people.verified_adult(session, who.id, NOW)
    draw = people.draw(profile="great_britain", mode="refundable")
    await refused(guard.may_enter(session, who.id, draw, 100, NOW), "limits-first", "理性参与", "Play safe")
    await guard.may_enter(session, who.id, draw, 0, NOW)
    await limits.set_limits(session, who.id, {"stake_day": None}, NOW)
    await guard.may_enter(session, who.id, draw, 100, NOW)


async def test_several_wishes_at_once_count_against_each_other(session: WriteSession) -> None:
    who, other = await people.customer(session), await people.customer(session, "other")
    for each in (who, other):
        await people.verified_adult(session, each.id, NOW)
    session.add(PlayLimit(customer_id=who.id, kind="stake_day", amount_fen=250))
    await session.flush()
    wishes = [guard.Wish(who.id, 100), guard.Wish(who.id, 200), guard.Wish(other.id, 9900), guard.Wish(who.id, 150)]
    found = await guard.refusals(session, people.draw(mode="refundable"), wishes, NOW)
    assert [each and each.type for each in found] == [None, "own-limit-reached", None, None]


async def test_a_page_learns_the_reason_before_anything_is_sent(session: WriteSession) -> None:
    who = await people.customer(session)
    why = await guard.why_not(session, who.id, people.draw(mode="refundable"), 100, NOW)
    assert why is not None
    assert why.type == "adults-only-draw"
    assert await guard.why_not(session, who.id, people.draw(), 0, NOW) is None


async def test_the_shop_does_not_enter_a_draw_that_did_not_announce_it(session: WriteSession) -> None:
    with pytest.raises(ShopError, match="did not announce") as caught:
        guard.may_enter_for_house(people.draw(house_rule=" "))
    assert "没有事先公布" in caught.value.sentence("zh_CN")
    guard.may_enter_for_house(people.draw(house_rule="本店最多参与 5 次。"))


async def test_a_draw_that_nobody_knows_is_entered_by_nobody(session: WriteSession) -> None:
    unknown: Draw = people.draw()
    await refused(guard.may_enter(session, 10**9, unknown, 0, NOW), "not-found", "", "")


async def test_a_recorded_country_brings_its_rules_and_stays_on_record(session: WriteSession) -> None:
    who = await people.customer(session)
    staff_id = await people.member(session, "operator", NOW)
    draw = people.draw(profile="great_britain", prize_value_fen=9_000_000)
    abroad = guard.may_enter(session, who.id, draw, 0, NOW)
    await refused(abroad, "draw-not-in-your-country", "所在地区", "your country")
    for country, reason in (("XX", "passport"), ("", "passport"), ("GB", " ")):
        with pytest.raises(InvalidInputError):
            await countries.record(session, who.public_id, country, reason, staff_id)
    auditor = await people.member(session, "auditor", NOW)
    with pytest.raises(NotAllowedError):
        await countries.record(session, who.public_id, "GB", "passport", auditor)
    await countries.record(session, who.public_id, " gb ", "passport seen", staff_id)
    await guard.may_enter(session, who.id, draw, 0, NOW)
    [act] = await session.scalars(select(StaffAct))
    assert (act.act, act.reason, act.detail) == ("record_country", "passport seen", {"from": "CN", "to": "GB"})
