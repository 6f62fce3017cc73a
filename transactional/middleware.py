"""What surrounds every request: its name, security headers, the limit of its size, where it comes from. Pure ASGI."""

import logging
from uuid import uuid4

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from transactional import logs, problems
from transactional.edge import CUSTOMER_COOKIE, STAFF_COOKIE
from transactional.errors import CrossSiteError, TooLargeError
from transactional.security import HEADERS, STRICT_TRANSPORT, may_change

MIB = 1024 * 1024
log = logging.getLogger("mingsuan.shop")


class Envelope:
    """Names the request, adds headers, and answers what nobody foresaw without telling its internals."""

    def __init__(self, app: ASGIApp, secure: bool) -> None:
        self._app = app
        self._headers = HEADERS | (STRICT_TRANSPORT if secure else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["request_id"] = str(uuid4())
        named_line = logs.request_id.set(scope["request_id"])
        try:
            await self._answer(scope, receive, send)
        finally:
            logs.request_id.reset(named_line)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def named(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                headers["x-request-id"] = scope["request_id"]
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, named)
        except Exception as error:
            log.exception("request %s failed", scope["request_id"])
            if started:
                raise
            response = await problems.answer(Request(scope), error)
            await response(scope, receive, named)


class Guard:
    """Refuses requests that are too large or that another site's page sent."""

    def __init__(self, app: ASGIApp, limit_mib: int) -> None:
        self._app = app
        self._limit_mib = limit_mib

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        refusal = self._refusal(request)
        if refusal is None:
            await self._app(scope, self._counted(receive), send)
        else:
            response = await problems.answer(request, refusal)
            await response(scope, receive, send)

    def _refusal(self, request: Request) -> CrossSiteError | TooLargeError | None:
        has_cookie = any(name in request.cookies for name in (CUSTOMER_COOKIE, STAFF_COOKIE))
        if not may_change(request.method, _plain(request.headers), has_cookie):
            return CrossSiteError()
        length = request.headers.get("content-length", "0")
        too_long = length.isascii() and length.isdigit() and int(length[:18]) > self._limit_mib * MIB
        return TooLargeError(limit_mib=self._limit_mib) if too_long else None

    def _counted(self, receive: Receive) -> Receive:
        """A body that does not say its length is cut where the limit is."""
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._limit_mib * MIB:
                raise HTTPException(413, str(self._limit_mib))
            return message

        return counted


def _plain(headers: Headers) -> dict[str, str]:
    return {name: headers[name] for name in ("sec-fetch-site", "origin", "host") if name in headers}
