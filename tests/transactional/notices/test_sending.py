"""Customers are told once: under retries, killed workers, time-outs, and two workers at the same time."""

import asyncio
import contextlib
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from mingsuan import clock
from mingsuan.postgres import DatabaseUrls
from tests.transactional.notices.posts import Ending, KilledError, Provider, with_provider
from tests.transactional.small_shop import Stocked, all_text
from transactional.db import reading, writing
from transactional.notices import inbox, sending, sending_codes, service
from transactional.notices.rules import ATTEMPTS, CODE_ATTEMPTS, STILL_RUNNING
from transactional.shop import Shop

pytestmark = pytest.mark.anyio
LATER = STILL_RUNNING + timedelta(seconds=1)
NEWEST_CODE = text("select max(id) from shop.code_message")
ENDINGS: tuple[Ending, ...] = ("sent", "lost", "arrived_unclear", "refused", "not_now", "killed", "killed_late")


async def told(shop: Shop, customer_id: int, kind: str = "paid", subject: str = "order:A1") -> None:
    async with writing(shop.engine) as session:
        await service.tell(session, customer_id, kind, subject, {"amount_fen": 1234, "product": "Card"})


async def one(stocked: Stocked, sql: str) -> Any:
    [row] = await stocked.rows(sql)
    return row


async def run(shop: Shop, notice_id: int, at: datetime) -> None:
    with clock.at(at), contextlib.suppress(KilledError):
        await sending.send(shop, notice_id)


async def test_a_thing_is_told_once_however_often_it_is_said_and_its_job_is_run(stocked: Stocked) -> None:
    provider = Provider()
    stocked, shop = with_provider(stocked, provider)
    li = await stocked.customer("li")
    for _ in range(3):
        await told(shop, li.id)
    [(notice_id, jobs)] = await stocked.rows(
        "select id, (select count(*) from jobs.procrastinate_jobs where task_name = 'notices.send') from shop.notice"
    )
    assert jobs == 1
    for _ in range(3):
        await sending.send(shop, notice_id)
    assert [(each.target, each.title) for each in provider.asked] == [("li@example.com", "订单 A1 已收到付款")]
    assert await one(stocked, "select state, channel, attempts, provider_ref from shop.notice") == (
        "sent",
        "email",
        1,
        "P1",
    )


async def test_a_rolled_back_transaction_tells_nobody(stocked: Stocked) -> None:
    li = await stocked.customer("li")
    with contextlib.suppress(RuntimeError):
        async with writing(stocked.shop.engine) as session:
            await service.tell(session, li.id, "paid", "order:A1")
            raise RuntimeError
    assert await stocked.rows("select id from shop.notice") == []
    assert await stocked.rows("select id from jobs.procrastinate_jobs where task_name like 'notices%'") == []


async def test_two_workers_with_the_same_notice_send_it_once(stocked: Stocked) -> None:
    provider = Provider()
    stocked, shop = with_provider(stocked, provider)
    li = await stocked.customer("li")
    await told(shop, li.id)
    [notice_id] = await one(stocked, "select id from shop.notice")
    await asyncio.gather(*(sending.send(shop, notice_id) for _ in range(4)))
    assert len(provider.asked) == 1


async def test_a_killed_worker_s_notice_is_sent_once_more_under_the_same_number_and_then_never(
    stocked: Stocked,
) -> None:
    provider = Provider(["killed_late", "killed_late"])
    stocked, shop = with_provider(stocked, provider)
    li = await stocked.customer("li")
    await told(shop, li.id)
    [notice_id] = await one(stocked, "select id from shop.notice")
    at = clock.now()
    await run(shop, notice_id, at)
    await run(shop, notice_id, at + timedelta(seconds=30))
    assert len(provider.asked) == 1, "it may still be under way elsewhere"
    for turn in range(1, 5):
        await run(shop, notice_id, at + turn * LATER)
    assert len(provider.asked) == 2
    assert len({message.key for message in provider.asked}) == 1
    assert (await one(stocked, "select state from shop.notice")) == ("unknown",)


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(endings=st.lists(st.sampled_from(ENDINGS), max_size=8))
async def test_whatever_happens_a_notice_arrives_twice_at_most_and_a_code_once(
    stocked: Stocked, endings: list[Ending]
) -> None:
    """Twice only when an attempt's end was unknown: the price of not losing a notice, never paid for a code."""
    provider = Provider(list(endings))
    stocked, shop = with_provider(stocked, provider)
    subject = f"order:{clock.now().timestamp()}"
    li = await customer_of(stocked)
    await told(shop, li, "paid", subject)
    [(notice_id,)] = await stocked.rows("select id from shop.notice where subject = :subject", subject=subject)
    at = clock.now()
    for turn in range(ATTEMPTS + 3):
        await run(shop, notice_id, at + turn * LATER)
    unclear = [e for e in endings[: len(provider.asked)] if e not in ("sent", "refused", "not_now")]
    assert len(provider.arrived) <= 1 + bool(unclear)
    if not endings or endings[0] in ("sent", "arrived_unclear", "killed_late"):
        assert provider.arrived, "what can be told is told"
    assert len({message.key for message in provider.asked}) <= 1

    provider.endings, provider.asked, provider.arrived = list(endings), [], []
    message_id = await code_sent(shop, at)
    for turn in range(CODE_ATTEMPTS + 3):
        with clock.at(at + turn * timedelta(seconds=70)), contextlib.suppress(KilledError):
            await sending_codes.send_code(shop, message_id)
    assert len(provider.arrived) <= 1
    assert len([e for e in endings[: len(provider.asked)] if e not in ("sent", "refused", "not_now")]) <= 1


