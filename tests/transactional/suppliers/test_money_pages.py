"""The desk's pages about money with suppliers: done once, said field by field, for whom it is."""

import httpx
import pytest

from mingsuan.postgres import DatabaseUrls
from tests.transactional.api_client import Client
from tests.transactional.small_shop import Stocked
from tests.transactional.suppliers.supplied_world import SuppliedWorld, file_of, line, supplied_world
from tests.transactional.web.seen import Seen
from tests.transactional.web.visits import HTML, enter_desk, send, visit

pytestmark = pytest.mark.anyio


@pytest.fixture
async def world(stocked: Stocked) -> SuppliedWorld:
    return await supplied_world(stocked)


async def upload(client: Client, world: SuppliedWorld, content: bytes, key: str = "upload-one") -> httpx.Response:
    [[channel]] = await world.stocked.rows("select public_id from shop.supply_channel")
    form = {"idempotency_key": key, "channel": str(channel), "since": "2026-09-01", "until": "2026-09-01"}
    files = {"file": ("bill.csv", content)}
    return await client.post("/desk/statements", data=form, files=files, headers=HTML)


async def test_a_statement_is_uploaded_looked_at_and_settled(
    world: SuppliedWorld, fresh_database: DatabaseUrls
) -> None:
    told = [line(await world.bought(4000), "41.50"), line(None, "9.99")]
    async with Client(world.stocked.shop, fresh_database) as client:
        await enter_desk(client, world.stocked.shop, "operator")
        for _ in range(2):
            answer = await upload(client, world, file_of(told))
            assert answer.status_code == 303, answer.text
        assert answer.headers["location"].endswith("?done=taken")
        again = await upload(client, world, file_of(told), "upload-two")
        assert again.headers["location"].endswith("?done=known")
        address = again.headers["location"].partition("?")[0]
        seen = await visit(client, address)
        assert seen.faults == []
        assert "+¥11.49" in seen.text
        sql = "select public_id from shop.supplier_statement_line where verdict = 'theirs_only'"
        [[found]] = await world.stocked.rows(sql)
        form = {"way": "accept", "idempotency_key": "settle-one"}
        unsaid = await send(client, f"{address}/lines/{found}", **form)
        assert unsaid.status_code == 422
        for _ in range(2):
            settled = await send(client, f"{address}/lines/{found}", reason="agreed by phone", **form)
            assert settled.status_code == 303
        late = await send(client, f"{address}/lines/{found}", **{**form, "idempotency_key": "settle-two"}, reason="x")
        assert late.status_code == 409
        shown = await visit(client, f"{address}?show=theirs_only")
        assert "Accepted and posted" in shown.text
        assert "agreed by phone" in shown.text
        listed = await visit(client, "/desk/statements")
        assert "1 not settled" in listed.text
    assert (await world.balance()).prepaid_fen == -4000 - 999


async def test_each_bad_cell_is_shown_and_nothing_is_stored(world: SuppliedWorld, fresh_database: DatabaseUrls) -> None:
    async with Client(world.stocked.shop, fresh_database) as client:
        await enter_desk(client, world.stocked.shop, "buyer")
        answer = await upload(client, world, b"request_no,amount\nR1,many\n,5\n")
        assert answer.status_code == 422
        assert Seen(answer.text).faults == []
        assert "2 problems to mend" in answer.text
        nothing = await upload(client, world, b"", "upload-two")
        assert nothing.status_code == 422
        no_file = await send(client, "/desk/statements", idempotency_key="upload-three")
        assert no_file.status_code == 422
    assert await world.stocked.rows("select count(*) from shop.supplier_statement") == [(0,)]


async def test_a_payment_is_recorded_once_and_what_is_wrong_is_said_at_its_field(
    world: SuppliedWorld, fresh_database: DatabaseUrls
) -> None:
    address = f"/desk/suppliers/{world.supplier}"
    form = {"kind": "top_up", "amount": "120.50", "reference": "bank-7", "day": "2026-09-01"}
    async with Client(world.stocked.shop, fresh_database) as client:
        await enter_desk(client, world.stocked.shop, "buyer")
        bad = {**form, "amount": "1.234", "day": "2999-01-01", "idempotency_key": "pay-nothing"}
        refused = await send(client, f"{address}/payments", **bad)
        assert refused.status_code == 422
        assert Seen(refused.text).fields["reference"] == "bank-7"
        for _ in range(2):
            assert (await send(client, f"{address}/payments", idempotency_key="pay-once", **form)).status_code == 303
        same = await send(client, f"{address}/payments", idempotency_key="pay-again", **form)
        assert same.status_code == 409
        changed = await send(client, f"{address}/terms", low="200", note="call Wang", idempotency_key="terms-one")
        assert changed.status_code == 303
        seen = await visit(client, address)
        assert seen.faults == []
        assert "¥120.50" in seen.text
        assert "call Wang" in seen.text
    assert await world.stocked.rows("select kind, ended_at is null from shop.alert") == [("low_balance", True)]


async def test_an_auditor_looks_and_changes_nothing(world: SuppliedWorld, fresh_database: DatabaseUrls) -> None:
    taken = await world.take_in(file_of([line(None, "9.99")]))
    async with Client(world.stocked.shop, fresh_database) as client:
        await enter_desk(client, world.stocked.shop, "auditor")
        for address in ("/desk/suppliers", f"/desk/suppliers/{world.supplier}", f"/desk/statements/{taken.id}"):
            page = await client.get(address, headers=HTML)
            assert page.status_code == 200
            assert 'class="confirm"' not in page.text
        assert (await upload(client, world, b"x")).status_code == 403
        pay = await send(client, f"/desk/suppliers/{world.supplier}/payments", idempotency_key="pay-once")
        assert pay.status_code == 403


async def test_a_bad_code_is_claimed_and_made_good_at_the_desk(
    world: SuppliedWorld, fresh_database: DatabaseUrls
) -> None:
    purchase = await world.bought(4000)
    async with Client(world.stocked.shop, fresh_database) as client:
        await enter_desk(client, world.stocked.shop, "operator")
        form = {"purchase": str(purchase.public_id), "reason": "does not work", "idempotency_key": "claim-one"}
        for _ in range(2):
            opened = await send(client, "/desk/claims", **form)
            assert opened.status_code == 303, opened.text
        address = opened.headers["location"].partition("?")[0]
        assert (await visit(client, address)).faults == []
        wrong = await send(client, f"{address}/accept", credited="lots", reason="by mail", idempotency_key="accept-0")
        assert wrong.status_code == 422
        for _ in range(2):
            form = {"credited": "40", "reason": "by mail", "idempotency_key": "accept-1"}
            assert (await send(client, f"{address}/accept", **form)).status_code == 303
        ended = await send(client, f"{address}/reject", reason="no", idempotency_key="reject-1")
        assert ended.status_code == 409
        assert "Made good" in (await visit(client, "/desk/claims?state=accepted")).text
    assert (await world.balance()).prepaid_fen == 0
