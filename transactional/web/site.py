"""Puts the pages and their static files on the shop's app; and the few pages that belong to no slice."""

from datetime import UTC
from pathlib import Path
from typing import Annotated, Any
from xml.sax.saxutils import escape

from fastapi import APIRouter, FastAPI, Form
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from mingsuan.i18n import LANGUAGES
from transactional.accounts import pages as accounts
from transactional.accounts.entry import pages as entry_pages
from transactional.accounts.entry import security_pages
from transactional.accounts.persons import pages as person_pages
from transactional.aftersales import desk as aftersales_desk
from transactional.aftersales import desk_acts as aftersales_acts
from transactional.aftersales import pages as aftersales
from transactional.aftersales import sending as aftersales_sending
from transactional.aftersales.rules import ANSWER_WITHIN
from transactional.alerts import pages as alerts_pages
from transactional.backoffice import (
    acts_pages,
    card_acts,
    card_import_pages,
    card_pages,
    customer_pages,
    figure_pages,
    ledger_pages,
    log_in_pages,
    members_pages,
    order_pages,
    product_pages,
    profile_pages,
    review_pages,
    sku_pages,
    today_pages,
    trace_pages,
)
from transactional.backoffice import security_pages as desk_security
from transactional.benefits import desk as benefits_desk
from transactional.benefits import pages as benefits
from transactional.catalogue import pages as catalogue
from transactional.catalogue.service import published
from transactional.compliance import profile
from transactional.draws import desk as draws_desk
from transactional.draws import desk_winners as draws_winners
from transactional.draws import pages as draws
from transactional.draws.log import pages as draw_log
from transactional.draws.play import customer_desk as play_desk
from transactional.draws.play import desk as modes_desk
from transactional.draws.play import pages as play_pages
from transactional.invoices import desk as invoices_desk
from transactional.invoices import pages as invoices
from transactional.logistics import desk as logistics_desk
from transactional.logistics import pages as logistics
from transactional.notices import desk as notices_desk
from transactional.notices import pages as notices
from transactional.orders import cart_pages
from transactional.orders import pages as orders
from transactional.payments import checkout_pages as checkout
from transactional.payments import pages as payments
from transactional.statements import pages as cost_pages
from transactional.suppliers.channels import pages as channel_pages
from transactional.suppliers.money import claim_pages, statement_pages, supplier_pages
from transactional.suppliers.offers import goods_pages, rate_pages
from transactional.suppliers.offers import pages as offer_pages
from transactional.suppliers.purchases import pages as purchase_pages
from transactional.suppliers.routing import pages as routing_pages
from transactional.suppliers.routing import policy_pages
from transactional.wallets import desk as wallets_desk
from transactional.wallets import pages as wallets
from transactional.web.page import LANGUAGE_COOKIE, THEME_COOKIE, THEMES, OpenPage, PageReading, go, own_address
from transactional.web.refusals import refusal_page
from transactional.web.templating import STATIC, static_address

STOREFRONT = (
    catalogue,
    entry_pages,
    security_pages,
    accounts,
    person_pages,
    orders,
    cart_pages,
    checkout,
    payments,
    wallets,
    invoices,
    benefits,
    aftersales,
    aftersales_sending,
    logistics,
    notices,
    play_pages,
    draw_log,
    draws,
)
DESK = (
    purchase_pages,
    goods_pages,
    channel_pages,
    offer_pages,
    rate_pages,
    policy_pages,
    routing_pages,
    supplier_pages,
    statement_pages,
    claim_pages,
    cost_pages,
    alerts_pages,
    log_in_pages,
    profile_pages,
    members_pages,
    acts_pages,
    desk_security,
    figure_pages,
    order_pages,
    customer_pages,
    trace_pages,
    today_pages,
    review_pages,
    ledger_pages,
    wallets_desk,
    invoices_desk,
    benefits_desk,
    aftersales_desk,
    aftersales_acts,
    logistics_desk,
    notices_desk,
    card_import_pages,
    card_acts,
    card_pages,
    product_pages,
    sku_pages,
    modes_desk,
    play_desk,
    draws_desk,
    draws_winners,
)
PUBLIC = ("/help", "/terms", "/privacy", "/draws")
PRIVATE = ("/account", "/cart", "/cases", "/checkout", "/desk", "/invoices", "/orders", "/wallet", "/benefits")
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
YEAR_S = 365 * 24 * 3600

router = APIRouter(include_in_schema=False)


def mount(app: FastAPI) -> None:
    """Pages, static files and pages for refusals."""
    files = GZipMiddleware(_Static(directory=Path(STATIC)), minimum_size=1024)
    app.mount("/static", files, name="static")
    app.include_router(router)
    for pages in (*STOREFRONT, *DESK):
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
    answer_hours = int(ANSWER_WITHIN.total_seconds() // 3600)
    return page.show("help.html", profile=profile(page.shop.settings.compliance), answer_hours=answer_hours)


@router.get("/terms")
async def terms(page: OpenPage) -> HTMLResponse:
    return page.show("terms.html", hold_minutes=page.shop.settings.hold_minutes)


@router.get("/privacy")
async def privacy(page: OpenPage) -> HTMLResponse:
    return page.show("privacy.html", profile=profile(page.shop.settings.compliance))


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
        answer.delete_cookie(THEME_COOKIE, httponly=True, samesite="lax")
    return answer


@router.get("/manifest.webmanifest")
async def manifest(page: OpenPage) -> JSONResponse:
    """What a phone needs to put the shop beside its apps."""
    _ = page.translate
    pictures = [{"src": static_address(f"icon-{side}.png"), "sizes": f"{side}x{side}"} for side in (192, 512)]
    content = {
        "name": _("Mingsuan"),
        "short_name": _("Mingsuan"),
        "description": _("Card codes and vouchers, delivered in seconds, at prices that add up."),
        "lang": page.language.replace("_", "-"),
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#f6f6f3",
        "theme_color": "#1d4a9e",
        "icons": [
            {"src": static_address("icon.svg"), "sizes": "any", "type": "image/svg+xml"},
            *({**each, "type": "image/png", "purpose": "any maskable"} for each in pictures),
        ],
        "shortcuts": [
            {"name": _("My benefits"), "url": "/benefits"},
            {"name": _("Orders"), "url": "/orders"},
        ],
    }
    return JSONResponse(content, media_type="application/manifest+json")


@router.get("/robots.txt")
async def robots(page: OpenPage) -> PlainTextResponse:
    refused = "".join(f"Disallow: {path}\n" for path in PRIVATE)
    return PlainTextResponse(f"User-agent: *\n{refused}\nSitemap: {page.public_url}/sitemap.xml\n")


@router.get("/sitemap.xml")
async def sitemap(page: OpenPage, session: PageReading) -> Response:
    """Every page that anybody may find (sitemaps.org, protocol 0.9)."""
    categories = [f"/categories/{each.slug}" for each in await page.shop.catalogue.categories()]
    lines = [f"<url><loc>{escape(page.public_url + path)}</loc></url>" for path in ("/", *categories, *PUBLIC)]
    for slug, changed_at in await published(session):
        address = escape(f"{page.public_url}/products/{slug}")
        lines.append(
            f"<url><loc>{address}</loc><lastmod>{changed_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}</lastmod></url>"
        )
    whole = f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="{SITEMAP}">{"".join(lines)}</urlset>\n'
    return Response(whole, media_type="application/xml")
