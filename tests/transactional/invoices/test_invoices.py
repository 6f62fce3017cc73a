"""Invoices over paid orders: never two over the same money, over what is left after refunds, sealed, each act once."""

import asyncio
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from mingsuan import clock
from mingsuan.postgres import DatabaseUrls
from tests.transactional.api_client import Client
from tests.transactional.payments.conftest import Till
from tests.transactional.payments.conftest import till as till  # noqa: PLC0414  (a fixture)
from tests.transactional.small_shop import PRICE_FEN, all_text
from tests.transactional.web.seen import Seen
from tests.transactional.web.visits import HTML, enter_desk, register, send, visit
from transactional.accounts.schemas import CustomerSubject
from transactional.db import reading, writing
from transactional.errors import InvalidInputError, NotFoundError
from transactional.invoices import deciding, service
from transactional.invoices.deciding import Issued
from transactional.invoices.errors import (
    InvoiceAmountChangedError,
    InvoiceDecidedError,
    InvoiceNumberUsedError,
    NotAnInvoiceFileError,
    NotInvoiceableError,
)
from transactional.invoices.schemas import Buyer
from transactional.payments import refunds

pytestmark = pytest.mark.anyio
COMPANY = Buyer("company", "华为技术有限公司", "914403001922038216", "fapiao@example.com")
PERSON = Buyer("person", "李雷", "", "li@example.com")
PDF = b"%PDF-1.7\nan invoice"


async def ask(till: Till, customer: CustomerSubject, *orders: str, buyer: Buyer = COMPANY, key: str = "") -> UUID:
    async with writing(till.shop.engine) as session:
        return await service.request(session, till.shop, customer, orders, buyer, key or uuid4().hex)


async def issue(till: Till, invoice: UUID, staff: int, number: str, amount_fen: int, file: bytes = PDF) -> None:
    issued = Issued(number, "", clock.business_date(clock.now(), till.shop.zone), amount_fen, file)
    async with writing(till.shop.engine) as session:
        await deciding.issue(session, till.shop, invoice, issued, staff, clock.now())


async def refund(till: Till, order: Any) -> None:
    unit = (await till.units(order))[0]
    async with writing(till.shop.engine) as session:
        await refunds.grant(session, [(unit.id, None)], "asked", None, clock.now(), till.shop.zone)


async def watch(till: Till) -> int:
    async with writing(till.shop.engine) as session:
        return await deciding.watch_refunds(session, clock.now())


async def flush(till: Till, invoice: UUID, staff: int, number: str) -> None:
    async with writing(till.shop.engine) as session:
        day = clock.business_date(clock.now(), till.shop.zone)
        await deciding.red_flush(session, invoice, number, day, staff, clock.now(), till.shop)


async def test_an_order_has_one_invoice_at_a_time(till: Till) -> None:
    customer, order, _ = await till.bought()
    ends = await asyncio.gather(*(ask(till, customer, order.order_no) for _ in range(4)), return_exceptions=True)
    assert sum(isinstance(end, NotInvoiceableError) for end in ends) == 3
    assert await till.rows("select amount_fen, state from shop.invoice") == [(PRICE_FEN, "requested")]
    staff = await till.staff()
    [asked] = [end for end in ends if isinstance(end, UUID)]
    async with writing(till.shop.engine) as session:
        await deciding.refuse(session, asked, "no such company", staff, clock.now())
    await ask(till, customer, order.order_no, buyer=PERSON)


async def test_the_same_form_asks_once(till: Till) -> None:
    customer, order, _ = await till.bought()
    once, again = [await ask(till, customer, order.order_no, key="the same key") for _ in range(2)]
    assert once == again


