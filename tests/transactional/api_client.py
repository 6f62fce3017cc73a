"""The JSON API without a network: a browser's headers, cookies kept, every command under a fresh key."""

from typing import Any
from uuid import uuid4

import httpx
from fastapi import FastAPI
from starlette.datastructures import State

from mingsuan.postgres import DatabaseUrls
from transactional.accounts import service as accounts
from transactional.app import create_app
from transactional.db import writing
from transactional.shop import Shop

HOST = "https://shop.test"
PASSWORD = "correct horse battery"


_idle: dict[bool, list[FastAPI]] = {False: [], True: []}
"""Apps that nobody uses, by whether their cookies are secure: a new one first reads all its routes, which takes longer
than most tests."""

_routes: dict[int, int] = {}


def _app(shop: Shop, urls: DatabaseUrls) -> FastAPI:
    idle = _idle[shop.settings.secure_cookies]
    app = idle.pop() if idle else create_app(shop.settings, urls)
    _routes[id(app)] = len(app.router.routes)
    app.state = State({"error_page": app.state.error_page, "settings": shop.settings, "shop": shop})
    app.middleware_stack = None
    return app


def _give_back(app: FastAPI) -> None:
    """Unless it is no longer what it was: a test may have added a route."""
    idle = _idle[app.state.settings.secure_cookies]
    if app not in idle and len(app.router.routes) == _routes[id(app)]:
        idle.append(app)


class Client(httpx.AsyncClient):
    """Talks to the app as the shop's own pages would."""

    def __init__(self, shop: Shop, urls: DatabaseUrls, **headers: str) -> None:
        app = _app(shop, urls)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        own = {"sec-fetch-site": "same-origin", "accept-language": "en", **headers}
        super().__init__(transport=transport, base_url=HOST, headers=own)
        self.app = app

    async def aclose(self) -> None:
        await super().aclose()
        _give_back(self.app)

    async def __aexit__(self, *raised: Any) -> None:
        await super().__aexit__(*raised)
        _give_back(self.app)

    async def command(self, path: str, body: Any = None, key: str | None = None, **options: Any) -> httpx.Response:
        headers = {"idempotency-key": key or uuid4().hex}
        return await self.post(f"/api/v1{path}", json=body, headers=headers, **options)

    async def read(self, path: str) -> httpx.Response:
        return await self.get(f"/api/v1{path}")


def new_email() -> str:
    """An address that nobody has yet."""
    return f"{uuid4().hex[:12]}@example.com"


async def add_customer(client: Client, email: str) -> None:
    """As registering does, without the code that an e-mail would bring."""
    async with writing(client.app.state.shop.engine) as session:
        await accounts.register(session, email, PASSWORD, "")


async def log_in_customer(client: Client, email: str) -> None:
    """A customer with a password, who logs in."""
    await add_customer(client, email)
    answer = await client.post("/api/v1/session", json={"identifier": email, "password": PASSWORD})
    assert answer.status_code == 201, answer.text


async def log_in_staff(client: Client, shop: Shop, role: str = "owner") -> None:
    """Adds a member of staff and logs in."""
    email = new_email()
    async with writing(shop.engine) as session:
        await accounts.add_staff(session, email, PASSWORD, role, role)
    answer = await client.post("/api/v1/staff/session", json={"email": email, "password": PASSWORD})
    assert answer.status_code == 201, answer.text
