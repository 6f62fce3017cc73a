"""How the API behaves at its edges: problem documents, keys of commands, log-ins, foreign sites, headers, OpenAPI."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from mingsuan.postgres import DatabaseUrls
from mingsuan.settings import Settings
from tests.transactional.api_client import PASSWORD, Client, add_customer, log_in_customer, log_in_staff, new_email
from transactional.app import create_app
from transactional.edge import CUSTOMER_COOKIE
from transactional.shop import Shop

pytestmark = pytest.mark.anyio
ONCE_BY_NATURE = (
    "/session",
    "/preview",
    "/codes",
    "/customers",
    "/password-resets",
    "/launches",
    "/confirmation",
    "/read",
    "/check-ins",
    "/invitations",
    "/free-entries",
    "/claim",
    "/code",
    "/result",
)
"""Commands without a key: they change nothing twice by nature, or are bound to a password or a code good once.

What is earned by coming, by inviting or for nothing has its day or its order as the key.
"""


@pytest.fixture(scope="module")
def fresh_database(module_database: DatabaseUrls) -> DatabaseUrls:
    """One database for this module: its tests use people and names of their own."""
    return module_database


def problem(response: Any) -> tuple[int, str]:
    assert response.headers["content-type"] == "application/problem+json"
    document = response.json()
    assert document["status"] == response.status_code
    assert document["detail"]
    assert document["instance"] == f"urn:uuid:{response.headers['x-request-id']}"
    return response.status_code, document["type"].removeprefix("/problems/")


async def test_refusals_are_problem_documents_whatever_refused(shop: Shop, fresh_database: DatabaseUrls) -> None:
    async with Client(shop, fresh_database) as client:
        assert problem(await client.read("/nothing-here")) == (404, "not-found")
        assert problem(await client.read("/products/nothing-here")) == (404, "not-found")
        assert problem(await client.put("/api/v1/orders")) == (405, "method-not-allowed")
        assert problem(await client.read("/wallet")) == (401, "not-logged-in")
        assert problem(await client.read("/products?limit=0")) == (422, "invalid-input")
        broken = await client.post("/api/v1/session", content=b"{", headers={"content-type": "application/json"})
        assert problem(broken) == (422, "invalid-input")


async def test_bad_input_is_named_field_by_field_and_never_repeated(shop: Shop, fresh_database: DatabaseUrls) -> None:
    async with Client(shop, fresh_database) as client:
        body = {
            "identifier": "x",
            "flow": "f",
            "code": "1",
            "agreed": [],
            "password": ["hunter2hunter2"],
            "colour": "red",
        }
        answer = await client.command("/customers", body)
        assert problem(answer) == (422, "invalid-input")
        assert {item["place"]: item["reason"] for item in answer.json()["errors"]} == {
            "body.password": "This is not a value that can be used here.",
            "body.colour": "There is no such field.",
        }
        assert "hunter2" not in answer.text
        short = {**body, "identifier": "no address"}
        del short["password"], short["colour"]
        refused = await client.command("/customers", short)
        assert {item["place"] for item in refused.json()["errors"]} == {"identifier"}


async def test_what_the_database_cannot_hold_is_bad_input(shop: Shop, fresh_database: DatabaseUrls) -> None:
    async with Client(shop, fresh_database) as client:
        await log_in_customer(client, new_email())
        assert problem(await client.post("/api/v1/session", json={"identifier": "\0", "password": PASSWORD})) == (
            422,
            "invalid-input",
        )
        assert problem(await client.read(f"/orders?offset={10**30}")) == (422, "invalid-input")
        assert problem(await client.read("/products/a%00b")) == (422, "invalid-input")
        assert (await client.get("/products/a%00b", headers={"accept": "text/html"})).status_code == 422


async def test_a_refusal_speaks_the_callers_language(shop: Shop, fresh_database: DatabaseUrls) -> None:
    async with Client(shop, fresh_database) as client:
        for asked, title in (("en", "Not logged in"), ("zh-CN", "尚未登录"), ("fr", "尚未登录")):
            answer = await client.get("/api/v1/wallet", headers={"accept-language": asked})
            assert answer.json()["title"] == title


async def test_an_unforeseen_failure_tells_nothing_of_the_inside(
    shop: Shop, fresh_database: DatabaseUrls, caplog: pytest.LogCaptureFixture
) -> None:
    async with Client(shop, fresh_database) as client:

        @client.app.get("/api/v1/broken")
        async def broken() -> None:
            raise RuntimeError("the secret is xyzzy")

        answer = await client.read("/broken")
        assert problem(answer) == (500, "internal")
        assert "xyzzy" not in answer.text
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-request-id"] in caplog.text


async def test_commands_need_a_key_and_happen_once_under_it(shop: Shop, fresh_database: DatabaseUrls) -> None:
    async with Client(shop, fresh_database) as client:
        await log_in_staff(client, shop)
        body = {"slug": "games", "name_zh": "游戏", "name_en": "Games"}
        assert problem(await client.post("/api/v1/staff/categories", json=body)) == (400, "missing-idempotency-key")
        first = await client.command("/staff/categories", body, "key")
        again = await client.command("/staff/categories", body, "key")
        assert (first.status_code, first.json()) == (again.status_code, again.json())
        assert first.status_code == 201
        other = await client.command("/staff/categories", body | {"slug": "other"}, "key")
        assert problem(other) == (422, "idempotency-key-reused")
        taken = await client.command("/staff/categories", body, "another key")
        assert problem(taken) == (409, "name-taken")


async def test_a_wallet_is_credited_once_under_one_key(shop: Shop, fresh_database: DatabaseUrls) -> None:
    async with Client(shop, fresh_database) as client:
        email = new_email()
        await log_in_customer(client, email)
        await log_in_staff(client, shop, "operator")
        body = {"customer_email": email.upper(), "amount_fen": 700, "source": "goodwill"}
        answers = [(await client.command("/staff/wallet-credits", body, "key")).json() for _ in range(2)]
        assert answers[0] == answers[1]
        wallet = (await client.read("/wallet")).json()
        assert [(line["amount_fen"], line["source"]) for line in wallet["lines"]] == [(700, "goodwill")]


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("owner", {"categories", "credits"}),
        ("operator", {"categories", "credits"}),
        ("buyer", set()),
        ("auditor", set()),
    ],
)
async def test_a_role_does_what_it_may(shop: Shop, fresh_database: DatabaseUrls, role: str, allowed: set[str]) -> None:
    async with Client(shop, fresh_database) as client:
        await log_in_staff(client, shop, role)
        category = await client.command("/staff/categories", {"slug": f"for-{role}", "name_zh": "g", "name_en": "g"})
        credit = {"customer_email": "nobody@example.com", "amount_fen": 1, "source": "bank"}
        credited = await client.command("/staff/wallet-credits", credit)
        assert category.status_code == (201 if "categories" in allowed else 403)
        assert credited.status_code == (404 if "credits" in allowed else 403)
        assert (await client.read("/staff/orders")).status_code == 200


async def test_a_customers_log_in_is_none_of_staffs(shop: Shop, fresh_database: DatabaseUrls) -> None:
    async with Client(shop, fresh_database) as client:
        await log_in_customer(client, new_email())
        assert problem(await client.read("/staff/orders")) == (401, "not-logged-in")
        client.cookies.set("mingsuan_staff", client.cookies[CUSTOMER_COOKIE])
        assert problem(await client.read("/staff/orders")) == (401, "not-logged-in")


async def test_the_cookie_is_out_of_reach_and_ends_with_the_session(shop: Shop, fresh_database: DatabaseUrls) -> None:
    async with Client(shop, fresh_database) as client:
        email = new_email()
        await add_customer(client, email)
        answer = await client.post("/api/v1/session", json={"identifier": email, "password": PASSWORD})
        attributes = {part.strip().lower() for part in answer.headers.get_list("set-cookie")[0].split(";")}
        assert {"httponly", "samesite=lax", "path=/"} <= attributes
        assert "secure" not in attributes
        former = client.cookies[CUSTOMER_COOKIE]
        assert (await client.read("/session")).json()["email"] == email
        assert (await client.delete("/api/v1/session")).status_code == 204
        client.cookies.set(CUSTOMER_COOKIE, former)
        assert problem(await client.read("/session")) == (401, "not-logged-in")


async def test_behind_tls_cookies_travel_encrypted_only(shop: Shop, fresh_database: DatabaseUrls) -> None:
    secure = replace(shop, settings=shop.settings.model_copy(update={"secure_cookies": True}))
    async with Client(secure, fresh_database) as client:
        email = new_email()
        await add_customer(client, email)
        answer = await client.post("/api/v1/session", json={"identifier": email, "password": PASSWORD})
        assert all("secure" in cookie.lower() for cookie in answer.headers.get_list("set-cookie"))
        assert "max-age" in answer.headers["strict-transport-security"]


async def test_another_sites_page_changes_nothing(shop: Shop, fresh_database: DatabaseUrls) -> None:
    async with Client(shop, fresh_database) as client:
        await log_in_customer(client, new_email())
        for foreign in ({"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}):
            answer = await client.delete("/api/v1/session", headers=foreign)
            assert problem(answer) == (403, "cross-site-request")
        del client.headers["sec-fetch-site"]
        assert problem(await client.delete("/api/v1/session")) == (403, "cross-site-request")
        assert (await client.read("/session")).status_code == 200


async def test_a_request_that_is_too_large_is_refused_before_it_is_read(
    shop: Shop, fresh_database: DatabaseUrls
) -> None:
    async with Client(shop, fresh_database) as client:
        large = b"x" * (17 * 1024 * 1024)
        assert problem(await client.post("/api/v1/session", content=large)) == (413, "too-large")

        async def pieces() -> Any:
            for _ in range(17):
                yield large[: 1024 * 1024]

        unannounced = await client.post(
            "/api/v1/session", content=pieces(), headers={"content-type": "application/json"}
        )
        assert problem(unannounced) == (413, "too-large")


async def test_every_answer_carries_the_security_headers(shop: Shop, fresh_database: DatabaseUrls) -> None:
    async with Client(shop, fresh_database) as client:
        for answer in (await client.get("/healthz"), await client.read("/wallet"), await client.read("/categories")):
            policy = answer.headers["content-security-policy"]
            assert "script-src 'self'" in policy
            assert "unsafe" not in policy
            assert answer.headers["x-frame-options"] == "DENY"
            assert answer.headers["cache-control"] == "no-store"


async def test_readiness_is_the_databases_liveness_the_processs(shop: Shop, fresh_database: DatabaseUrls) -> None:
    async with Client(shop, fresh_database) as client:
        assert (await client.get("/readyz")).json() == {"status": "ok"}
        gone = create_async_engine("postgresql+psycopg://nobody@/nothing?host=/nonexistent")
        client.app.state.shop = replace(shop, engine=gone)
        assert problem(await client.get("/readyz")) == (503, "not-ready")
        assert (await client.get("/healthz")).status_code == 200


def test_openapi_names_each_operation_once_and_documents_problems(
    database_urls: DatabaseUrls, settings: Settings
) -> None:
    description = create_app(settings, database_urls).openapi()
    operations = [
        (path, method, operation)
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    ]
    names = [operation["operationId"] for _, _, operation in operations]
    assert len(set(names)) == len(names) >= 25
    assert "HTTPValidationError" not in description["components"]["schemas"]
    for path, method, operation in operations:
        assert operation["tags"], (path, method)
        refusals = {status: answer for status, answer in operation["responses"].items() if status >= "400"}
        for answer in refusals.values():
            assert answer["content"]["application/problem+json"]["schema"]["$ref"].endswith("/Problem")
        if method == "post" and not path.endswith(ONCE_BY_NATURE):
            keys = [item for item in operation["parameters"] if item["name"] == "Idempotency-Key"]
            assert keys, path
            assert {"400", "422"} <= set(refusals)


async def test_the_app_opens_and_closes_its_shop(fresh_database: DatabaseUrls, settings: Settings) -> None:
    app = create_app(settings, fresh_database)
    async with app.router.lifespan_context(app):
        assert app.state.shop.currency == "CNY"
        assert settings.keys_dir.joinpath("master.key").stat().st_mode & 0o077 == 0


async def test_a_value_of_another_type_is_refused_not_taken_for_what_it_resembles(
    shop: Shop, fresh_database: DatabaseUrls
) -> None:
    async with Client(shop, fresh_database) as client:
        await log_in_customer(client, new_email())
        await log_in_staff(client, shop)
        sku = str(UUID(int=1))
        price = {"sku_code": "X", "list_price_fen": 1}
        for path, body, place in (
            ("/orders", {"sku_id": sku, "quantity": True}, "body.quantity"),
            ("/orders", {"sku_id": sku, "quantity": "1"}, "body.quantity"),
            ("/orders", {"sku_id": sku, "quantity": 1.5}, "body.quantity"),
            ("/orders", {"sku_id": sku, "expected_net_fen": False}, "body.expected_net_fen"),
            ("/checkout", {"items": [{"sku_id": sku, "quantity": True}]}, "body.items.0.quantity"),
            ("/checkout", {"from_cart": "yes"}, "body.from_cart"),
            ("/checkout", {"from_cart": 1}, "body.from_cart"),
            ("/staff/prices", price | {"valid_from": 0}, "body.valid_from"),
            ("/staff/prices", price | {"valid_from": "2999-01-01T00:00:00"}, "body.valid_from"),
            ("/staff/ledger/months", {"month": 0}, "body.month"),
        ):
            answer = await client.command(path, body)
            assert (problem(answer), answer.json()["errors"][0]["place"]) == ((422, "invalid-input"), place), body
        whole = await client.command("/orders", {"sku_id": sku, "quantity": 1.0})  # JSON knows one kind of number
        assert problem(whole) == (409, "unavailable-product")


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data; boundary=x", ""])
async def test_a_body_that_is_not_called_json_is_refused_with_what_to_send(
    shop: Shop, fresh_database: DatabaseUrls, kind: str
) -> None:
    async with Client(shop, fresh_database) as client:
        await log_in_customer(client, new_email())
        headers = {"idempotency-key": "k", "content-type": kind}
        answer = await client.post("/api/v1/orders", content=b'{"sku_id": "x"}', headers=headers)
        assert problem(answer) == (422, "invalid-input")
        [error] = answer.json()["errors"]
        assert error == {"place": "body", "reason": "Send a JSON object, with the Content-Type application/json."}