async def test_what_is_not_paid_not_own_or_given_back_has_no_invoice(till: Till) -> None:
    customer, order, _ = await till.bought()
    other, unpaid = await till.place()
    for who, number in ((other, unpaid.order_no), (other, order.order_no), (customer, "NO-SUCH-ORDER")):
        with pytest.raises(NotInvoiceableError):
            await ask(till, who, number)
    with pytest.raises(NotInvoiceableError):
        await ask(till, customer)
    await refund(till, order)
    with pytest.raises(NotInvoiceableError):
        await ask(till, customer, order.order_no)
    old, bought, _ = await till.bought()
    await till.rows(
        "update shop.orders set paid_at = now() - interval '366 days' where id = :id returning 1", id=bought.order_id
    )
    with pytest.raises(NotInvoiceableError):
        await ask(till, old, bought.order_no)
    assert await till.one("select count(*) from shop.invoice") == 0


@pytest.mark.parametrize(
    "buyer",
    [
        Buyer("company", "华为技术有限公司", "914403001922038217", "a@example.com"),
        Buyer("company", "华为技术有限公司", "", "a@example.com"),
        Buyer("person", "  ", "", "a@example.com"),
        Buyer("person", "李雷", "", "not an address"),
    ],
)
async def test_a_buyer_that_cannot_be_is_refused(till: Till, buyer: Buyer) -> None:
    customer, order, _ = await till.bought()
    with pytest.raises(InvalidInputError):
        await ask(till, customer, order.order_no, buyer=buyer)


async def test_refunded_before_it_is_issued_over_what_is_left(till: Till) -> None:
    customer, order, _ = await till.bought(2)
    invoice, staff = await ask(till, customer, order.order_no), await till.staff()
    await refund(till, order)
    with pytest.raises(InvoiceAmountChangedError):
        await issue(till, invoice, staff, "24442000000000000001", 2 * PRICE_FEN)
    await issue(till, invoice, staff, "24442000000000000001", PRICE_FEN)
    assert await till.one("select amount_fen from shop.invoice") == PRICE_FEN
    assert await watch(till) == 0


async def test_refunded_after_it_is_red_flushed_and_the_rest_invoiced_anew(till: Till) -> None:
    customer, order, _ = await till.bought(2)
    invoice, staff = await ask(till, customer, order.order_no), await till.staff()
    await issue(till, invoice, staff, "24442000000000000001", 2 * PRICE_FEN)
    await refund(till, order)
    assert [await watch(till), await watch(till)] == [1, 0]
    assert await till.one("select state from shop.review_case where kind = 'invoice_to_red_flush'") == "open"
    with pytest.raises(NotInvoiceableError):
        await ask(till, customer, order.order_no)
    await flush(till, invoice, staff, "24442000000000000002")
    assert await till.one("select state from shop.review_case where kind = 'invoice_to_red_flush'") == "resolved"
    again = await ask(till, customer, order.order_no)
    async with reading(till.shop.engine) as session:
        assert (await service.invoice(session, again, customer.id)).amount_fen == PRICE_FEN
    with pytest.raises(InvoiceDecidedError):
        await flush(till, invoice, staff, "24442000000000000003")


async def test_a_number_is_recorded_once_and_a_file_is_an_invoice_s(till: Till) -> None:
    staff, invoices = await till.staff(), []
    for _ in range(2):
        customer, order, _ = await till.bought()
        invoices.append(await ask(till, customer, order.order_no))
    with pytest.raises(NotAnInvoiceFileError):
        await issue(till, invoices[0], staff, "1", PRICE_FEN, b"<html><script>")
    await issue(till, invoices[0], staff, "1", PRICE_FEN)
    with pytest.raises(InvoiceNumberUsedError):
        await issue(till, invoices[1], staff, "1", PRICE_FEN)
    with pytest.raises(InvoiceDecidedError):
        await issue(till, invoices[0], staff, "2", PRICE_FEN)
    with pytest.raises(NotFoundError):
        await issue(till, uuid4(), staff, "3", PRICE_FEN)


async def test_titles_and_files_are_sealed(till: Till, fresh_database: DatabaseUrls) -> None:
    customer, order, _ = await till.bought()
    invoice = await ask(till, customer, order.order_no)
    await issue(till, invoice, await till.staff(), "1", PRICE_FEN)
    dump = await all_text(fresh_database)
    assert not [each for each in (COMPANY.title, COMPANY.tax_no, COMPANY.email, PDF.hex()) if each in dump]
    async with reading(till.shop.engine) as session:
        assert await service.buyer_of(session, till.shop, invoice) == COMPANY
        assert await service.file_of(session, till.shop, invoice) == PDF


