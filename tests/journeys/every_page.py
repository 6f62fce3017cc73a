"""Every page of storefront and desk as it is answered, and a browser that shows it without a server between.

Pages come from the ways of `test_every_route`, in which no route may be missing, and from `more_pages`.
"""

import re
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import text

from mingsuan.postgres import DatabaseUrls
from tests.journeys.more_pages import Asking, askings
from tests.transactional.api_ways.way import STAFF
from tests.transactional.api_ways.world import World
from tests.transactional.page_ways.page_way import PageWay, Sent
from tests.transactional.page_ways.yard import HTML, ask, staff_cookie, yard
from tests.transactional.test_every_route import WAYS
from transactional.accounts.entry import passwords
from transactional.db import writing
from transactional.edge import CUSTOMER_COOKIE
from transactional.web.templating import STATIC

Scheme = Literal["light", "dark"]
HOST = "http://shop.test"
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".png": "image/png"}
ANY_PICTURE = STATIC / "share.png"
AMOUNT = re.compile(r"¥[\d,]+\.\d\d")
LARGE = "¥123,456,789.01"
LONG = "限时特惠超长商品名称含全部说明VeryLongUnbrokenProductNameWithoutAnySpaces" * 3
STRETCH = (
    "update shop.product set title_zh = left(:long, 190), title_en = left(:long, 190)",
    "update shop.sku set name_zh = left(:long, 90), name_en = left(:long, 90)",
    "update shop.customer set display_name = left(:long, 50)",
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A page as somebody gets it. `name`: its method and path, with a remark when it is not the plain one."""

    name: str
    status: int
    html: str


@asynccontextmanager
async def _quick_yard(urls: DatabaseUrls, folder: Path) -> AsyncIterator[World]:
    """The yard, with passwords hashed in no time."""
    cheap = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", lambda: cheap)
        async with yard(urls, folder) as world:
            yield world


async def collected(
    urls: DatabaseUrls,
    folder: Path,
    *,
    only: Collection[str] = (),
    more: bool = False,
    stretched: bool = False,
    language: str = "zh-CN",
) -> list[Shown]:
    """Pages that are asked for: those of the names, or all. `more`: as refused forms, and with much or nothing in them.

    `stretched`: with the longest texts and the largest amounts there may be.
    """
    async with _quick_yard(urls, folder) as world:
        headers = {**HTML, "accept-language": language}
        found = []
        for name, way in sorted(WAYS.items()):
            if name in only or (not only and name.startswith("GET")):
                found.append(await _asked(world, name, way, headers, stretched=stretched))
        if more:
            found += [await _nothing_there(world, headers)]
            found += [
                await _refused(world, *item, headers) for item in sorted(WAYS.items()) if item[0].startswith("POST")
            ]
            found += [await _asked_also(world, each, headers) async for each in askings(world, WAYS)]
        return [page for page in found if page.html.lstrip().lower().startswith("<!doctype html")]


async def _asked(world: World, name: str, way: PageWay, headers: Mapping[str, str], *, stretched: bool) -> Shown:
    sent = await way.prepare(world)
    if stretched:
        async with writing(world.till.shop.engine) as session:
            for each in STRETCH:
                await session.execute(text(each), {"long": LONG})
    answer = await ask(world, name, sent, await cookie(world, way, sent), headers)
    return Shown(name, answer.status_code, AMOUNT.sub(LARGE, answer.text) if stretched else answer.text)


async def _asked_also(world: World, each: Asking, headers: Mapping[str, str]) -> Shown:
    world.client.cookies.clear()
    own = {**headers, "cookie": each.cookie}
    answer = await world.client.request(each.method, each.address, headers=own, data=each.form)
    return Shown(f"{each.method} {each.address}, {each.remark}", answer.status_code, answer.text)


async def _refused(world: World, name: str, way: PageWay, headers: Mapping[str, str]) -> Shown:
    """A form of which nothing was filled in but its key."""
    sent = await way.prepare(world)
    hollow = {key: "" for key in sent.form if key != "idempotency_key"}
    form = {**hollow, "idempotency_key": "12345678-hollow"}
    of_whom = await cookie(world, way, sent)
    answer = await ask(world, name, Sent(sent.names, form, sent.customer, cookies=sent.cookies), of_whom, headers)
    return Shown(f"{name}, hollow", answer.status_code, answer.text)


async def _nothing_there(world: World, headers: Mapping[str, str]) -> Shown:
    answer = await world.client.get("/products/nothing", headers=headers)
    return Shown("GET /products/nothing", answer.status_code, answer.text)


async def cookie(world: World, way: PageWay, sent: Sent) -> str:
    """Of whom the way is for."""
    if way.by[0] in STAFF:
        return await staff_cookie(world, way.by[0])
    return f"{CUSTOMER_COOKIE}={await world.token_of(sent.customer)}" if sent.customer else ""


@contextmanager
def window(browser: Browser, width: int, scheme: Scheme) -> Iterator[Page]:
    """A tab in which `show` puts pages; static files come from their folder."""
    size = {"width": width, "height": 844 if width < 500 else 900}
    context = browser.new_context(viewport=size, color_scheme=scheme, bypass_csp=True)  # type: ignore[arg-type]
    context.route("**/*", _static)
    yield context.new_page()
    context.close()


def _static(route: Route) -> None:
    path = urlsplit(route.request.url).path
    file = STATIC / path.removeprefix("/static/")
    if path.startswith("/pictures/"):
        route.fulfill(body=ANY_PICTURE.read_bytes(), content_type="image/png")
    elif file.is_file():
        route.fulfill(body=file.read_bytes(), content_type=TYPES[file.suffix])
    else:
        route.fulfill(status=204)


def show(tab: Page, page: Shown) -> None:
    """Loads the page under an address of its own; one that would go on by itself stays to be looked at."""
    address, html = f"{HOST}/shown", page.html.replace('http-equiv="refresh"', 'data-held="refresh"')
    tab.route(address, lambda route: route.fulfill(status=200, body=html, content_type="text/html"))
    tab.goto(address)
    tab.unroute(address)
