"""What every shopper looks at, remembered for a moment: categories, lists and products as they are shown to all.

In this process, or in a Redis that several share; nothing of one customer's. What is remembered is at most two seconds
old, and forgotten at once when staff change something. Without Redis's answer the database is asked.
"""

import asyncio
import logging
import time
import warnings
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

from cashews import Cache
from cashews.exceptions import CacheError
from pydantic import TypeAdapter, ValidationError
from redis.exceptions import RedisError
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from transactional.catalogue import service
from transactional.catalogue.schemas import CategoryView, ProductList, ProductOrder, ProductView
from transactional.db import ReadSession, reading

FRESH_S = 2
ENTRIES = 2000
"""Kept in one process."""
PATIENCE_S = 0.25
"""How long Redis may take to answer."""
PAUSE_S = 10
"""How long Redis is left alone after it failed."""
PREFIX = "catalogue:"
STAFF = ("/api/v1/staff/", "/desk")
FAILURES = (CacheError, RedisError, OSError, TimeoutError)
CATEGORIES: TypeAdapter[tuple[CategoryView, ...]] = TypeAdapter(tuple[CategoryView, ...])
PRODUCTS = TypeAdapter(ProductList)
PRODUCT = TypeAdapter(ProductView)

View = TypeVar("View")
Load = Callable[[ReadSession], Awaitable[View]]
log = logging.getLogger("mingsuan.catalogue")


class CatalogueCache:
    """One for each process. Whoever asks for the same at once waits for one reading of the database."""

    def __init__(self, engine: AsyncEngine, redis_url: str | None = None) -> None:
        self._engine = engine
        self._cache = Cache("catalogue")
        if redis_url is None:
            self._cache.setup("mem://", size=ENTRIES, check_interval=0)
        else:
            self._cache.setup(
                "redis://",
                address=redis_url,  # redis, rediss or unix
                suppress=False,
                pickle_type="null",
                socket_timeout=PATIENCE_S,
                socket_connect_timeout=PATIENCE_S,
            )
        self._loading: dict[str, asyncio.Task[Any]] = {}
        self._edition = 0
        self._away_until = 0.0

    async def categories(self) -> tuple[CategoryView, ...]:
        """See `service.categories`."""
        return await self._remembered("categories", CATEGORIES, service.categories)

    async def products(
        self,
        *,
        category: str | None = None,
        search: str = "",
        limit: int = 60,
        offset: int = 0,
        order: ProductOrder = "shelf",
        in_stock: bool = False,
    ) -> ProductList:
        """See `service.products`; searches, which seldom repeat, are not remembered."""

        async def load(session: ReadSession) -> ProductList:
            return await service.products(
                session, category=category, search=search, limit=limit, offset=offset, order=order, in_stock=in_stock
            )

        if search.strip():
            async with reading(self._engine) as session:
                return await load(session)
        return await self._remembered(f"products:{limit}:{offset}:{order}:{in_stock}:{category or ''}", PRODUCTS, load)

    async def product(self, slug: str) -> ProductView:
        """See `service.product`. Raises NotFoundError, which is not remembered."""

        async def load(session: ReadSession) -> ProductView:
            return await service.product(session, slug)

        return await self._remembered(f"product:{slug}", PRODUCT, load)

    async def forget(self) -> None:
        """Everything: the next who asks sees what the database holds. Other processes follow by age, or by Redis."""
        self._edition += 1
        self._loading.clear()
        await self._tried(lambda: self._cache.delete_match(f"{PREFIX}*"))

    async def aclose(self) -> None:
        """Ends the connections to Redis."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # cashews 7.6 calls the client by an older name
            await self._tried(self._cache.close)

    async def _remembered(self, name: str, kind: TypeAdapter[View], load: Load[View]) -> View:
        key = PREFIX + name
        known = await self._tried(lambda: self._cache.get(key))
        if known is not None:
            try:
                return kind.validate_json(known)
            except ValidationError:  # written by another version of the shop
                pass
        loading = self._loading.get(key)
        if loading is None:
            loading = self._loading[key] = asyncio.create_task(self._load(key, kind, load))
            loading.add_done_callback(self._loaded(key))
        return cast(View, await asyncio.shield(loading))

    async def _load(self, key: str, kind: TypeAdapter[View], load: Load[View]) -> View:
        edition = self._edition
        async with reading(self._engine) as session:
            found = await load(session)
        if edition == self._edition:
            await self._tried(lambda: self._cache.set(key, kind.dump_json(found), expire=FRESH_S))
        return found

    def _loaded(self, key: str) -> Callable[["asyncio.Task[Any]"], None]:
        def done(task: "asyncio.Task[Any]") -> None:
            if self._loading.get(key) is task:
                del self._loading[key]
            if not task.cancelled():
                task.exception()  # who asked may have gone

        return done

    async def _tried(self, work: Callable[[], Awaitable[View]]) -> View | None:
        """None while Redis is away, which is said once until it answers again."""
        if time.monotonic() < self._away_until:
            return None
        try:
            async with asyncio.timeout(PATIENCE_S):
                answer = await work()
        except FAILURES as error:
            if not self._away_until:
                log.warning("the cache does not answer (%s): the database is asked instead", type(error).__name__)
            self._away_until = time.monotonic() + PAUSE_S
            return None
        self._away_until = 0.0
        return answer


class ForgetAfterStaff:
    """Whatever staff commanded, the catalogue is forgotten before they are answered. Pure ASGI."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD") or not scope["path"].startswith(STAFF):
            await self._app(scope, receive, send)
            return

        async def after(message: Message) -> None:
            if message["type"] == "http.response.start":
                await scope["app"].state.shop.catalogue.forget()
            await send(message)

        await self._app(scope, receive, after)
