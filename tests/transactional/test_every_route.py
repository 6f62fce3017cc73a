"""Every page, form and file: refused to whoever it is not for, there for whom it is, none unlisted.

The operations of the API are tried in the same way in `test_api_contract_ways`.
"""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from mingsuan.postgres import DatabaseUrls
from mingsuan.settings import Settings
from tests.transactional.api_client import HOST
from tests.transactional.api_ways.way import ANYBODY, CUSTOMER, STAFF
from tests.transactional.api_ways.world import World
from tests.transactional.page_ways import (
    back_rooms,
    customers,
    desk,
    draws,
    play,
    public_log,
    purchases,
    routing,
    shop,
    stock,
    supply,
    supply_money,
)
from tests.transactional.page_ways.page_way import PageWays, Sent
from tests.transactional.page_ways.yard import HTML, ask, routes, staff_cookie, yard
from transactional.app import create_app
from transactional.edge import CUSTOMER_COOKIE

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("every_route")]
TABLES = (
    shop.WAYS,
    customers.WAYS,
    desk.WAYS,
    stock.WAYS,
    back_rooms.WAYS,
    supply.WAYS,
    supply_money.WAYS,
    routing.WAYS,
    purchases.WAYS,
    play.WAYS,
    draws.WAYS,
    public_log.WAYS,
)
WAYS: PageWays = {name: way for table in TABLES for name, way in table.items()}
FOR_SOMEBODY = sorted(name for name, way in WAYS.items() if way.by != ANYBODY)
FORMS = sorted(name for name in FOR_SOMEBODY if name.startswith("POST"))
OF_NOBODY = {
    "POST /account/data/consents/{document}/withdrawal": "one's own consent to a document of the shop",
    "POST /products/{slug}/watch": "a product that everybody sees",
    "GET /draws/{draw_id}/join": "a draw that everybody sees",
    "POST /draws/{draw_id}/entries": "a draw that everybody may enter",
    "POST /draws/{draw_id}/free-route": "a draw that everybody may enter for free",
}
OWN = ("/desk/profile", "/desk/confirm", "/desk/search", "/desk/draws/modes")
"""What an auditor may send; of the last, switching on takes somebody else, too."""
LOGS_OUT = {"POST /account/security/sessions/all", "POST /account/data/erasure"}


@pytest.fixture(scope="module")
async def world(module_database: DatabaseUrls, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with yard(module_database, tmp_path_factory.mktemp("yard")) as opened:
        yield opened


def _app() -> FastAPI:
    return create_app(Settings(var=Path("/nonexistent")), DatabaseUrls(*["postgresql:///nowhere"] * 3))


def test_every_route_is_in_a_table_and_no_other() -> None:
    app = _app()
    described = {f"{method.upper()} {path}" for path, each in app.openapi()["paths"].items() for method in each}
    every = routes(app)
    assert described <= every
    assert every - described == WAYS.keys() - described
    assert len(WAYS) == sum(len(table) for table in TABLES)
    assert {name for name in every - described if name.startswith(("PUT", "PATCH", "DELETE"))} == set()


def test_what_auditors_may_send_changes_nothing_but_their_own_and_with_another_kinds_of_draws() -> None:
    forms = {name.split(" ")[1] for name in FORMS if "/desk" in name and "auditor" in WAYS[name].by}
    others = {path for path in forms if not path.startswith(OWN)}
    assert {path for path in others if not path.endswith(("/export", "/journal"))} == set()


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.proof] if turn % 8 else []) for turn, name in enumerate(sorted(WAYS))],
)
async def test_a_route_is_refused_to_others_and_succeeds_for_whom_it_is(world: World, name: str) -> None:
    way = WAYS[name]
    sent = await way.prepare(world)
    at_desk = name.split(" ")[1].startswith("/desk")
    stranger = f"{CUSTOMER_COOKIE}={await world.token_of(await world.customer())}"
    if way.by != ANYBODY:
        door = "/desk/log-in" if at_desk else "/log-in"
        for cookie in ("", stranger if at_desk else await staff_cookie(world, "owner")):
            shut = sound(await ask(world, name, sent, cookie))
            assert (shut.status_code, shut.headers.get("location", "").partition("?")[0]) == (303, door), cookie
            assert not shut.content
    for role in STAFF if at_desk and way.by != ANYBODY else ():
        if role not in way.by:
            refused = sound(await ask(world, name, sent, await staff_cookie(world, role)))
            assert refused.status_code == 403, role
    if way.to_strangers:
        another = sound(await ask(world, name, sent, stranger))
        assert another.status_code in way.to_strangers, _words(another)
    else:
        assert way.by != CUSTOMER or not sent.names or name in OF_NOBODY
    if sent.query or sent.form.keys() - {"idempotency_key", "password"}:
        sound(await ask(world, name, _ending(sent, "\0"), await _cookie(world, name, sent)))
    answer = sound(await ask(world, name, sent, await _cookie(world, name, sent)))
    assert answer.status_code in ((way.answer,) if way.answer else (200, 303)), _words(answer)
    assert way.by == ANYBODY or "/log-in" not in answer.headers.get("location", "") or name in LOGS_OUT


