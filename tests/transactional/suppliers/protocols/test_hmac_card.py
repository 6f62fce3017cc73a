"""A channel of an HMAC card supplier against the simulated one over HTTP: what is bought, proven, or not known."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import httpx
import pytest
from openpyxl import load_workbook

from mingsuan import clock
from simulation.suppliers.account import Account
from simulation.suppliers.entries import Good
from simulation.suppliers.misbehaviour import Fault
from simulation.suppliers.statements import ZONE
from tests.simulation.suppliers.served import World, served
from tests.transactional.suppliers.protocols.hmac_card_shop import CREDENTIALS, NAME, card, channel, spec
from transactional.outcomes import UnknownOutcomeError
from transactional.suppliers.protocols.configured import ConfigurationError, supply
from transactional.suppliers.protocols.hmac_card import HmacCardSupply
from transactional.suppliers.protocols.interface import (
    FieldSpec,
    StatementNotReadyError,
    SupplierRefusedError,
    SupplyAsk,
)

pytestmark = [pytest.mark.enable_socket, pytest.mark.anyio]


@pytest.fixture
def world() -> Iterator[World]:
    with served([spec()]) as world:
        yield world


@pytest.fixture
def account(world: World) -> Account:
    return world.accounts[NAME]


def finished(account: Account, request_no: str) -> list[str]:
    """Ends an order as planned; the codes that the supplier's book says were sold."""
    order = account.book.order(request_no)
    assert order is not None
    account.finish(order)
    return [code.content for code in account.book.codes(order.order_ref)]


async def test_goods_come_by_page_and_one_by_one_with_price_stock_and_form(world: World, account: Account) -> None:
    async with channel(world) as supply:
        month, season, points = await supply.offers()
        assert (month.supplier_sku, month.unit_cost, month.stock, month.currency, month.on_sale) == (
            "12-345", Decimal("12.5"), 40, "CNY", True,
        )  # fmt: skip
        assert (season.unit_cost, season.stock) == (Decimal("36.0001"), None)
        assert points.fields == (FieldSpec("account", "充值账号"),)
        assert await supply.offers(["12-346", "12-999", "99-1", "of another protocol"]) == (season,)
        account.change("12-346", on_sale=False, unit_cost=Decimal(40))
        (dearer,) = await supply.offers(["12-346"])
        assert (dearer.unit_cost, dearer.on_sale) == (40, False)
        assert dearer.price_version != season.price_version


async def test_a_catalogue_of_several_pages_is_read_to_its_end() -> None:
    goods = tuple(Good(f"{n}-{n}", "卡", "card", Decimal(n)) for n in range(1, 121))
    with served([spec(goods=goods)]) as world:
        async with channel(world) as supply:
            assert [offer.unit_cost for offer in await supply.offers()] == [Decimal(n) for n in range(1, 121)]


async def test_a_cost_that_is_missing_or_zero_is_told_as_it_is(world: World, account: Account) -> None:
    account.misbehaviour.plan("missing_cost")
    async with channel(world) as supply:
        assert (await supply.offers(["13-400"]))[0].unit_cost is None
        account.misbehaviour.plan("zero_cost")
        assert (await supply.offers(["13-400"]))[0].unit_cost == 0
    assert account.misbehaviour.counts == {"missing_cost": 1, "zero_cost": 1}


async def test_acceptance_is_not_success_and_the_codes_come_with_the_query(world: World, account: Account) -> None:
    async with channel(world) as supply:
        taken = await supply.submit(card("P1", quantity=2))
        assert (taken.state, taken.codes, taken.cost, taken.code) == ("processing", (), 25, "paid")
        assert (await supply.query("P1", taken.supplier_ref)).state == "processing"
        sold = finished(account, "P1")
        got = await supply.query("P1", taken.supplier_ref)
        assert (got.state, got.cost, got.currency, got.good_quantity) == ("succeeded", 25, "CNY", 2)
        assert [code.content for code in got.codes] == sold
        assert got.happened_at is not None
        assert await supply.query("P1", None) == got
        balance = await supply.balance()
        assert balance is not None
        assert (balance.amount, balance.currency) == (account.book.balance(), "CNY") == (975, "CNY")


