"""Every operation of the API reaches a success as the role that it is for, and is refused to all others before."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import schemathesis
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from mingsuan.postgres import DatabaseUrls
from mingsuan.settings import Settings
from tests.transactional.api_client import Client
from tests.transactional.api_ways import (
    accounts,
    aftersales,
    benefits,
    cards,
    catalogue,
    draws,
    entry,
    keeping,
    notices,
    orders,
    parcels,
    payments,
    persons,
)
from tests.transactional.api_ways.way import ANYBODY, CUSTOMER, STAFF, Asked, Way, Ways
from tests.transactional.api_ways.world import World, staffed
from tests.transactional.payments.conftest import Till
from tests.transactional.payments.fake_gateway import FakeGateway
from tests.transactional.payments.job_queue import JobQueue
from tests.transactional.small_shop import Stocked, one_sku
from transactional.app import create_app
from transactional.db import engine, writing
from transactional.edge import CUSTOMER_COOKIE, STAFF_COOKIE
from transactional.shop import open_shop

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("api_ways")]
TABLES = (
    accounts.WAYS,
    aftersales.WAYS,
    entry.WAYS,
    benefits.WAYS,
    catalogue.WAYS,
    cards.WAYS,
    draws.WAYS,
    orders.WAYS,
    payments.WAYS,
    keeping.WAYS,
    persons.WAYS,
    notices.WAYS,
    parcels.WAYS,
)
WAYS: Ways = {name: way for table in TABLES for name, way in table.items()}
CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]
PROBES = ("/healthz", "/readyz")


@pytest.fixture(scope="module")
async def world(module_database: DatabaseUrls, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    source = engine(module_database.app)
    settings = Settings(var=tmp_path_factory.mktemp("ways"), wechat_profit_sharing=True)
    gateway = FakeGateway()
    shop = replace(await open_shop(settings, source), gateways={"wechat": gateway})
    async with writing(source) as session:
        stocked = Stocked(shop, await one_sku(session))
    async with Client(shop, module_database) as client:
        yield await staffed(client, Till(stocked, gateway, JobQueue(shop)))
    await shop.aclose()
    await source.dispose()


@pytest.fixture(scope="module")
def described(world: World) -> Any:
    return schemathesis.openapi.from_dict(world.client.app.openapi())


async def _send(world: World, name: str, asked: Asked, cookie: str) -> httpx.Response:
    method, path = name.split(" ")
    headers = {"cookie": cookie, "idempotency-key": uuid4().hex}
    sent: dict[str, Any] = {"json": asked.body} if asked.body is not None else {}
    if asked.file is not None:
        sent = {"data": asked.form, "files": {"file": ("codes.csv", asked.file, "text/csv")}}
    world.client.cookies.clear()
    address = _whole(path).format(**asked.names)
    request = world.client.build_request(method, address, params=asked.query, headers=headers, **sent)
    await request.aread()  # the checks look at what was sent
    return await world.client.send(request)


def _whole(path: str) -> str:
    return path if path in PROBES else f"/api/v1{path}"


async def _cookie(world: World, role: str, asked: Asked) -> str:
    if role in STAFF:
        return f"{STAFF_COOKIE}={world.staff[role]}"
    return f"{CUSTOMER_COOKIE}={await world.token_of(asked.customer)}" if asked.customer else ""


def _refusals(way: Way) -> Iterator[tuple[str, int]]:
    """Who may not, and the status that says so."""
    if way.by == ANYBODY:
        return
    yield "", 401
    if way.by == CUSTOMER:
        yield "owner", 401
        return
    for role in STAFF:
        if role not in way.by:
            yield role, 403


def test_every_operation_that_is_described_has_a_way_and_no_other() -> None:
    nowhere = DatabaseUrls(*["postgresql:///nowhere"] * 3)
    paths = create_app(Settings(var=Path("/nonexistent")), nowhere).openapi()["paths"]
    named = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    assert {f"{name.split()[0]} {_whole(name.split()[1])}" for name in WAYS} == named
    assert len(WAYS) == sum(len(table) for table in TABLES)


def test_no_command_of_staff_is_for_auditors() -> None:
    changing = {name: way for name, way in WAYS.items() if "/staff/" in name and not name.startswith("GET")}
    assert len(changing) >= 30
    assert [name for name, way in changing.items() if "auditor" in way.by] == []


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.proof] if turn % 3 else []) for turn, name in enumerate(sorted(WAYS))],
)
async def test_an_operation_is_refused_to_others_and_succeeds_for_whom_it_is(
    world: World, described: Any, name: str
) -> None:
    way = WAYS[name]
    method, path = name.split(" ")
    operation = described[_whole(path)][method]
    asked = await way.prepare(world)
    case = operation.Case(path_parameters={part: str(value) for part, value in asked.names.items()})
    for role, status in _refusals(way):
        refused = await _send(world, name, asked, await _cookie(world, role, Asked()))
        assert refused.status_code == status, (role, refused.text)
        case.validate_response(refused, checks=CHECKS)
    answer = await _send(world, name, asked, await _cookie(world, way.by[0], asked))
    if way.afterwards:
        await way.afterwards(world)
    assert answer.is_success, answer.text
    case.validate_response(answer, checks=CHECKS)
