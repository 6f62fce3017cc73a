"""The trace of an order holds all that the tables hold about it, and its sums prove themselves."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from uuid import uuid4

import pytest
from sqlalchemy import Table

from mingsuan import clock
from mingsuan.postgres import DatabaseUrls
from tests.transactional.api_client import Client
from tests.transactional.payments.conftest import Till
from tests.transactional.payments.fake_gateway import FakeGateway
from tests.transactional.payments.job_queue import JobQueue
from tests.transactional.small_shop import Stocked
from tests.transactional.web.visits import enter_desk, visit
from transactional.backoffice import stuck, trace
from transactional.backoffice.service import resolve_case
from transactional.cards import defects
from transactional.cards import service as cards
from transactional.cards.defects import BadCode
from transactional.db import reading, writing
from transactional.ledger import seals
from transactional.ledger.heads_file import heads_file
from transactional.models import METADATA
from transactional.orders.checkout import PlacedOrder
from transactional.payments import disputes, payouts, refunds
from transactional.payments.gateways.interface import GatewayRefusedError, Notice, Trade
from transactional.payments.notices import receive
from transactional.payments.schemas import NewChargeback

pytestmark = pytest.mark.anyio

WITHIN = {
    "orders": "the page itself",
    "order_item": "the list of units",
    "ledger_entry": "its posting",
    "document_line": "its posting",
    "aftersales_case_unit": "its case",
    "aftersales_decision": "its case's decision",
    "entitlement": "its events",
    "activation": "its outcomes",
    "shipment_item": "its parcel",
    "invoice_order": "its invoice",
}
"""Tables whose rows are shown inside another's."""
SHARED = frozenset(
    {"card_batch", "sku", "customer", "staff", "data_key", "gateway_bill", "order_import", "ledger_account", "top_up"}
)
"""What an order points to; it does not belong to the order."""


@pytest.fixture
async def till(stocked: Stocked) -> Till:
    gateway = FakeGateway()
    shop = replace(stocked.shop, gateways={"wechat": gateway})
    return Till(replace(stocked, shop=shop), gateway, JobQueue(shop))


async def much_happened(till: Till) -> PlacedOrder:
    """Paid twice, told of twice, shown, replaced, refunded in part, a refund sent again, disputed, acted on in bulk."""
    shop, staff = till.shop, await till.staff()
    customer, order = await till.place(3)
    attempts = [await till.number(await till.start(customer, order, way)) for way in ("native", "h5")]
    for number in attempts:
        till.gateway.notice = Notice(f"E{number}", Trade("paid", number, f"T{number}", order.net_fen, clock.now()))
        await receive(shop, till.gateway, {}, b"{}")
        await receive(shop, till.gateway, {}, b"{}")
    units = await till.units(order)
    async with writing(shop.engine) as session:
        await cards.reveal(session, shop.vault, customer.id, units[0].public_id)
        await defects.report_defect(session, BadCode(None, units[0].public_id), "bad", staff, shop.zone)
    async with writing(shop.engine) as session:
        await refunds.grant(session, [(units[1].id, 1200)], "in part", staff, clock.now(), shop.zone)
    till.gateway.plan("refund", *[GatewayRefusedError("NOTENOUGH", "no money", 403)] * 2)
    await till.jobs.run_due()
    for [failed] in await till.rows("select public_id from shop.refund_payout where state = 'failed'"):
        async with writing(shop.engine) as session:
            await payouts.retry(session, failed, False, staff, "again", shop.zone, clock.now())
    await till.jobs.run_due()
    payment = await till.one(
        "select public_id from shop.payment where state = 'succeeded' and order_id = :id", id=order.order_id
    )
    async with writing(shop.engine) as session:
        new = NewChargeback(payment_id=payment, amount_fen=700, fee_fen=15, gateway_reference="D1", reason="bank")
        await disputes.record_chargeback(session, new, staff, shop.zone, clock.now())
        await stuck.act_on(session, staff, [order.order_no, "other"], "redeliver", "look", shop.zone)
    for [case] in await till.rows("select public_id from shop.review_case where state = 'open'"):
        async with writing(shop.engine) as session:
            await resolve_case(session, case, staff, "seen")
    await _sealed_whole(till)
    return order


async def _sealed_whole(till: Till) -> None:
    """What other databases of the server have under way holds a seal back for a moment."""
    unsealed = (
        "select count(*) from shop.ledger_transaction as t"
        " where not exists (select from shop.ledger_seal as s where t.id = any(s.transaction_ids))"
    )
    for _ in range(200):
        await seals.seal(till.shop.engine, heads_file(till.shop.settings))
        if not await till.one(unsealed):
            return
        await asyncio.sleep(0.05)
    raise AssertionError("transactions stay unsealed")


def belongs(table: Table, reached: Iterable[str]) -> list[tuple[str, str]]:
    """Columns of a table that point into what is reached, with the table that they point to."""
    return [
        (key.parent.name, key.column.table.name)
        for key in table.foreign_keys
        if key.column.table.name in reached and key.column.name == "id"
    ]


