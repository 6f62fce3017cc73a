"""The shop as an ASGI application: JSON API under /api/v1, pages beside it. Wiring only.

Pages bring `transactional.web.site.mount(app)`; they set `app.state.error_page` (async `(Request, ShopError) ->
Response`), which then answers refusals outside /api.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from sqlalchemy.exc import DataError
from starlette.exceptions import HTTPException

from mingsuan.postgres import DatabaseUrls, database
from mingsuan.settings import Settings
from transactional import logs, openapi, probes, problems, selling_api
from transactional.accounts import api as accounts
from transactional.accounts.entry import api as entry_api
from transactional.accounts.members import api as members_api
from transactional.accounts.persons import api as person_api
from transactional.aftersales import api as aftersales
from transactional.backoffice import stuck_api
from transactional.backoffice.idle import StaffAtWork
from transactional.benefits import api as benefits
from transactional.benefits import provider_api
from transactional.cards import api as cards
from transactional.catalogue import api as catalogue
from transactional.catalogue.cache import ForgetAfterStaff
from transactional.db import engine
from transactional.draws import api as draws
from transactional.errors import ShopError
from transactional.host_cookies import HostCookies
from transactional.invoices import api as invoices
from transactional.ledger import api as ledger
from transactional.logistics import api as logistics
from transactional.middleware import Envelope, Guard
from transactional.notices import api as notices
from transactional.observed import Observed
from transactional.orders import api as orders
from transactional.payments import api as payments
from transactional.payments import gateway_api, notices_api, staff_api
from transactional.shop import open_shop
from transactional.suppliers import callback_api
from transactional.wallets import api as wallets
from transactional.web import problem_pages, site

BODY_LIMIT_MIB = 16


class ShopApp(FastAPI):
    """FastAPI that describes refusals as the problem documents that they are."""

    def openapi(self) -> dict[str, Any]:
        return openapi.completed(super().openapi())


def create_app(settings: Settings, urls: DatabaseUrls) -> FastAPI:
    """The application; its database and keys are opened when it starts.

    The start raises VaultClosedError when the key files do not belong to the database.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        source = engine(urls.app)
        try:
            app.state.shop = shop = await open_shop(settings, source)
            try:
                yield
            finally:
                await shop.aclose()
        finally:
            await source.dispose()

    app = ShopApp(
        title="Mingsuan",
        summary="A shop for digital goods whose accounts are clear",
        version="1",
        lifespan=lifespan,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,  # their pages load scripts from other hosts
        redoc_url=None,
        generate_unique_id_function=_operation_id,
    )
    app.state.settings = settings
    _wire(app, settings)
    return app


def from_environment() -> FastAPI:
    """For `uvicorn --factory`: the app on the databases that the environment names, as a service is started."""
    settings = Settings()
    logs.configure(settings.log_format)
    if not settings.app_database_url:
        raise RuntimeError("MINGSUAN_APP_DATABASE_URL is not set; `mingsuan serve` sets it for the embedded server")
    with database(settings) as urls:  # given URLs: nothing is started or stopped
        return create_app(settings, urls)


def _wire(app: FastAPI, settings: Settings) -> None:
    for slice_api in (  # routes are tried in turn: what comes in rushes first, after the one that it would swallow
        stuck_api,
        orders,
        draws,
        accounts,
        entry_api,
        person_api,
        members_api,
        catalogue,
        cards,
        payments,
        staff_api,
        gateway_api,
        ledger,
        wallets,
        invoices,
        benefits,
        aftersales,
        logistics,
        notices,
        selling_api,
    ):
        app.include_router(slice_api.router, prefix="/api/v1")
    app.include_router(notices_api.router)
    app.include_router(provider_api.router)
    app.include_router(callback_api.router)
    app.include_router(probes.router)
    app.include_router(problem_pages.router)
    site.mount(app)
    for kind in (ShopError, RequestValidationError, HTTPException, DataError):
        app.add_exception_handler(kind, problems.answer)
    app.add_middleware(ForgetAfterStaff)
    app.add_middleware(StaffAtWork)
    app.add_middleware(Guard, limit_mib=BODY_LIMIT_MIB)
    app.add_middleware(Envelope, secure=settings.secure_cookies)
    if settings.secure_cookies:
        app.add_middleware(HostCookies)
    app.add_middleware(Observed)


def _operation_id(route: APIRoute) -> str:
    return route.name
