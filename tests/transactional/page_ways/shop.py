"""What anybody may look at, the ways in, and what machines ask."""

from uuid import uuid4

from starlette.responses import Response

from tests.transactional.accounts.sent_codes import last_code
from tests.transactional.api_client import PASSWORD, add_customer, new_email
from tests.transactional.api_ways.entry import new_address
from tests.transactional.api_ways.way import ANYBODY
from tests.transactional.api_ways.world import World
from tests.transactional.page_ways.page_way import PageWay, PageWays, Sent, asked, said
from tests.transactional.page_ways.things import provider
from tests.transactional.web.test_product_desk import picture
from transactional.accounts.entry import code_requests
from transactional.accounts.entry.browser import FLOW_COOKIE, Flow, give_flow
from transactional.accounts.entry.codes import Purpose
from transactional.accounts.entry.identifiers import Identifier
from transactional.accounts.sessions import Visitor
from transactional.catalogue import pictures
from transactional.db import writing


async def _good(world: World) -> Sent:
    return Sent({"slug": world.till.stocked.sku.code.lower()}, query={"quantity": "2"})


async def _category(world: World) -> Sent:
    return Sent({"slug": f"c-{world.till.stocked.sku.code.lower()}"}, query={"page": "1"})


async def _picture(world: World) -> Sent:
    async with writing(world.till.shop.engine) as session:
        sha256 = await pictures.set_picture(session, world.till.stocked.sku.code.lower(), picture())
    return Sent({"sha256": sha256, "size": "wide"})


def _cookie(world: World, purpose: Purpose, flow: str, identifier: str) -> dict[str, str]:
    """As the browser keeps it between the two pages."""
    answer = Response()
    give_flow(answer, Flow(purpose, flow, identifier), world.till.shop.settings)
    return {FLOW_COOKIE: answer.headers["set-cookie"].partition("=")[2].partition(";")[0]}


async def _flow(world: World, purpose: Purpose, email: str) -> Sent:
    shop = world.till.shop
    flow = await code_requests.request_code(shop, Visitor(new_address()), purpose, Identifier("email", email))
    return Sent(cookies=_cookie(world, purpose, flow, email), form={"code": await last_code(shop, email)})


async def _known(world: World) -> str:
    email = new_email()
    await add_customer(world.client, email)
    return email


async def _password(world: World) -> Sent:
    return Sent(form={"identifier": await _known(world), "password": PASSWORD, "next": "/orders"})


async def _by_code(world: World) -> Sent:
    return Sent(form={"identifier": await _known(world)})


async def _code(world: World) -> Sent:
    return await _flow(world, "log_in", await _known(world))


async def _newcomer(world: World) -> Sent:
    return Sent(form={"identifier": new_email(), "agree": "yes"})


async def _registering(world: World) -> Sent:
    coded = await _flow(world, "register", new_email())
    return Sent(cookies=coded.cookies, form={**coded.form, "password": PASSWORD})


async def _forgotten(world: World) -> Sent:
    coded = await _flow(world, "reset_password", await _known(world))
    return Sent(cookies=coded.cookies, form={**coded.form, "new_password": f"{PASSWORD} anew"})


async def _from_afar(world: World) -> Sent:
    return Sent(headers={"x-forwarded-for": "198.51.100.1"})


async def _file(world: World) -> Sent:
    return Sent({"file": "shop.css"})


async def _problem(world: World) -> Sent:
    return Sent({"kind": "not-found"})


async def _forged_notice(world: World) -> Sent:
    """Machines are answered by what they prove; how the proven are answered is tried with their protocols."""
    return Sent({"method": "wechat"}, body=b"{}")


async def _forged_report(world: World) -> Sent:
    return Sent({"parcel": uuid4()}, {"param": "{}", "sign": "0" * 32})


async def _forged_claim(world: World) -> Sent:
    return Sent({"provider_key": await provider(world)}, body=b"{}")


WAYS: PageWays = {
    "GET /": PageWay(ANYBODY, asked(sort="new", page="1")),
    "GET /categories/{slug}": PageWay(ANYBODY, _category),
    "GET /search": PageWay(ANYBODY, asked(q="点卡", sort="new")),
    "GET /products/{slug}": PageWay(ANYBODY, _good),
    "GET /products/{slug}/quote": PageWay(ANYBODY, _good),
    "GET /pictures/{sha256}/{size}.webp": PageWay(ANYBODY, _picture),
    "GET /help": PageWay(ANYBODY, asked()),
    "GET /terms": PageWay(ANYBODY, asked()),
    "GET /privacy": PageWay(ANYBODY, asked()),
    "POST /preferences": PageWay(ANYBODY, said(language="en", theme="dark", next="/help")),
    "GET /manifest.webmanifest": PageWay(ANYBODY, asked()),
    "GET /robots.txt": PageWay(ANYBODY, asked()),
    "GET /sitemap.xml": PageWay(ANYBODY, asked()),
    "GET /problems/{kind}": PageWay(ANYBODY, _problem),
    "GET /api/v1/openapi.json": PageWay(ANYBODY, asked()),
    "GET /metrics": PageWay(ANYBODY, _from_afar, answer=404),
    "GET /healthz": PageWay(ANYBODY, asked()),
    "GET /readyz": PageWay(ANYBODY, asked()),
    "GET /static/{file}": PageWay(ANYBODY, _file),
    "GET /log-in": PageWay(ANYBODY, asked(next="/orders", identifier="li@example.com")),
    "POST /log-in": PageWay(ANYBODY, _password),
    "GET /log-in/by-code": PageWay(ANYBODY, asked(next="/orders")),
    "POST /log-in/by-code": PageWay(ANYBODY, _by_code),
    "GET /log-in/code": PageWay(ANYBODY, _code),
    "POST /log-in/code": PageWay(ANYBODY, _code),
    "GET /register": PageWay(ANYBODY, asked(next="/orders")),
    "POST /register": PageWay(ANYBODY, _newcomer),
    "GET /register/code": PageWay(ANYBODY, _registering),
    "POST /register/code": PageWay(ANYBODY, _registering),
    "GET /forgot-password": PageWay(ANYBODY, asked(next="/orders")),
    "POST /forgot-password": PageWay(ANYBODY, _by_code),
    "GET /forgot-password/code": PageWay(ANYBODY, _forgotten),
    "POST /forgot-password/code": PageWay(ANYBODY, _forgotten),
    "POST /log-out": PageWay(ANYBODY, asked()),
    "POST /gateways/{method}/notices": PageWay(ANYBODY, _forged_notice, answer=401),
    "POST /couriers/{parcel}/reports": PageWay(ANYBODY, _forged_report, answer=403),
    "POST /providers/{provider_key}/claims": PageWay(ANYBODY, _forged_claim, answer=401),
    "POST /providers/{provider_key}/events": PageWay(ANYBODY, _forged_claim, answer=401),
}