async def rows_of(till: Till, order: PlacedOrder) -> dict[str, set[int]]:
    """By table, every row that points to the order, or to a row that does, and so on."""
    found: dict[str, set[int]] = {"orders": {order.order_id}}
    grown = True
    while grown:
        grown = False
        for table in METADATA.sorted_tables:
            if table.name in SHARED or "id" not in table.columns:
                continue
            for column, target in belongs(table, [name for name in found if name not in {"card", *SHARED}]):
                sql = f"select id from shop.{table.name} where {column} = any(cast(:ids as bigint[]))"
                ids = {row[0] for row in await till.rows(sql, ids=sorted(found[target]))}
                grown = grown or not ids <= found.get(table.name, set())
                if ids:
                    found[table.name] = found.get(table.name, set()) | ids
    return found


async def test_everything_that_points_to_an_order_is_on_its_trace(till: Till) -> None:
    await till.bought()
    order = await much_happened(till)
    await till.bought()
    async with reading(till.shop.engine) as session:
        found = await trace.trace(session, order.order_no)
    shown: dict[str, set[int]] = {}
    for event in found.events:
        shown.setdefault(event.source, set()).add(event.id)
    held = await rows_of(till, order)
    assert {"payment", "payment_notification", "refund", "refund_payout", "unapplied_receipt", "chargeback"} < set(held)
    assert {"card", "card_defect", "card_reveal", "fulfilment", "order_event", "ledger_transaction"} < set(shown)
    for table, ids in held.items():
        if table not in WITHIN:
            assert ids <= shown.get(table, set()), f"{table}: {ids - shown.get(table, set())} is not on the trace"
    numbers = "select out_trade_no from shop.payment where order_id = :id"
    of_payouts = "select out_refund_no from shop.refund_payout where id = any(cast(:ids as bigint[]))"
    called = [row[0] for row in await till.rows(numbers, id=order.order_id)]
    called += [row[0] for row in await till.rows(of_payouts, ids=sorted(held["refund_payout"]))]
    every = await till.rows("select id from shop.external_call where reference = any(:of)", of=called)
    assert shown["external_call"] == {row[0] for row in every}
    acts = await till.rows("select id from shop.staff_act where act <> 'x'")
    assert shown["staff_act"] == {row[0] for row in acts}
    assert len(shown["review_case"]) == await till.one("select count(*) from shop.review_case")
    postings = await till.rows(
        "select distinct transaction_id from shop.ledger_entry as e where e.order_item_id in"
        " (select id from shop.order_item where order_id = :id)",
        id=order.order_id,
    )
    assert {row[0] for row in postings} <= shown["ledger_transaction"]
    assert all(event.seal_no for event in found.events if event.source == "ledger_transaction")
    assert [event.at for event in found.events] == sorted(event.at for event in found.events)


async def test_the_sums_are_those_of_the_hand_and_of_the_ledger(till: Till) -> None:
    order = await much_happened(till)
    async with reading(till.shop.engine) as session:
        found = (await trace.trace(session, order.order_no)).sums
    assert (found.paid_fen, found.refunded_fen, found.fee_fen) == (15000, 1200, 90)
    assert (found.disputed_fen, found.dispute_fee_fen) == (700, 15)
    assert (found.stray_fen, found.stray_returned_fen) == (15000, 15000)
    assert found.kept_fen == 15000 - 1200 - 90 - 700 - 15
    assert found.agree
    await till.rows("update shop.payment set fee_fen = fee_fen + 1 where state = 'succeeded' returning id")
    async with reading(till.shop.engine) as session:
        assert not (await trace.trace(session, order.order_no)).sums.agree


async def test_the_page_shows_no_code_and_says_to_whom_things_belong(till: Till, fresh_database: DatabaseUrls) -> None:
    order = await much_happened(till)
    async with Client(till.shop, fresh_database) as client:
        await enter_desk(client, till.shop)
        page = await client.get(f"/desk/orders/{order.order_no}", headers={"accept": "text/html"})
        seen = await visit(client, f"/desk/orders/{order.order_no}")
        missing = await client.get(f"/desk/orders/{uuid4().hex}", headers={"accept": "text/html"})
    assert seen.faults == []
    assert "-SECRET" not in page.text
    for words in ("Notice of the gateway", "Bad code", "Dispute", "Position in the batch", "The ledger says the same"):
        assert words in seen.text, words
    assert missing.status_code == 404


async def test_who_may_do_what_to_an_order_is_decided_by_role(till: Till, fresh_database: DatabaseUrls) -> None:
    _customer, order, _ = await till.bought()
    acts = ("cancel", "complete", "redeliver", "deliver", "replace", "refund")
    form = {"idempotency_key": "12345678", "unit": str((await till.units(order))[0].public_id), "reason": "x"}
    async with Client(till.shop, fresh_database) as client:
        for role, may in (("auditor", set()), ("buyer", {"replace"})):
            await enter_desk(client, till.shop, role)
            await visit(client, f"/desk/orders/{order.order_no}")
            for act in acts:
                answer = await client.post(f"/desk/orders/{order.order_no}/{act}", data=form)
                assert (answer.status_code != 403) == (act in may), (role, act)
    assert await till.rows("select act from shop.staff_act") == []