async def customer_of(stocked: Stocked) -> int:
    known = await stocked.rows("select id from shop.customer where email = 'li@example.com'")
    return int(known[0][0]) if known else (await stocked.customer("li")).id


async def code_sent(shop: Shop, at: datetime, minutes: int = 10) -> int:
    with clock.at(at):
        async with writing(shop.engine) as session:
            await service.send_code(
                session,
                shop.vault,
                channel="sms",
                target="+8613800138000",
                purpose="log_in",
                code="482913",
                language="zh_CN",
                minutes=minutes,
            )
            return int((await session.execute(NEWEST_CODE)).scalar_one())


async def test_a_code_is_sealed_until_it_went_out_and_gone_afterwards(
    stocked: Stocked, fresh_database: DatabaseUrls
) -> None:
    provider = Provider()
    stocked, shop = with_provider(stocked, provider)
    message_id = await code_sent(shop, clock.now())
    for secret in ("482913", "13800138000", b"482913".hex(), b"13800138000".hex()):
        assert secret not in await all_text(fresh_database)
    await sending_codes.send_code(shop, message_id)
    assert provider.asked[0].target == "+8613800138000"
    assert "482913" in provider.asked[0].text
    assert "482913" not in provider.asked[0].title + repr(provider.asked[0])
    assert await one(stocked, "select state, sealed from shop.code_message") == ("sent", None)


async def test_a_code_that_expired_is_not_sent_and_not_kept(stocked: Stocked) -> None:
    provider = Provider()
    stocked, shop = with_provider(stocked, provider)
    at = clock.now()
    late, forgotten = await code_sent(shop, at), await code_sent(shop, at)
    with clock.at(at + timedelta(minutes=10)):
        await sending_codes.send_code(shop, late)
    assert provider.asked == []
    with clock.at(at + timedelta(minutes=12)):
        await sending_codes.forget_expired(shop)
    assert await stocked.rows("select state, sealed is null from shop.code_message order by id") == [
        ("failed", True),
        ("failed", True),
    ]
    assert forgotten != late


async def test_who_switched_a_topic_off_is_told_on_the_site_only_but_of_thieves_always(stocked: Stocked) -> None:
    provider = Provider()
    stocked, shop = with_provider(stocked, provider)
    li = await stocked.customer("li")
    async with writing(shop.engine) as session:
        await inbox.switch(session, li.id, {("orders", "email"): False, ("orders", "sms"): False})
        await inbox.switch(session, li.id, {("security", "email"): False, ("security", "sms"): False})
    await told(shop, li.id, "paid", "order:A1")
    await told(shop, li.id, "new_device", "device:1")
    for [notice_id] in await stocked.rows("select id from shop.notice order by id"):
        await sending.send(shop, notice_id)
    assert [message.template for message in provider.asked] == ["new_device"]
    assert await stocked.rows("select state from shop.notice order by id") == [("muted",), ("sent",)]
    async with reading(shop.engine) as session:
        assert len((await inbox.of(session, li.id)).notices) == 2


async def test_a_kind_that_nobody_defined_is_refused(stocked: Stocked) -> None:
    li = await stocked.customer("li")
    async with writing(stocked.shop.engine) as session:
        with pytest.raises(KeyError):
            await service.tell(session, li.id, "gossip", "order:A1")
