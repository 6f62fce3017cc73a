"""An order is found by anything that belongs to it, with what it was found by; a code typed in is kept nowhere."""

import logging
from dataclasses import replace
from uuid import uuid4

import pytest

from mingsuan import clock
from mingsuan.postgres import DatabaseUrls
from tests.transactional.api_client import Client
from tests.transactional.payments.conftest import Till
from tests.transactional.payments.fake_gateway import FakeGateway
from tests.transactional.payments.job_queue import JobQueue
from tests.transactional.small_shop import Stocked, all_text
from tests.transactional.web.seen import Seen
from tests.transactional.web.visits import enter_desk, send, visit
from transactional.accounts.persons import contacts
from transactional.backoffice import search
from transactional.cards import defects
from transactional.cards.defects import BadCode
from transactional.db import reading, writing
from transactional.payments import disputes, refunds
from transactional.payments.schemas import NewChargeback
from transactional.shop import Shop

pytestmark = pytest.mark.anyio


@pytest.fixture
async def till(stocked: Stocked) -> Till:
    gateway = FakeGateway()
    shop = replace(stocked.shop, gateways={"wechat": gateway})
    return Till(replace(stocked, shop=shop), gateway, JobQueue(shop))


async def found_by(shop: Shop, typed: str) -> dict[str, tuple[str, ...]]:
    """Ways in which each order was found."""
    async with reading(shop.engine) as session:
        found = await search.find(session, shop.vault, typed, clock.now())
    return {hit.order.order_no: hit.found_by for hit in found.hits}


async def test_an_order_is_found_by_every_number_and_name_of_it(till: Till) -> None:
    other_customer, other, _ = await till.bought()
    customer, order, number = await till.bought(2)
    units = await till.units(order)
    async with writing(till.shop.engine) as session:
        await refunds.grant(session, [(units[0].id, None)], "x", await till.staff(), clock.now(), till.shop.zone)
        await contacts.set_phone(session, till.shop.vault, customer.id, "+8613800138000", clock.now())
    await till.jobs.run_due()
    payment = await till.one("select public_id from shop.payment where out_trade_no = :n", n=number)
    async with writing(till.shop.engine) as session:
        new = NewChargeback(payment_id=payment, amount_fen=100, gateway_reference="DISPUTE-7", reason="x")
        await disputes.record_chargeback(session, new, await till.staff(), till.shop.zone, clock.now())
    payout = "select out_refund_no, gateway_refund_no, public_id from shop.refund_payout"
    [[out_refund_no, gateway_refund_no, refund_id]] = await till.rows(payout)
    expected = {
        order.order_no: "order_no",
        order.order_no.lower(): "order_no",
        str(order.public_id): "order_id",
        number: "out_trade_no",
        f"T{number}": "gateway_trade_no",
        str(payment): "payment_id",
        out_refund_no: "out_refund_no",
        gateway_refund_no: "gateway_refund_no",
        str(refund_id): "refund_id",
        "DISPUTE-7": "chargeback",
        str(units[0].public_id): "unit",
        f"delivery:{units[1].id}": "ledger_reference",
        customer.email: "email",
        f" {customer.email.upper()} ": "email",
        "138 0013 8000": "phone",
        str(customer.public_id): "customer_id",
    }
    for typed, by in expected.items():
        assert await found_by(till.shop, typed) == {order.order_no: (by,)}, typed
    assert list(await found_by(till.shop, other_customer.email)) == [other.order_no]
    for nothing in ("", " ", "%", "_", "no such thing", str(uuid4())):
        assert await found_by(till.shop, nothing) == {}


async def test_a_code_finds_its_order_also_after_it_was_replaced_and_is_never_shown_or_kept(
    till: Till, fresh_database: DatabaseUrls, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await till.stocked.stock(["SECRET-CODE-ONE", "SECRET-CODE-TWO"], 100)
    _customer, order, _ = await till.bought()
    [unit] = await till.units(order)
    by_code = {code: await found_by(till.shop, code) for code in ("SECRET-CODE-ONE", "SECRET-CODE-TWO")}
    [mine] = [code for code, found in by_code.items() if found]
    assert by_code[mine] == {order.order_no: ("card_code",)}
    async with writing(till.shop.engine) as session:
        await defects.report_defect(session, BadCode(None, unit.public_id), "bad", None, till.shop.zone)
    assert await found_by(till.shop, mine) == {order.order_no: ("bad_code",)}
    async with Client(till.shop, fresh_database) as client:
        await enter_desk(client, till.shop)
        found = await send(client, "/desk/search", q=mine)
        seen = Seen(found.text)
        assert "Code that turned out bad" in seen.text
        assert order.order_no in seen.text
        assert mine not in found.text
        trace = await client.get(f"/desk/orders/{order.order_no}", headers={"accept": "text/html"})
        assert "SECRET-CODE" not in trace.text
        assert "Nothing was found" in (await visit(client, "/desk/search?q=SECRET-CODE-THREE")).text
    own = [record.getMessage() for record in caplog.records if record.name.startswith("mingsuan")]
    assert not any("SECRET-CODE" in line for line in own)
    assert "SECRET-CODE" not in await all_text(fresh_database)
