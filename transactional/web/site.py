"""Puts the pages and their static files on the shop's app; and the few pages that belong to no slice."""

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Form
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from mingsuan.i18n import LANGUAGES
from transactional.accounts import pages as accounts
from transactional.backoffice import card_pages, product_pages
from transactional.backoffice import pages as desk
from transactional.catalogue import pages as catalogue
from transactional.orders import pages as orders
from transactional.payments import checkout_pages as checkout
from transactional.payments import pages as payments
from transactional.web.page import LANGUAGE_COOKIE, THEME_COOKIE, THEMES, OpenPage, go, own_address
from transactional.web.refusals import refusal_page
from transactional.web.templating import STATIC, static_address

YEAR_S = 365 * 24 * 3600

router = APIRouter(include_in_schema=False)


def mount(app: FastAPI) -> None:
    """Pages, static files and pages for refusals."""
    files = GZipMiddleware(_Static(directory=Path(STATIC)), minimum_size=1024)
    app.mount("/static", files, name="static")
    app.include_router(router)
    for pages in (catalogue, accounts, orders, checkout, payments, desk, card_pages, product_pages):
        app.include_router(pages.router)
    app.state.error_page = refusal_page


class _Static(StaticFiles):
    """Files whose address carries their content's hash may be kept for a year."""

    def file_response(self, *args: Any, **options: Any) -> Response:
        answer = super().file_response(*args, **options)
        scope: Scope = args[2] if len(args) > 2 else options["scope"]
        hashed = b"v=" in scope["query_string"]
        answer.headers["Cache-Control"] = f"public, max-age={YEAR_S}, immutable" if hashed else "no-cache"
        return answer


@router.get("/help")
async def help_page(page: OpenPage) -> HTMLResponse:
    return page.show("help.html")


@router.post("/preferences")
async def preferences(
    next: Annotated[str, Form()] = "/",  # noqa: A002  (the form's public name)
    language: Annotated[str, Form()] = "",
    theme: Annotated[str, Form()] = "",
) -> RedirectResponse:
    """Language and appearance, kept in cookies that say nothing else."""
    answer = go(own_address(next))
    if language in LANGUAGES:
        answer.set_cookie(LANGUAGE_COOKIE, language, max_age=YEAR_S, samesite="lax", httponly=True)
    if theme in THEMES:
        answer.set_cookie(THEME_COOKIE, theme, max_age=YEAR_S, samesite="lax", httponly=True)
    elif theme:
        answer.delete_cookie(THEME_COOKIE)
    return answer


@router.get("/manifest.webmanifest")
async def manifest(page: OpenPage) -> JSONResponse:
    icon = {"src": static_address("icon.svg"), "sizes": "any", "type": "image/svg+xml"}
    content = {"name": page.translate("Mingsuan"), "start_url": "/", "display": "standalone", "icons": [icon]}
    return JSONResponse(content, media_type="application/manifest+json")


@router.get("/robots.txt")
async def robots() -> PlainTextResponse:
    return PlainTextResponse(
        "User-agent: *\nDisallow: /checkout\nDisallow: /orders\nDisallow: /wallet\nDisallow: /desk\n"
    )
