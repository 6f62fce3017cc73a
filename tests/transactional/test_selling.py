"""The switch that pauses selling: who may throw it, what it stops, what it leaves alone, and what is on record."""

import pytest
from typer.testing import CliRunner

from mingsuan.cli import app as command_line
from mingsuan.postgres import DatabaseUrls
from tests.transactional.api_client import Client, log_in_staff
from tests.transactional.small_shop import PRICE_FEN, Stocked, codes
from transactional import selling
from transactional.db import reading, writing
from transactional.selling import SellingPausedError
from transactional.shop import Shop

pytestmark = pytest.mark.anyio

ACTS = "select act, reason, staff_id is null from shop.staff_act order by id"
BANNER = "We are not taking new orders at the moment"


async def _pause(shop: Shop, reason: str = "stock count") -> None:
    async with writing(shop.engine) as session:
        await selling.pause(session, reason, None)


async def test_while_paused_nothing_is_sold_and_nothing_changes(stocked: Stocked) -> None:
    await stocked.stock(codes(2))
    buyer = await stocked.customer("li", 2 * PRICE_FEN)
    await stocked.shop.intake.buy(buyer.id, stocked.sku.id, 1, "before")
    await _pause(stocked.shop)
    with pytest.raises(SellingPausedError):
        await stocked.shop.intake.buy(buyer.id, stocked.sku.id, 1, "while paused")
    async with reading(stocked.shop.engine) as session:
        with pytest.raises(SellingPausedError):
            await selling.refuse_when_paused(session)
    assert await stocked.rows("select balance_fen from shop.wallet") == [(PRICE_FEN,)]
    assert await stocked.rows("select count(*) from shop.card where free_at = '-infinity'") == [(1,)]


async def test_a_command_answered_before_the_pause_gets_its_answer_again(stocked: Stocked) -> None:
    await stocked.stock(codes(1))
    buyer = await stocked.customer("li", PRICE_FEN)
    first = await stocked.shop.intake.buy(buyer.id, stocked.sku.id, 1, "key")
    await _pause(stocked.shop)
    assert await stocked.shop.intake.buy(buyer.id, stocked.sku.id, 1, "key") == first


async def test_after_resuming_the_refused_command_goes_through(stocked: Stocked) -> None:
    await stocked.stock(codes(1))
    buyer = await stocked.customer("li", PRICE_FEN)
    await _pause(stocked.shop)
    with pytest.raises(SellingPausedError):
        await stocked.shop.intake.buy(buyer.id, stocked.sku.id, 1, "key")
    async with writing(stocked.shop.engine) as session:
        await selling.resume(session, None)
        await selling.refuse_when_paused(session)
    assert (await stocked.shop.intake.buy(buyer.id, stocked.sku.id, 1, "key")).state == "delivered"


async def test_staff_pause_and_resume_and_each_act_is_on_record_once(stocked: Stocked) -> None:
    async with Client(stocked.shop, _urls(stocked.shop)) as staff:
        await log_in_staff(staff, stocked.shop, "operator")
        first = await staff.command("/staff/selling-pause", {"reason": " gateway down "}, key="k")
        again = await staff.command("/staff/selling-pause", {"reason": "gateway down"}, key="k")
        assert (first.status_code, first.json()["reason"]) == (201, "gateway down")
        assert again.json() == first.json() == (await staff.read("/staff/selling-pause")).json()
        resumed = [await staff.delete("/api/v1/staff/selling-pause") for _ in range(2)]
        assert [answer.json()["paused_at"] for answer in resumed] == [None, None]
    assert await stocked.rows(ACTS) == [
        ("pause_selling", "gateway down", False),
        ("resume_selling", "gateway down", False),
    ]


@pytest.mark.parametrize("role", ["buyer", "auditor"])
async def test_others_of_staff_may_not_throw_the_switch(stocked: Stocked, role: str) -> None:
    async with Client(stocked.shop, _urls(stocked.shop)) as staff:
        await log_in_staff(staff, stocked.shop, role)
        assert (await staff.command("/staff/selling-pause", {"reason": "x"})).status_code == 403
        assert (await staff.delete("/api/v1/staff/selling-pause")).status_code == 403
    assert await stocked.rows(ACTS) == []


async def test_pausing_again_keeps_the_beginning_and_takes_the_new_reason(stocked: Stocked) -> None:
    async with writing(stocked.shop.engine) as session:
        first = await selling.pause(session, "one", None)
        second = await selling.pause(session, "two", None)
    assert (second.paused_at, second.reason) == (first.paused_at, "two")


async def test_shoppers_are_told_calmly_and_not_why(stocked: Stocked) -> None:
    async with Client(stocked.shop, _urls(stocked.shop)) as shopper:
        assert BANNER not in (await shopper.get("/")).text
        await _pause(stocked.shop, "supplier fraud suspected")
        page = (await shopper.get("/")).text
        assert BANNER in page
        assert "fraud" not in page


def test_the_command_line_pauses_and_resumes(fresh_database: DatabaseUrls, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, url in fresh_database.environment().items():
        monkeypatch.setenv(name, url)
    run = CliRunner().invoke
    assert run(command_line, ["shop", "pause-selling", "--reason", "x"]).exit_code == 1  # no shop yet
    _sql(fresh_database, "insert into shop.shop_profile (id, currency, timezone) values (1, 'CNY', 'Asia/Shanghai')")
    paused = run(command_line, ["shop", "pause-selling", "--reason", "count"])
    assert (paused.exit_code, "paused since" in paused.output) == (0, True)
    assert "The shop is selling" in run(command_line, ["shop", "resume-selling"]).output
    assert _sql(fresh_database, ACTS) == [("pause_selling", "count", True), ("resume_selling", "count", True)]


def _sql(urls: DatabaseUrls, statement: str) -> list[tuple[object, ...]]:
    import psycopg

    with psycopg.connect(urls.app) as connection:
        cursor = connection.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []


def _urls(shop: Shop) -> DatabaseUrls:
    url = shop.engine.url.render_as_string(hide_password=False)
    return DatabaseUrls(url, url, url)
