"""The desk's pages of what advertising and couriers cost: uploaded once, said cell by cell, for whom it is."""

import httpx
import pytest

from mingsuan.postgres import DatabaseUrls
from tests.transactional.api_client import Client
from tests.transactional.small_shop import Stocked
from tests.transactional.web.seen import Seen
from tests.transactional.web.visits import HTML, enter_desk, visit

pytestmark = pytest.mark.anyio
CHARGES = "日期,运单号,金额\n2026-09-02,SF1234567,8.00\n".encode("gb18030")


async def upload(client: Client, content: bytes, key: str, sender: str = "courier:shunfeng") -> httpx.Response:
    form = {"idempotency_key": key, "sender": sender}
    return await client.post("/desk/costs", data=form, files={"file": ("九月.csv", content)}, headers=HTML)


async def test_a_statement_is_uploaded_once_and_a_strangers_parcel_is_named(
    stocked: Stocked, fresh_database: DatabaseUrls
) -> None:
    async with Client(stocked.shop, fresh_database) as client:
        await enter_desk(client, stocked.shop, "operator")
        for _ in range(2):
            answer = await upload(client, CHARGES, "upload-one")
            assert answer.status_code == 303, answer.text
            assert answer.headers["location"].endswith("?done=taken")
        again = await upload(client, CHARGES, "upload-two")
        assert again.headers["location"].endswith("?done=known")
        seen = await visit(client, again.headers["location"])
        assert seen.faults == []
        assert "Not the shop's parcel" in seen.text
        assert "¥8.00" in seen.text
        listed = await visit(client, "/desk/costs")
        assert listed.faults == []
        assert "1 of no parcel" in listed.text
    fen = "select sum(amount_fen)::bigint from shop.document_line where component = 'delivery_costs'"
    assert await stocked.rows(fen) == [(800,)]
    by = "select s.role from shop.staff_act as a join shop.staff as s on s.id = a.staff_id where act like 'import_c%'"
    assert await stocked.rows(by) == [("operator",)]


async def test_each_bad_cell_is_shown_and_nothing_is_stored(stocked: Stocked, fresh_database: DatabaseUrls) -> None:
    async with Client(stocked.shop, fresh_database) as client:
        await enter_desk(client, stocked.shop, "operator")
        answer = await upload(
            client, b"date,campaign,amount\n2026-09-01,A,many\n,B,5\n", "upload-one", "ad-spend:baidu"
        )
        assert answer.status_code == 422
        assert Seen(answer.text).faults == []
        assert "2 problems to mend" in answer.text
        for sender in ("", "courier:pigeon", "supplier-statements:fast"):
            assert (await upload(client, CHARGES, f"upload-two-{sender}", sender)).status_code == 422
    assert await stocked.rows("select count(*) from shop.ad_statement") == [(0,)]
    assert await stocked.rows("select count(*) from shop.courier_statement") == [(0,)]


async def test_an_auditor_looks_and_stores_nothing(stocked: Stocked, fresh_database: DatabaseUrls) -> None:
    async with Client(stocked.shop, fresh_database) as client:
        await enter_desk(client, stocked.shop, "auditor")
        assert (await upload(client, CHARGES, "upload-one")).status_code == 403
        seen = await visit(client, "/desk/costs")
        assert "Upload a statement" not in seen.text