async def test_from_the_form_to_the_download_and_the_export(till: Till, fresh_database: DatabaseUrls) -> None:
    async with Client(till.shop, fresh_database) as client:
        await register(client)
        own = await till.one("select id from shop.customer where email = 'li@example.com'")
        _, order, _ = await till.bought()
        other, foreign, _ = await till.bought()
        move = "update shop.orders set customer_id = :own where id = :id returning 1"
        await till.rows(move, own=own, id=order.order_id)
        form = await visit(client, f"/invoices?order={order.order_no}")
        assert not form.faults
        asked = {
            "order": [order.order_no],
            "kind": "company",
            "title": "华为技术有限公司",
            "tax_no": "914403001922038216",
            "email": "fapiao@example.com",
            "idempotency_key": form.fields["idempotency_key"],
        }
        wrong = await send(client, "/invoices", **{**asked, "tax_no": "914403001922038217"})
        assert wrong.status_code == 422
        assert "not a taxpayer number" in Seen(wrong.text).text
        made = await send(client, "/invoices", **{**asked, "idempotency_key": "12345678"})
        page = made.headers["location"]
        shown = await visit(client, page)
        assert "914403001922038216" in shown.text
        assert not shown.faults
        hidden = await ask(till, other, foreign.order_no)
        away = [await client.get(f"/invoices/{hidden}{end}", headers=HTML) for end in ("", "/file")]
        assert [answer.status_code for answer in away] == [404, 404]
        await enter_desk(client, till.shop)
        listed = await visit(client, "/desk/invoices")
        assert not listed.faults
        table = (await client.get("/desk/invoices/export?state=requested&format=csv")).text
        assert "914403001922038216,fapiao@example.com,点卡" in table
        assert (await client.get("/desk/invoices/export?format=xlsx")).content.startswith(b"PK")
        desk = f"/desk{page}"
        looked = await visit(client, desk)
        assert not looked.faults
        key = looked.fields["idempotency_key"]
        data = {"idempotency_key": key, "amount_fen": str(PRICE_FEN), "number": "24442000000000000001"}
        data["issued_on"] = str(date(2026, 1, 2))
        file = {"file": ("fapiao.pdf", PDF, "application/pdf")}
        for _ in range(2):
            recorded = await client.post(f"{desk}/issue", data=data, files=file, headers=HTML)
            assert recorded.status_code == 303, recorded.text
        download = await client.get(f"{page}/file")
        assert download.content == PDF
        assert download.headers["content-disposition"].startswith("attachment")
        assert "24442000000000000001" in (await visit(client, page)).text
    acts = [row[0] for row in await till.rows("select act from shop.staff_act order by id")]
    assert acts.count("issue_invoice") == 1
    assert acts.count("export_invoices") == 2
    assert await till.one("select count(*) from shop.notice where kind = 'invoice_issued'") == 1


@pytest.mark.parametrize(("role", "sees"), [("buyer", 403), ("auditor", 200)])
async def test_who_may_not_settle_does_not(till: Till, fresh_database: DatabaseUrls, role: str, sees: int) -> None:
    customer, order, _ = await till.bought()
    invoice = await ask(till, customer, order.order_no)
    async with Client(till.shop, fresh_database) as client:
        await enter_desk(client, till.shop, role)
        looked = await client.get(f"/desk/invoices/{invoice}", headers=HTML)
        assert looked.status_code == sees
        assert COMPANY.tax_no not in looked.text
        acts = [f"/desk/invoices/{invoice}/{act}" for act in ("refuse", "red-flush")]
        assert [(await send(client, act, idempotency_key="12345678")).status_code for act in acts] == [403, 403]
        assert (await client.get("/desk/invoices/export")).status_code == 403
