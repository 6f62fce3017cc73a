"""Statements of spend in the books: once, by difference when restated, on their own days, and the ledger whole."""

from datetime import UTC, date, datetime

import pytest

from mingsuan import clock
from tests.transactional.small_shop import Stocked
from tests.transactional.statements.files import as_csv
from transactional.db import writing
from transactional.errors import RefusedFileError
from transactional.ledger import check, months
from transactional.ledger.heads_file import heads_file
from transactional.marketing import service
from transactional.marketing.errors import SpendOfOtherPlatformError, UnknownPlatformError
from transactional.statement_intake import NewFile, TakenIn

pytestmark = pytest.mark.anyio
HEADING = ("日期", "计划", "渠道", "消耗")
FIRST = [HEADING, ("2026-08-31", "A1", "douyin", "100.00"), ("2026-09-01", "A1", "douyin", "50.05")]
NOW = datetime(2026, 9, 20, 4, tzinfo=UTC)
BOOKED = """
select t.ledger_date, l.amount_fen, t.effective_at from shop.ledger_transaction as t
join shop.document_line as l on l.transaction_id = t.id where l.component = 'marketing' order by t.id
"""


async def take(stocked: Stocked, rows: list[tuple[str, ...]], sender: str = "巨量引擎", now: datetime = NOW) -> TakenIn:
    shop = stocked.shop
    with clock.at(now):
        async with writing(shop.engine) as session:
            return await service.take_in(session, NewFile(sender, "a.csv", as_csv(rows), "desk"), shop.zone, "CNY")


async def booked(stocked: Stocked) -> list[tuple[date, int]]:
    return [(day, fen) for day, fen, _ in await stocked.rows(BOOKED)]


async def findings(stocked: Stocked) -> list[str]:
    found = await check.examine(stocked.shop.engine, heads_file(stocked.shop.settings))
    return [finding.sentence() for finding in found]


async def test_each_line_is_posted_at_the_start_of_its_day_in_the_shops_zone(stocked: Stocked) -> None:
    taken = await take(stocked, FIRST)
    assert (taken.is_new, taken.line_count, taken.total_fen, taken.posted_fen) == (True, 2, 15005, 15005)
    assert await stocked.rows(BOOKED) == [
        (date(2026, 8, 31), 10000, datetime(2026, 8, 30, 16, tzinfo=UTC)),
        (date(2026, 9, 1), 5005, datetime(2026, 8, 31, 16, tzinfo=UTC)),
    ]
    assert [str(remark) for remark in taken.remarks] == ["file: No customer came by the channel “douyin” so far."]
    [(act, subject)] = await stocked.rows("select act, subject from shop.staff_act where act = 'import_ad_spend'")
    assert (act, subject) == ("import_ad_spend", f"ad-statement:{taken.id}")
    assert await findings(stocked) == []


async def test_a_file_that_came_before_changes_nothing_whatever_its_name(stocked: Stocked) -> None:
    first, again = await take(stocked, FIRST), await take(stocked, FIRST, "oceanengine")
    assert (again.id, again.is_new, again.posted_fen) == (first.id, False, 0)
    assert await booked(stocked) == [(date(2026, 8, 31), 10000), (date(2026, 9, 1), 5005)]
    with pytest.raises(SpendOfOtherPlatformError):
        await take(stocked, FIRST, "baidu")


async def test_a_later_export_posts_only_what_it_says_otherwise(stocked: Stocked) -> None:
    await take(stocked, FIRST)
    later = [*FIRST[:2], ("2026-09-01", "A1", "douyin", "60.00"), ("2026-09-02", "B", "baidu", "7.00")]
    taken = await take(stocked, later)
    assert (taken.posted_fen, taken.restated_count) == (995 + 700, 1)
    assert (await booked(stocked))[2:] == [(date(2026, 9, 1), 995), (date(2026, 9, 2), 700)]
    lowered = await take(stocked, [HEADING, ("2026-09-01", "A1", "douyin", "0")])
    assert lowered.posted_fen == -6000
    assert await findings(stocked) == []


async def test_spend_that_moves_to_another_channel_leaves_the_first_one(stocked: Stocked) -> None:
    await take(stocked, FIRST)
    taken = await take(stocked, [HEADING, ("2026-09-01", "A1", "weibo", "50.05")])
    assert taken.posted_fen == 0
    by_channel = "select acquisition_channel, sum(posted_fen)::bigint from shop.ad_spend group by 1 order by 1"
    assert await stocked.rows(by_channel) == [("douyin", 10000), ("weibo", 5005)]


async def test_platforms_with_campaigns_of_one_name_do_not_meet(stocked: Stocked) -> None:
    await take(stocked, FIRST)
    other = [HEADING, ("2026-09-01", "A1", "douyin", "50.05"), ("2026-09-03", "A1", "douyin", "0")]
    assert (await take(stocked, other, "百度")).posted_fen == 5005


async def test_what_is_of_a_closed_month_is_dated_the_first_open_day_and_that_is_said(stocked: Stocked) -> None:
    await take(stocked, FIRST)
    with clock.at(NOW):
        async with writing(stocked.shop.engine) as session:
            await months.close_month(session, date(2026, 8, 1), None, stocked.shop.zone)
    taken = await take(stocked, [HEADING, ("2026-08-31", "A1", "douyin", "130.00")])
    assert (await stocked.rows(BOOKED))[-1] == (date(2026, 9, 1), 3000, datetime(2026, 8, 30, 16, tzinfo=UTC))
    assert str(taken.remarks[0]) == (
        "file: 1 lines are of closed months; the ledger has them on 2026-09-01, its first open day."
    )
    assert [each for each in await findings(stocked) if "closed" in each] == []


async def test_a_refused_file_leaves_nothing_behind(stocked: Stocked) -> None:
    with pytest.raises(RefusedFileError):
        await take(stocked, [*FIRST, ("2026-09-21", "A1", "douyin", "1.00")])
    with pytest.raises(UnknownPlatformError, match="Known are oceanengine"):
        await take(stocked, FIRST, "nowhere")
    assert await booked(stocked) == await stocked.rows("select file_name from shop.ad_statement") == []


async def test_the_check_of_the_books_misses_spend_that_was_not_posted(stocked: Stocked) -> None:
    await take(stocked, FIRST)
    await stocked.rows(
        "insert into shop.ad_spend (statement_id, platform, spend_date, campaign_code, acquisition_channel,"
        " amount_fen, posted_fen) select id, platform, from_date, 'C', 'x', 5, 5 from shop.ad_statement returning 1"
    )
    [(number,)] = await stocked.rows("select max(id) from shop.ad_spend")
    assert await findings(stocked) == [f"spend:{number} should have been posted and was not."]
