"""A shop with draws in every state, and its pages as somebody gets them; the second is `lives`'."""

import contextlib
import dataclasses
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta

import httpx

from mingsuan import clock
from mingsuan.postgres import DatabaseUrls
from tests.transactional.api_client import Client
from tests.transactional.draws.lives import World
from transactional.accounts import tokens
from transactional.accounts.models import Session
from transactional.accounts.schemas import CustomerSubject
from transactional.db import writing
from transactional.draws import entries
from transactional.draws.models import Draw
from transactional.edge import CUSTOMER_COOKIE

HTML = {"accept": "text/html"}


@dataclasses.dataclass
class Stand:
    """Asks for pages at the world's instant."""

    lives: World
    client: Client

    async def get(
        self, path: str, who: CustomerSubject | None = None, language: str = "en", **query: str
    ) -> httpx.Response:
        return await self._ask("GET", path, who, language, query, {})

    async def post(self, path: str, who: CustomerSubject | None = None, **form: str) -> httpx.Response:
        return await self._ask("POST", path, who, "en", {}, form)

    async def _ask(
        self,
        method: str,
        path: str,
        who: CustomerSubject | None,
        language: str,
        query: Mapping[str, str],
        form: Mapping[str, str],
    ) -> httpx.Response:
        headers = {**HTML, "accept-language": language}
        with self.lives.now():
            if who is not None:
                headers["cookie"] = f"{CUSTOMER_COOKIE}={await self._token(who)}"
            return await self.client.request(method, path, headers=headers, params=query, data=dict(form) or None)

    async def _token(self, who: CustomerSubject) -> str:
        """The cookie of a customer who has logged in."""
        token = tokens.new()
        until = clock.now() + timedelta(days=1)
        async with writing(self.lives.shop.engine) as session:
            session.add(Session(token_sha256=tokens.digest(token), expires_at=until, customer_id=who.id))
        return token

    async def committed(self, who: CustomerSubject, **different: object) -> Draw:
        """A draw that is full with `who`'s entries and two of the house, and committed."""
        draw = await self.lives.opened(**different)
        await self.lives.enters(draw, who, draw.capacity - 2)
        with self.lives.now():
            async with writing(self.lives.shop.engine) as session:
                await entries.house(session, draw.id, 2)
        await self.lives.sequenced()
        await self.lives.stepped(draw)
        await self.lives.sequenced()
        return draw

    async def decided(self, who: CustomerSubject, **different: object) -> Draw:
        """The same with its result."""
        draw = await self.committed(who, **different)
        await self.lives.wait_for_round(draw)
        await self.lives.stepped(draw)
        await self.lives.sequenced()
        return draw


@contextlib.asynccontextmanager
async def stand(lives: World, urls: DatabaseUrls) -> AsyncIterator[Stand]:
    shop = dataclasses.replace(lives.shop, keeper=lives.keeper)
    async with Client(shop, urls) as client:
        yield Stand(lives, client)
