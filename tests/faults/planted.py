"""The shop's app as sqlmap meets it: beside two routes that can be injected into, planted by the test alone."""

import json
from collections import Counter
from uuid import uuid4

from fastapi import Request
from fastapi.responses import PlainTextResponse
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.faults.sqlmap_requests import FRESH

PLANTED = "/planted"


class Trap:
    """Passes requests on to the shop, each from another address and under a key of its own, and counts answers.

    The addresses and keys differ because limits and repeated keys would end a request before its statements.
    """

    def __init__(self, shop: ASGIApp, source: AsyncEngine) -> None:
        self._shop, self._source = shop, source
        self.answers: Counter[int] = Counter()
        self.failed: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if scope["path"].startswith(PLANTED):
            await (await self._planted(Request(scope, receive)))(scope, receive, send)
            return
        fresh = uuid4()
        scope["client"] = (f"2001:db8:{fresh.hex[:4]}:{fresh.hex[4:8]}::1", 1)
        scope["headers"] = [
            (name, fresh.hex.encode() if value == FRESH.encode() else value) for name, value in scope["headers"]
        ]

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.answers[message["status"]] += 1
                if message["status"] >= 500:
                    self.failed[f"{scope['method']} {scope['path']}"[:100]] += 1
            await send(message)

        await self._shop(scope, receive, counted)

    async def _planted(self, request: Request) -> PlainTextResponse:
        """Puts what it is given into its statement as it is."""
        given = request.query_params.get("q", "")
        if request.method == "POST":
            given = str(json.loads(await request.body()).get("name", ""))
        statement = f"select name_en from shop.category where slug = '{given}' -- planted"
        async with self._source.connect() as connection:
            try:
                found = (await connection.execute(text(statement.replace(":", r"\:")))).scalars().all()
            except SQLAlchemyError:
                return PlainTextResponse("failed", 500)
        return PlainTextResponse("\n".join(["found", *found]) if found else "nothing")
