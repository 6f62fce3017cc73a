"""An operator who double-clicks, works in two tabs and is cut off: nothing is done twice, all is in the audit log."""

import asyncio
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from mingsuan.postgres import DatabaseUrls
from mingsuan.settings import Settings
from tests.faults.desk_forms import DeskForm, DeskForms
from tests.faults.two_handed import CODES, SERVICE, Intent, Workshop
from tests.transactional.api_client import Client
from tests.transactional.orders.goods import Market
from tests.transactional.small_shop import with_money
from tests.transactional.web.visits import HTML, enter_desk
from transactional.backoffice import trace
from transactional.db import engine, reading, writing
from transactional.ledger import service as ledger
from transactional.shop import Shop, open_shop

pytestmark = [pytest.mark.proof, pytest.mark.anyio]
WAYS = ("calmly", "double click", "two tabs", "two tabs at once", "answer lost", "cut off")
SEED = 20261122


async def test_an_operator_with_two_hands_does_nothing_twice_and_everything_on_record(
    fresh_database: DatabaseUrls, tmp_path: Path, full_counts: bool
) -> None:
    count = 200 if full_counts else 30
    source = engine(fresh_database.app)
    try:
        shop = await open_shop(Settings(var=tmp_path), source)
        work = await workshop(shop, Random(SEED))  # noqa: S311  (the same acts every time)
        done: list[tuple[Intent, str]] = []
        async with Client(shop, fresh_database) as client:
            await enter_desk(client, shop, "operator")
            for number in range(count):
                intent = await work.next()
                way = WAYS[number % len(WAYS)]
                await do(client, intent, way, work.random)
                done.append((intent, way))
                await happened_once(work.market, intent, way)
        for intent, way in done:  # nothing that came later did it again
            await happened_once(work.market, intent, way)
        await every_change_is_on_record(work.market, [intent for intent, _ in done])
        await books_are_whole(shop)
    finally:
        await source.dispose()
    assert len({intent.kind for intent, _ in done}) >= 10


async def workshop(shop: Shop, random: Random) -> Workshop:
    market = Market(shop)
    code = await market.sku(CODES, price_fen=1000)
    service = await market.sku(SERVICE, "manual_service", 1000)
    async with writing(shop.engine) as session:
        customer = await with_money(session, shop, "regular", 10_000_000)
    return Workshop(market, random, code, service, customer)


async def do(client: Client, intent: Intent, way: str, random: Random) -> None:
    """The intent, carried out in that way; in the end the operator sees that it is done."""
    first = await form_of(client, intent)
    if way == "calmly":
        answers = [await send(client, first, intent)]
    elif way == "double click":
        answers = await asyncio.gather(send(client, first, intent), send(client, first, intent))
    elif way.startswith("two tabs"):
        second = await form_of(client, intent)
        assert second.hidden["idempotency_key"] != first.hidden["idempotency_key"]
        answers = await both(client, first, second, intent, at_once=way.endswith("at once"))
        assert sum(answer.status_code == 303 for answer in answers) == 1 or intent.kind in REPEATABLE, intent
    else:
        await broken(client, first, intent, None if way == "answer lost" else random.uniform(0, 0.05))
        answers = [await send(client, first, intent)]  # the browser sends the same form again
    assert any(answer.status_code == 303 for answer in answers), (intent, way, [a.text[:2000] for a in answers])


REPEATABLE = frozenset({"bulk_cancel", "bulk_refund", "sessions"})
"""Asked again by another form they do nothing, and say so instead of refusing; that too is on record."""


async def both(
    client: Client, first: DeskForm, second: DeskForm, intent: Intent, *, at_once: bool
) -> list[httpx.Response]:
    if at_once:
        return list(await asyncio.gather(send(client, first, intent), send(client, second, intent)))
    return [await send(client, first, intent), await send(client, second, intent)]


async def form_of(client: Client, intent: Intent) -> DeskForm:
    """As the page shows it; a refund is looked at before it is confirmed."""
    shown = await client.get(intent.page, headers=HTML)
    assert shown.status_code == 200, shown.text[:500]
    form = DeskForms(shown.text).of(intent.action)
    if not intent.previewed:
        return form
    preview = await send(client, form, intent)
    assert preview.status_code == 200, preview.text[-3000:]
    return DeskForms(preview.text).of(intent.action, reason=intent.reason)


async def send(client: Client, form: DeskForm, intent: Intent) -> httpx.Response:
    confirmed: dict[str, Any] = {name: value for name, value in form.buttons if name == "confirmed"}
    return await client.post(form.action, data={**intent.typed, **form.hidden, **confirmed}, headers=HTML)


async def broken(client: Client, form: DeskForm, intent: Intent, seconds: float | None) -> None:
    """Sent, and the answer never seen; with `seconds` the work itself is broken off then, wherever it is."""
    sent = asyncio.create_task(send(client, form, intent))
    if seconds is None:
        await sent
        return
    await asyncio.wait([sent], timeout=seconds)
    sent.cancel()
    await asyncio.wait([sent])


async def happened_once(market: Market, intent: Intent, way: str) -> None:
    for sql, right in intent.effects:
        values = {name: value for name, value in (("reason", intent.reason), ("on", intent.on)) if f":{name}" in sql}
        assert await market.one(sql, **values) == right, (intent, way, sql)


async def every_change_is_on_record(market: Market, intents: list[Intent]) -> None:
    """One act for each intent (repeatable ones: at least one), and nothing else was recorded."""
    rows = await market.rows("select act, reason, count(*) from shop.staff_act where reason <> '' group by 1, 2")
    recorded = {(act, reason): number for act, reason, number in rows}
    for intent in intents:
        if intent.act:
            number = recorded.pop((intent.act, intent.reason), 0)
            assert number == 1 or (intent.kind in REPEATABLE and number == 2), (intent, number)
    of_bulk = {intent.reason for intent in intents if intent.kind == "bulk_refund"}
    assert {key: number for key, number in recorded.items() if not (key[0] == "refund" and key[1] in of_bulk)} == {}
    for reason in of_bulk:
        assert recorded[("refund", reason)] == 2
    sent_back = [intent for intent in intents if intent.kind == "receipt"]
    payouts = "select count(*) from shop.refund_payout where payment_id is null and amount_fen = 1234"
    assert await market.one(payouts) == len(sent_back)


async def books_are_whole(shop: Shop) -> None:
    """Of the shop, and of every order by itself: its tables and its ledger say the same."""
    async with reading(shop.engine) as session:
        assert (await ledger.check(session)).is_whole
    for (order_no,) in await Market(shop).rows(
        "select order_no from shop.orders where order_no not like 'before-%' and paid_at is not null"
    ):
        async with reading(shop.engine) as session:
            found = await trace.trace(session, order_no)
        assert found.sums.agree, (order_no, found.sums)
