"""The API keeps to its own description, whatever is sent: no failure, no answer that it does not document.

Requests are made up from the OpenAPI document by schemathesis and sent to the app itself, without a network.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed
from hypothesis import settings as effort
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from mingsuan.postgres import DatabaseUrls
from tests.transactional.api_client import Client, log_in_customer, log_in_staff, new_email
from transactional.shop import Shop

pytestmark = pytest.mark.anyio
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
KEPT_OUT = {"log_out", "log_out_staff"}
"""They end the session that the others need; test_api tries them."""


@pytest.fixture
async def client(shop: Shop, fresh_database: DatabaseUrls) -> AsyncIterator[Client]:
    """Somebody who is a customer and an owner at once: every operation is open to them."""
    async with Client(shop, fresh_database) as opened:
        await log_in_customer(opened, new_email())
        await log_in_staff(opened, shop)
        yield opened


def _operations(client: Client) -> list[Any]:
    document = schemathesis.openapi.from_dict(client.app.openapi())
    found = [result.ok() for result in document.get_all_operations()]
    return [operation for operation in found if operation.definition.raw["operationId"] not in KEPT_OUT]


@pytest.mark.filterwarnings("ignore")
async def test_whatever_is_sent_the_answer_is_a_documented_one(client: Client, full_counts: bool) -> None:
    loop = asyncio.get_running_loop()
    operations = _operations(client)
    assert len(operations) >= 70

    def answer(case: Any) -> Any:
        prepared = requests.Request(**_plain(case, client)).prepare()
        headers = {name: value for name, value in prepared.headers.items() if name.lower() not in ("cookie",)}
        body = prepared.body.encode() if isinstance(prepared.body, str) else prepared.body
        sending = client.request(prepared.method or "GET", prepared.url or "", headers=headers, content=body)
        return asyncio.run_coroutine_threadsafe(sending, loop).result(30)

    def attack(operation: Any) -> None:
        @seed(20260101)
        @effort(
            max_examples=200 if full_counts else 2,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        )
        @given(case=operation.as_strategy())
        def each(case: Any) -> None:
            case.validate_response(answer(case), checks=CHECKS)

        each()

    broken: dict[str, str] = {}
    for operation in operations:
        try:
            await asyncio.to_thread(attack, operation)
        except BaseException as error:  # noqa: BLE001  (all of them are told at once)
            broken[operation.label] = str(error)[:1500]
    assert not broken, "\n\n".join(f"{label}: {said}" for label, said in broken.items())


def _plain(case: Any, client: Client) -> dict[str, Any]:
    """The case as the shop's own page would send it, under a key of its own where none was made up."""
    made = case.as_transport_kwargs(base_url=str(client.base_url))
    made.pop("cookies", None)
    kept = {name: made[name] for name in ("method", "url", "params", "data", "json", "files") if name in made}
    headers = {name.lower(): value for name, value in (made.get("headers") or {}).items()}
    headers["idempotency-key"] = headers.get("idempotency-key", "")[:160] + uuid4().hex  # or most were used before
    kept["headers"] = {"sec-fetch-site": "same-origin", **headers}
    return kept


async def test_every_operation_says_who_may_call_it_and_has_a_name_of_its_own(client: Client) -> None:
    document = client.app.openapi()
    names: list[str] = []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            names.append(operation["operationId"])
            if "401" in operation["responses"] and not path.endswith("/session"):
                [scheme] = [name for need in operation["security"] for name in need]
                assert scheme == ("staffSession" if "/staff/" in path else "customerSession"), (path, method)
            assert {"500", "503"} <= set(operation["responses"]), (path, method)
            assert operation["description"], (path, method)
    assert len(set(names)) == len(names)
    assert set(document["components"]["securitySchemes"]) == {"staffSession", "customerSession"}
