"""Staff over the API: who may do what with stock, each command once, refusals as problem documents."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from mingsuan.postgres import DatabaseUrls
from tests.transactional.api_client import Client, log_in_customer, log_in_staff, new_email
from tests.transactional.small_shop import Stocked, codes
from transactional.accounts.rules import MAY
from transactional.cards import service

pytestmark = pytest.mark.anyio
ROLES = ("owner", "operator", "buyer", "auditor")


@pytest.fixture
async def desk(stocked: Stocked, fresh_database: DatabaseUrls) -> AsyncIterator[Client]:
    async with Client(stocked.shop, fresh_database) as client:
        await log_in_staff(client, stocked.shop)
        yield client


def file(text: str = "code\nAAAA-1111\nBBBB-2222") -> dict[str, Any]:
    return {"file": ("codes.csv", text.encode())}


async def post_file(client: Client, path: str, key: str = "k", text: str = "code\nAAAA-1111\nBBBB-2222") -> Any:
    form = {"sku_code": "STEAM-50", "total_cost_fen": "300", "expires_on": "2099-12-31"}
    headers = {"idempotency-key": key}
    return await client.post(f"/api/v1/staff/card-batches{path}", data=form, files=file(text), headers=headers)


async def test_preview_import_and_look_at_the_batch(desk: Client) -> None:
    seen = await post_file(desk, "/preview")
    assert (seen.status_code, seen.json()["card_count"], seen.json()["first_code"]) == (200, 2, "AA••••11")
    taken = await post_file(desk, "")
    assert (taken.status_code, taken.json()["expires_at"]) == (201, "2099-12-31T16:00:00Z")
    assert (await post_file(desk, "")).json() == taken.json()
    refused = await post_file(desk, "", "other", "code\nAAAA-1111\nCCCC-3333")
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/refused-file")
    [problem] = (await post_file(desk, "/preview", text="code\nAAAA-1111\nCCCC-3333")).json()["problems"]
    assert problem["place"] == "row 2, column code"
    [one] = (await desk.read("/staff/card-batches?sku_code=STEAM-50")).json()["items"]
    assert (await desk.read(f"/staff/card-batches/{taken.json()['id']}")).json() == one
    assert (one["remaining_count"], one["effective_unit_cost_fen"]) == (2, 150)
    assert (await desk.read("/staff/card-batches?sku_code=NONE")).json() == {"items": [], "total": 0}


async def test_credit_correct_void_and_export_happen_once_a_key(desk: Client, stocked: Stocked) -> None:
    batch = (await stocked.stock(codes(3), 300)).id
    path = f"/staff/card-batches/{batch}"
    for act, body in (
        ("credits", {"amount_fen": 10, "reason": "bad"}),
        ("cost-corrections", {"total_cost_fen": 330, "reason": "invoice"}),
        ("voids", {"count": 1, "reason": "damaged"}),
    ):
        first = await desk.command(f"{path}/{act}", body, key=act)
        assert first.status_code == 201, first.text
        assert (await desk.command(f"{path}/{act}", body, key=act)).json() == first.json()
        other = await desk.command(f"{path}/{act}", {**body, "reason": "another"}, key=act)
        assert other.json()["type"] == "/problems/idempotency-key-reused"
    for _ in range(2):
        out = await desk.command(f"{path}/exports", {"reason": "audit"}, key="export")
        assert (out.status_code, out.headers["content-type"]) == (200, "text/csv; charset=utf-8")
        assert out.headers["content-disposition"] == f'attachment; filename="codes-{batch}.csv"'
        assert "no-store" in out.headers["cache-control"]
        assert out.text.count("-SECRET") == 3
    account = (await desk.read(path)).json()
    assert (account["credited_fen"], account["total_cost_fen"], account["void_count"]) == (10, 330, 1)
    acts = await stocked.rows("select act from shop.staff_act order by id")
    assert [act for [act] in acts] == ["credit_batch", "correct_cost", "void_cards", "export_cards"]
    assert await stocked.rows("select count(*) from shop.staff_act where staff_id is null") == [(0,)]


async def test_a_defect_is_named_by_code_or_unit_not_both(desk: Client, stocked: Stocked) -> None:
    await stocked.stock(codes(2), 300)
    body = {"code": codes(2)[0], "reason": "used before"}
    done = await desk.command("/staff/card-defects", body, key="d")
    assert (done.status_code, done.json()["lost_fen"]) == (201, 150)
    assert (await desk.command("/staff/card-defects", body, key="d")).json() == done.json()
    again = await desk.command("/staff/card-defects", body)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/not-in-stock")
    for wrong in ({}, {"code": "A", "fulfilment_id": str(stocked.sku.id)}):
        refused = await desk.command("/staff/card-defects", {**wrong, "reason": "x"})
        assert refused.json()["type"] == "/problems/invalid-input"


async def test_units_of_physical_goods(desk: Client, stocked: Stocked) -> None:
    new = {"sku_code": "STEAM-50", "count": 5, "total_cost_fen": 500}
    wrong = await desk.command("/staff/stock-units", new)
    assert (wrong.status_code, wrong.json()["type"]) == (409, "/problems/wrong-kind-of-product")
    await stocked.rows("update shop.product set kind = 'physical' returning 1")
    assert (await desk.command("/staff/stock-units", new)).json()["card_count"] == 5
    for never in ("9999-12-31", "0001-01-01", "2026-02-30"):
        refused = await desk.command("/staff/stock-units", {**new, "expires_on": never})
        assert refused.json()["type"] == "/problems/invalid-input", never


@pytest.mark.parametrize("role", ROLES)
async def test_each_role_may_do_what_the_rules_say(stocked: Stocked, fresh_database: DatabaseUrls, role: str) -> None:
    batch = (await stocked.stock(codes(3), 300)).id
    path = f"/staff/card-batches/{batch}"
    async with Client(stocked.shop, fresh_database) as client:
        await log_in_staff(client, stocked.shop, role)
        answers = {
            "see_cards": [await client.read(path), await client.read("/staff/card-batches")],
            "export_cards": [await client.command(f"{path}/exports", {"reason": "x"})],
            "mend_stock": [
                await client.command(f"{path}/credits", {"amount_fen": 1, "reason": "x"}),
                await client.command(f"{path}/cost-corrections", {"total_cost_fen": 1, "reason": "x"}),
                await client.command(f"{path}/voids", {"count": 1, "reason": "x"}),
                await client.command("/staff/card-defects", {"code": codes(3)[1], "reason": "x"}),
            ],
            "import_cards": [await post_file(client, "/preview"), await post_file(client, "")],
        }
    for act, given in answers.items():
        refused = {answer.status_code == 403 for answer in given}
        assert refused == {role not in MAY[act]}, act
        assert all(answer.status_code in (200, 201, 403, 409) for answer in given), [answer.text for answer in given]


async def test_too_many_reveals_are_answered_with_a_time_to_come_back(
    stocked: Stocked, fresh_database: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "REVEALS", 2)
    await stocked.stock(codes(1))
    email = new_email()
    async with Client(stocked.shop, fresh_database) as client:
        await log_in_customer(client, email)
        await stocked.rows("update shop.wallet set balance_fen = 5000 returning 1")
        [[buyer]] = await stocked.rows("select id from shop.customer where email = :email", email=email)
        await stocked.shop.intake.buy(buyer, stocked.sku.id, 1, "key-1")
        [[unit]] = await stocked.rows("select public_id from shop.fulfilment")
        shown = [await client.command(f"/fulfilments/{unit}/reveals", key=f"r{number}") for number in range(3)]
        repeated = await client.command(f"/fulfilments/{unit}/reveals", key="r1")
    assert [answer.status_code for answer in shown] == [201, 201, 429]
    assert shown[2].json()["type"] == "/problems/too-many-reveals"
    assert 0 < int(shown[2].headers["retry-after"]) <= 3600
    assert codes(1)[0] not in shown[2].text
    assert repeated.json() == shown[1].json()
