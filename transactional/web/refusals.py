"""How a refusal looks to people: a page that says what happened, what is safe, and where to go on.

The JSON API answers with problem documents instead; the app decides which of the two a request gets.
"""

import re
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy.exc import SQLAlchemyError

from transactional.db import reading
from transactional.edge import language, shop_of
from transactional.errors import NotLoggedInError, ShopError
from transactional.web.page import Page, go, open_page, staff_page, with_next

LOCAL = re.compile(r"/(?![/\\])")
"""A path that no browser takes for another host."""
SYMBOLS = {403: "lock", 404: "search", 405: "search"}


async def refusal_page(request: Request, refusal: ShopError) -> Response:
    """The log-in form when that is all that is missing, else a page with the refusal's own words."""
    at_desk = request.url.path.startswith("/desk")
    page = await _frame(request, at_desk)
    if isinstance(refusal, NotLoggedInError):
        here = page.here if request.method == "GET" else ("/desk" if at_desk else "/")
        return go(with_next("/desk/log-in" if at_desk else "/log-in", here))
    if page.is_fragment:
        part = page.show("_refused.html", status=refusal.status, text=refusal.sentence(page.language))
        part.headers["HX-Reswap"] = "innerHTML"  # the part's frame stays, so that the next answer finds its place
        return part
    _ = page.translate
    return page.show(
        "problem.html",
        frame="backoffice/desk.html" if at_desk else "base.html",
        tab="",
        status=refusal.status,
        title=refusal.heading(page.language),
        text=refusal.sentence(page.language),
        symbol=SYMBOLS.get(refusal.status, "alert"),
        form=_form(request),
        way_out="/desk" if at_desk else "/",
        way_out_text=_("To the desk") if at_desk else _("To the shop"),
        back="/",
    )


def _form(request: Request) -> str:
    """The page of this shop whose form was refused, so that one finds back; none when the browser does not say."""
    sent_from = urlsplit(request.headers.get("referer", ""))
    is_ours = request.method == "POST" and sent_from.netloc == request.url.netloc
    return (
        sent_from._replace(scheme="", netloc="", fragment="").geturl()
        if is_ours and LOCAL.match(sent_from.path)
        else ""
    )


async def _frame(request: Request, at_desk: bool) -> Page:
    """The page's frame, without anybody's name when the database is what failed or nobody is logged in."""
    shop = shop_of(request)
    try:
        async with reading(shop.engine) as session:
            return await (staff_page if at_desk else open_page)(request, session)
    except (NotLoggedInError, SQLAlchemyError, OSError):
        return Page(request, shop, language(request))
