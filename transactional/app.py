"""The shop as an ASGI application: JSON API under /api/v1, pages beside it. Wiring only.

Pages bring `transactional.web.site.mount(app)`; they may set `app.state.error_page` (async `(Request, ShopError) ->
Response`), which then answers refusals outside /api.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from mingsuan.postgres import DatabaseUrls
from mingsuan.settings import Settings
from transactional.db import engine
from transactional.shop import open_shop


def create_app(settings: Settings, urls: DatabaseUrls) -> FastAPI:
    """The application; its database is opened when it starts."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        source = engine(urls.app)
        try:
            app.state.shop = await open_shop(settings, source)
            yield
        finally:
            await source.dispose()

    app = FastAPI(title="Mingsuan", version="1", lifespan=lifespan, openapi_url="/api/v1/openapi.json")
    app.state.settings = settings
    return app