@pytest.mark.parametrize("foreign", [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}])
async def test_no_form_that_another_site_sends_does_anything(world: World, foreign: dict[str, str]) -> None:
    """A browser says where a form comes from; the cookie comes along whoever wrote the form."""
    cookies = {
        "/desk": await staff_cookie(world, "owner"),
        "/": f"{CUSTOMER_COOKIE}={await world.token_of(await world.customer())}",
    }
    assert len(FORMS) > 100
    for name in FORMS:
        path = re.sub(r"{\w+}", "x", name.split(" ")[1])
        headers = {"cookie": cookies["/desk" if path.startswith("/desk") else "/"], **HTML, **foreign}
        answer = sound(await world.client.post(path, headers=headers, data={"idempotency_key": "12345678"}))
        assert answer.status_code == 403, name


async def test_a_form_that_names_no_origin_or_a_foreign_one_does_nothing(world: World) -> None:
    staff = {"cookie": await staff_cookie(world, "owner")}
    plain = httpx.AsyncClient(transport=httpx.ASGITransport(world.client.app), base_url=HOST)
    async with plain:
        for headers in ({}, {"origin": "https://evil.test"}, {"origin": "null"}):
            for address in ("/desk/profile/two-step", "/desk/log-out", "/api/v1/staff/selling-pause"):
                answer = sound(await plain.post(address, headers={**staff, **headers}))
                assert answer.status_code == 403, (address, headers)


def sound(answer: httpx.Response) -> httpx.Response:
    """No failure of the shop's; headers that browsers obey; no cookie that a script could read or a site could send."""
    assert answer.status_code < 500, _words(answer)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] in ("same-origin", "no-referrer")
    for cookie in answer.headers.get_list("set-cookie"):
        said = cookie.lower()
        assert "httponly" in said, cookie
        assert "samesite=lax" in said or "samesite=strict" in said, cookie
    return answer


def _ending(sent: Sent, odd: str) -> Sent:
    """The same with something at the end of every text that the database has no place for."""
    form = {key: f"{value}{odd}" for key, value in sent.form.items() if key not in ("idempotency_key", "password")}
    query = {key: f"{value}{odd}" for key, value in sent.query.items()}
    key = {name: value for name, value in sent.form.items() if name == "idempotency_key"}
    return replace(sent, form={**form, **{name: f"{value}-odd" for name, value in key.items()}}, query=query)


async def _cookie(world: World, name: str, sent: Sent) -> str:
    way = WAYS[name]
    if way.by[0] in STAFF:
        return await staff_cookie(world, way.by[0])
    return f"{CUSTOMER_COOKIE}={await world.token_of(sent.customer)}" if sent.customer else ""


def _words(answer: httpx.Response) -> str:
    """What a page says, without its frame."""
    main = answer.text.partition("<main")[2] or answer.text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", main))[:600]
