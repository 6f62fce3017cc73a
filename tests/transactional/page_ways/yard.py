"""The shop in which every page is tried, and how it is asked: one database and one app for all of them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import select
from starlette.routing import Mount, Route

from mingsuan.postgres import DatabaseUrls
from mingsuan.settings import Settings
from tests.transactional.api_client import Client
from tests.transactional.api_ways.world import World, staffed
from tests.transactional.logistics.conftest import SpokenFor
from tests.transactional.page_ways.page_way import Sent
from tests.transactional.payments.fake_gateway import FakeGateway
from tests.transactional.payments.job_queue import JobQueue
from tests.transactional.small_shop import Stocked, one_sku
from tests.transactional.wallets.conftest import Purse
from transactional.accounts.members import sessions as members_sessions
from transactional.accounts.models import Staff
from transactional.accounts.persons.identity_provider import ManualReview
from transactional.db import engine, writing
from transactional.edge import STAFF_COOKIE
from transactional.shop import open_shop

HTML = {"accept": "text/html"}
SETTINGS: dict[str, Any] = {"compliance": "stored_value", "wechat_profit_sharing": True, "draw_trial": True}


@asynccontextmanager
async def yard(urls: DatabaseUrls, folder: Path) -> AsyncIterator[World]:
    """A shop that allows all that any profile allows, with a gateway that a test holds in its hand."""
    source = engine(urls.app)
    gateway = FakeGateway()
    opened = await open_shop(Settings(var=folder, **SETTINGS), source)
    shop = replace(opened, gateways={"wechat": gateway}, identity=ManualReview(), tracker=SpokenFor())
    async with writing(source) as session:
        stocked = Stocked(shop, await one_sku(session))
    async with Client(shop, urls) as client:
        yield await staffed(client, Purse(stocked, gateway, JobQueue(shop)))
    await shop.aclose()
    await source.dispose()


def routes(app: FastAPI) -> set[str]:
    """Method and path of everything that the app answers; a mount is its path. Included routers are walked."""
    found: set[str] = set()
    for each in app.routes:
        contexts = each.effective_route_contexts() if hasattr(each, "effective_route_contexts") else [each]
        for route in contexts:
            if isinstance(route, Mount):
                found.add(f"GET {route.path}/{{file}}")
            elif isinstance(route, Route) or hasattr(route, "methods"):
                found |= {f"{method} {route.path}" for method in route.methods or () if method != "HEAD"}
            else:
                raise TypeError(f"what is {route!r}?")
    return found


async def staff_cookie(world: World, role: str) -> str:
    """A log-in of its own, so that what ends it harms no other try."""
    async with writing(world.till.shop.engine) as session:
        member = (await session.scalars(select(Staff.id).where(Staff.role == role).order_by(Staff.id))).first()
        assert member is not None
        token = await members_sessions.open_session(
            session, member, world.till.shop.settings, by="password", device="Firefox", network="198.51.100.0/24"
        )
    return f"{STAFF_COOKIE}={token.token}"


async def ask(world: World, name: str, sent: Sent, cookie: str, headers: Mapping[str, str] = HTML) -> httpx.Response:
    """The request of a way, with the cookies of a log-in and of a flow under way."""
    method, path = name.split(" ")
    own = "; ".join([cookie, *(f"{key}={value}" for key, value in sent.cookies.items())]).strip("; ")
    given = {**headers, **sent.headers, "cookie": own}
    body: dict[str, Any] = {}
    if method == "POST":
        body = {"content": sent.body} if sent.body else {"data": dict(sent.form), "files": list(sent.files) or None}
    world.client.cookies.clear()
    return await world.client.request(method, path.format(**sent.names), params=sent.query, headers=given, **body)