async def test_a_top_up_goes_to_whom_it_is_for_and_brings_no_code(world: World, account: Account) -> None:
    async with channel(world) as supply:
        await supply.submit(SupplyAsk("T1", "13-400", 1, "CNY", Decimal(10), {"account": "player-7"}))
        (order,) = account.book.orders()
        assert order.told == '{"account": "player-7"}'
        finished(account, "T1")
        got = await supply.query("T1", None)
        assert (got.state, got.codes, got.cost) == ("succeeded", (), Decimal("9.4"))


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (card("R1", supplier_sku="12-404"), "sku_unavailable"),
        (card("R2", quantity=41), "insufficient_stock"),
        (card("R3", quantity=0), "bad_request"),
        (card("R4", max_unit_cost=Decimal("12.49")), "price_changed"),
        (card("R5", supplier_sku="13-400"), "bad_request"),
        (card("R6", supplier_sku="month-card"), "bad_sku"),
    ],
)
async def test_a_clear_no_is_proof_that_nothing_was_bought(
    world: World, account: Account, ask: SupplyAsk, code: str
) -> None:
    async with channel(world) as supply:
        with pytest.raises(SupplierRefusedError) as refused:
            await supply.submit(ask)
    assert refused.value.code == code
    assert account.book.orders() == []
    assert account.book.balance() == 1000


async def test_who_cannot_pay_is_told_so_by_402_or_by_ok_false(world: World, account: Account) -> None:
    account.book.top_up(Decimal(-999))
    said = set()
    async with channel(world) as supply:
        for number in range(12):
            with pytest.raises(SupplierRefusedError) as refused:
                await supply.submit(card(f"B{number}"))
            said.add((refused.value.code, refused.value.http_status))
    assert said == {("insufficient_balance", 402), ("payment_failed", 200)}
    assert account.book.orders() == []


async def test_the_same_number_again_is_the_same_order_whatever_became_of_it(world: World, account: Account) -> None:
    async with channel(world) as supply:
        first = await supply.submit(card("S1"))
        assert await supply.submit(card("S1")) == first
        sold = finished(account, "S1")
        again = await supply.submit(card("S1"))
        assert (again.state, [code.content for code in again.codes]) == ("succeeded", sold)
        await supply.submit(card("S2"))
        account.finish(account.book.orders()[1], succeeded=False)
        failed = await supply.submit(card("S2"))
        assert (failed.state, failed.code, failed.cost) == ("failed", "canceled", None)
    assert [order.request_no for order in account.book.orders()] == ["S1", "S2"]
    assert account.book.spent("S1") == Decimal("12.5")
    assert account.book.spent("S2") == 0


async def test_a_price_that_jumped_since_it_was_looked_at_is_refused(world: World, account: Account) -> None:
    account.misbehaviour.plan("price_jump", "J1")
    async with channel(world) as supply:
        with pytest.raises(SupplierRefusedError, match="price_changed"):
            await supply.submit(card("J1"))
        (offer,) = await supply.offers(["12-345"])
    assert offer.unit_cost is not None
    assert offer.unit_cost > Decimal("12.5")
    assert account.book.balance() == 1000


async def test_stock_that_is_not_there_is_a_refusal_though_it_is_shown(world: World, account: Account) -> None:
    account.misbehaviour.plan("stock_lie", "L1")
    async with channel(world) as supply:
        with pytest.raises(SupplierRefusedError, match="insufficient_stock"):
            await supply.submit(card("L1"))
        assert (await supply.offers(["12-345"]))[0].stock == 40


