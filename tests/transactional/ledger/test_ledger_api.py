"""The ledger over HTTP: who may see it, close a month, take the journal away."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from mingsuan import clock
from tests.transactional.api_client import Client, log_in_staff
from tests.transactional.ledger.selling import Selling
from transactional.db import writing
from transactional.ledger import service
from transactional.ledger.rules import codes_bought

pytestmark = pytest.mark.anyio

READS = (
    "",
    "/findings",
    "/trial-balance",
    "/trial-balance?until=2026-01-01",
    "/accounts/bank/statement",
    "/months",
    "/journal?month=2026-01-01",
    "/journal?month=2026-01-01&kind=xlsx",
)


@asynccontextmanager
async def client_of(selling: Selling, role: str) -> AsyncIterator[Client]:
    async with Client(selling.stocked.shop, selling.urls) as client:
        await log_in_staff(client, selling.stocked.shop, role)
        yield client


async def test_owner_and_auditor_read_the_ledger_and_nobody_else(selling: Selling) -> None:
    for role, status in (("owner", 200), ("auditor", 200), ("operator", 403), ("buyer", 403)):
        async with client_of(selling, role) as client:
            assert {(path, (await client.read(f"/staff/ledger{path}")).status_code) for path in READS} == {
                (path, status) for path in READS
            }
    async with Client(selling.stocked.shop, selling.urls) as stranger:
        assert (await stranger.read("/staff/ledger/findings")).status_code == 401


async def test_a_customers_statement_is_found_by_the_public_name(selling: Selling) -> None:
    placed = await selling.sell("li")
    [[customer]] = selling.as_superuser("select public_id from shop.customer")
    async with client_of(selling, "auditor") as client:
        path = "/staff/ledger/accounts/customer_wallet/statement"
        statement = (await client.read(f"{path}?customer={customer}")).json()
        nobody = await client.read(f"{path}?customer=00000000-0000-0000-0000-000000000000")
    assert [(line["debit_fen"], line["credit_fen"], line["balance_fen"]) for line in statement["lines"]] == [
        (0, 5000, 5000),
        (5000, 0, 0),
    ]
    assert (statement["lines"][1]["order_no"], statement["closing_fen"]) == (placed.order_no, 0)
    assert nobody.status_code == 404


async def test_findings_are_sentences_in_the_readers_language(selling: Selling) -> None:
    await selling.sell("li")
    selling.as_superuser("delete from shop.ledger_entry where account = 'cogs'")
    async with client_of(selling, "owner") as client:
        english = (await client.read("/staff/ledger/findings")).json()["findings"]
        chinese = await client.get("/api/v1/staff/ledger/findings", headers={"accept-language": "zh-CN"})
    assert {"check": "sum", "sentence": "All entries together come to -4000 fen instead of 0."} in english
    assert {"check": "sum", "sentence": "全部分录合计为 -4000 分，而不是 0。"} in chinese.json()["findings"]


async def test_only_the_owner_closes_a_month_once_and_on_record(selling: Selling) -> None:
    january = datetime(2026, 1, 10, tzinfo=UTC)
    async with writing(selling.stocked.shop.engine) as session:
        await service.post(session, [codes_bought(91, 100, january)], selling.stocked.shop.zone)
    for role, status in (("auditor", 403), ("operator", 403)):
        async with client_of(selling, role) as client:
            refused = await client.command("/staff/ledger/months", {"month": "2026-01-05"})
            assert refused.status_code == status
    async with client_of(selling, "owner") as client:
        early = await client.command("/staff/ledger/months", {"month": f"{clock.now():%Y-%m-%d}"})
        wrong = await client.command("/staff/ledger/months", {"month": "2025-11-05"})
        answers = [await client.command("/staff/ledger/months", {"month": "2026-01-05"}, "key") for _ in range(2)]
        months = (await client.read("/staff/ledger/months")).json()
    assert (early.status_code, early.json()["type"]) == (409, "/problems/month-not-ended")
    assert (wrong.status_code, wrong.json()["type"]) == (409, "/problems/month-out-of-order")
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert ([closed["month"] for closed in months["closed"]], months["next_month"]) == (["2026-01-01"], "2026-02-01")
    acts = await selling.stocked.rows("select act, subject, staff_id is not null from shop.staff_act")
    assert ("close_month", "month:2026-01", True) in acts


async def test_the_journal_comes_as_a_file_with_a_name(selling: Selling) -> None:
    await selling.sell("li")
    [[day]] = selling.as_superuser("select max(ledger_date) from shop.ledger_transaction")
    async with client_of(selling, "auditor") as client:
        sheet = await client.read(f"/staff/ledger/journal?month={day}&kind=xlsx")
        table = await client.read(f"/staff/ledger/journal?month={day}")
    assert sheet.content.startswith(b"PK")
    assert sheet.headers["content-disposition"] == f"attachment; filename=journal-{day:%Y-%m}.xlsx"
    assert "40.00" in table.text
