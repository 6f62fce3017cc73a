"""Keeps staff logged in while they work: each answered request of theirs puts off the end of an idle log-in."""

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from transactional.accounts.members import sessions as members_sessions
from transactional.db import writing
from transactional.edge import STAFF_COOKIE, shop_of

DESK = ("/desk", "/api/v1/staff")


class StaffAtWork:
    """Comes after the request's own work, so that it holds no second connection beside the request's."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)
        if scope["type"] != "http" or not scope["path"].startswith(DESK):
            return
        request = Request(scope)
        token = request.cookies.get(STAFF_COOKIE)
        if token:
            shop = shop_of(request)
            async with writing(shop.engine) as session:
                await members_sessions.still_here(session, token, shop.settings)