@pytest.mark.parametrize(
    ("fault", "stands"),
    [
        ("timeout_before_accept", False),
        ("timeout_after_accept", True),
        ("error_after_accept", True),
        ("duplicate_number", True),
    ],
)
async def test_an_answer_that_proves_nothing_is_not_a_failure(
    world: World, account: Account, fault: Fault, stands: bool
) -> None:
    account.misbehaviour.plan(fault, "U1")
    async with channel(world) as supply:
        with pytest.raises(UnknownOutcomeError):
            await supply.submit(card("U1"))
        assert account.misbehaviour.counts[fault] == 1
        assert bool(account.book.orders()) is stands
        found = await supply.query("U1", None)
        assert found.state == ("processing" if stands else "not_found")
        assert (await supply.submit(card("U1"))).state == "processing"
    assert len(account.book.orders()) == 1


async def test_an_outage_proves_nothing_about_orders_and_queries(world: World, account: Account) -> None:
    async with channel(world) as supply:
        await supply.submit(card("O1"))
        account.down = True
        for work in (supply.submit(card("O2")), supply.query("O1", None), supply.offers(), supply.balance()):
            with pytest.raises(UnknownOutcomeError):
                await work
    assert account.misbehaviour.counts["outage"] == 4
    assert len(account.book.orders()) == 1


async def test_an_order_that_cannot_have_left_is_refused_but_a_query_tells_nothing() -> None:
    nobody = supply("hmac_card", "http://127.0.0.1:1", CREDENTIALS, {}, 1)
    with pytest.raises(SupplierRefusedError, match="not_sent"):
        await nobody.submit(card("N1"))
    with pytest.raises(UnknownOutcomeError):
        await nobody.query("N1", None)
    await nobody.aclose()


async def test_keys_that_are_wrong_say_nothing_about_an_order(world: World, account: Account) -> None:
    async with channel(world, credentials={**CREDENTIALS, "secret": "another"}) as supply:
        for work in (supply.submit(card("K1")), supply.query("K1", None)):
            with pytest.raises(UnknownOutcomeError, match="401 invalid_signature"):
                await work
    assert account.book.orders() == []


async def test_a_state_that_nobody_has_heard_of_is_an_open_end(world: World, account: Account) -> None:
    account.misbehaviour.plan("unknown_state", "X1")
    async with channel(world) as supply:
        await supply.submit(card("X1"))
        finished(account, "X1")
        asked = await supply.query("X1", None)
    assert (asked.state, asked.code) == ("processing", "risk_review")


async def test_an_order_that_appears_late_is_not_found_by_its_number_and_not_known_by_its_reference(
    world: World, account: Account
) -> None:
    account.misbehaviour.plan("late_not_found", "F1")
    async with channel(world) as supply:
        taken = await supply.submit(card("F1"))
        assert (await supply.query("F1", None)).state == "not_found"
        with pytest.raises(UnknownOutcomeError, match="order_not_found"):
            await supply.query("F1", taken.supplier_ref)
        assert supply.not_found_is_final_after_s == 180


async def test_a_partial_fill_is_what_was_delivered_at_what_it_cost(world: World, account: Account) -> None:
    account.misbehaviour.plan("partial_fill", "H1/1", "H2/1")
    async with channel(world) as supply:
        await supply.submit(card("H1", quantity=3))
        finished(account, "H1")
        part = await supply.query("H1", None)
        assert (part.state, part.good_quantity, part.cost, part.code) == ("succeeded", 2, 25, "partially_refunded")
        assert len(part.codes) == 2
        await supply.submit(card("H2"))
        finished(account, "H2")
        assert (await supply.query("H2", None)).state == "failed"
    assert (account.book.spent("H1"), account.book.spent("H2")) == (25, 0)


@pytest.mark.parametrize("form", ["csv", "xlsx"])
async def test_the_statement_of_a_day_has_every_charge_and_refund(form: str) -> None:
    today = clock.business_date(clock.now(), ZONE)
    with served([spec(statement_format=form)]) as world:
        account = world.accounts[NAME]
        async with channel(world) as supply:
            await supply.submit(card("M1"))
            await supply.submit(card("M2"))
            finished(account, "M1")
            account.finish(account.book.orders()[1], succeeded=False)
            file = await supply.statement(today)
            with pytest.raises(StatementNotReadyError):
                await supply.statement(today + timedelta(days=2))
    assert (file.file_name, file.from_date, file.to_date) == (f"hmac_card-{today}.{form}", today, today)
    header, *rows = table(file.content, form)
    named = [dict(zip(header, row, strict=True)) for row in rows]
    assert [(row["kind"], row["request_no"], Decimal(str(row["amount"]))) for row in named] == [
        ("charge", "M1", Decimal("12.5")),
        ("charge", "M2", Decimal("12.5")),
        ("refund", "M2", Decimal("-12.5")),
    ]


def table(content: bytes, form: str) -> list[list[object]]:
    if form == "csv":
        return [list(row) for row in csv.reader(io.StringIO(content.decode("utf-8-sig")))]
    sheet = load_workbook(io.BytesIO(content), read_only=True).active
    assert sheet is not None
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def answering(status: int, body: bytes) -> HmacCardSupply:
    """A channel whose supplier always says the same."""
    transport = httpx.MockTransport(lambda _: httpx.Response(status, content=body))
    return HmacCardSupply("https://supplier.test", "ak", "as", 1, transport=transport)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b""),
        (200, b"<html>"),
        (200, b"[]"),
        (200, b'{"ok": true}'),
        (200, b'{"ok": true, "order_id": 0, "status": "paid"}'),
        (200, b'{"ok": true, "order_id": 7, "status": "paid", "downstream_order_no": "Q2"}'),
        (200, b'{"ok": true, "order_id": 7, "status": "paid", "amount": -1}'),
        (200, b'{"ok": true, "order_id": 7, "status": "paid", "amount": NaN}'),
        (200, b'{"ok": true, "order_id": 7, "status": "delivered", "amount": 1, "refunded_amount": 2}'),
        (200, b'{"ok": true, "order_id": 7, "status": "refunded", "amount": 2, "refunded_amount": 1}'),
        (200, b'{"ok": "true", "order_id": 7, "status": "paid"}'),
        (200, b'{"ok": false}'),
        (200, b'{"ok": false, "error_code": "internal_error"}'),
        (200, b'{"ok": false, "error_code": "payment_failed"}'),
        (200, b'{"ok": false, "error_code": "payment_failed", "status": "pending_payment"}'),
        (201, b'{"ok": true, "order_id": 7, "status": "paid"}'),
        (302, b""),
        (400, b'{"ok": false, "error_code": "who_knows"}'),
        (401, b'{"ok": false, "error_code": "timestamp_expired"}'),
        (402, b"payment required"),
        (402, b'{"error_code": "insufficient_balance"}'),
        (402, b'{"ok": false, "error_code": "insufficient_stock"}'),
        (403, b'{"ok": false, "error_code": "ip_not_allowed"}'),
        (404, b"404 page not found"),
        (404, b'{"ok": false, "error_code": "sku_unavailable"}'),
        (409, b'{"ok": false, "error_code": "duplicate_order"}'),
        (409, b"conflict"),
        (429, b'{"ok": false, "error_code": "rate_limited"}'),
        (500, b'{"ok": false, "error_code": "insufficient_stock"}'),
        (502, b"bad gateway"),
        (503, b""),
        (504, b""),
    ],
)
async def test_no_other_answer_is_read_as_a_failure(status: int, body: bytes) -> None:
    supply = answering(status, body)
    for work in (supply.submit(card("Q1")), supply.query("Q1", None), supply.query("Q1", "7")):
        with pytest.raises(UnknownOutcomeError):
            await work


@pytest.mark.parametrize(
    "status",
    ["pending_payment", "paid", "fulfilling", "partially_delivered", "risk_review", "501", "unknown", "failed?"],
)
async def test_no_other_status_of_an_order_is_an_end(status: str) -> None:
    supply = answering(200, b'{"ok": true, "order_id": 7, "status": "%s", "amount": "12.50"}' % status.encode())
    for work in (supply.submit(card("Q1")), supply.query("Q1", None), supply.query("Q1", "7")):
        assert (await work).state == "processing"


@pytest.mark.parametrize(
    "fulfilment",
    [
        b"null",
        b'{"type": "auto", "status": "pending", "payload": "A"}',
        b'{"type": "auto", "status": "delivered", "payload": ""}',
        b'{"type": "auto", "status": "delivered", "payload": " \\r\\n "}',
    ],
)
async def test_delivered_without_its_codes_is_not_there_yet(fulfilment: bytes) -> None:
    supply = answering(200, b'{"ok": true, "order_id": 7, "status": "delivered", "fulfillment": %s}' % fulfilment)
    assert (await supply.query("Q1", "7")).state == "processing"


async def test_lines_of_a_payload_are_codes_and_nothing_shows_them() -> None:
    told = b'{"type": "auto", "status": "delivered", "payload": "A-1----pw\\r\\n\\r\\n B-2 "}'
    supply = answering(200, b'{"ok": true, "order_id": 7, "status": "completed", "fulfillment": %s}' % told)
    fact = await supply.query("Q1", "7")
    assert [code.content for code in fact.codes] == ["A-1----pw", "B-2"]
    assert "A-1" not in repr(fact)


async def test_an_order_asked_for_by_its_reference_must_be_that_one() -> None:
    supply = answering(200, b'{"ok": true, "order_id": 8, "status": "canceled"}')
    with pytest.raises(UnknownOutcomeError, match="answered about 8"):
        await supply.query("Q1", "7")


async def test_an_unknown_code_in_an_answer_is_not_quoted_by_the_error() -> None:
    supply = answering(
        200, b'{"ok": true, "order_id": 7, "status": "delivered", "fulfillment": {"payload": ["SECRET"]}}'
    )
    with pytest.raises(UnknownOutcomeError) as unknown:
        await supply.query("Q1", "7")
    assert "SECRET" not in str(unknown.value)


async def test_defects_are_told_to_people_since_the_protocol_has_no_word_for_them(world: World) -> None:
    async with channel(world) as supply:
        assert await supply.report_defect("P1", "7", "used before") is None


@pytest.mark.parametrize("options", [{"currency": "yuan"}, {"not_found_final_s": "soon"}, {"not_found_final_s": "0"}])
def test_options_that_cannot_work_are_named(options: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError) as wrong:
        supply("hmac_card", "https://supplier.test", CREDENTIALS, options, 5)
    assert wrong.value.field in options


async def test_a_day_is_asked_for_in_plain_digits(world: World) -> None:
    async with channel(world) as supply:
        assert (await supply.statement(date(2026, 1, 2))).content.startswith(b"\xef\xbb\xbfline_no")


async def test_an_order_is_written_as_documented() -> None:
    sent: list[object] = []

    def take(request: httpx.Request) -> httpx.Response:
        sent.append(json.loads(request.content))
        return httpx.Response(200, json={"ok": True, "order_id": 7, "status": "paid"})

    supply = HmacCardSupply("https://supplier.test", "ak", "as", 1, transport=httpx.MockTransport(take))
    await supply.submit(card("W1", max_unit_cost=Decimal("1E+2"), quantity=2, fields={"account": "player-7"}))
    assert sent == [
        {
            "sku_id": 345,
            "quantity": 2,
            "downstream_order_no": "W1",
            "trace_id": "W1",
            "max_unit_price": "100",
            "manual_form_data": {"account": "player-7"},
            "callback_url": "http://shop.test/suppliers/2/notices",
        }
    ]
