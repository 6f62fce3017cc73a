"""A page of the shop for one request: who looks at it, in which language, and how it is answered.

What a page shows belongs to the slices; how a refusal looks is in `refusals`.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Annotated, TypedDict
from urllib.parse import urlencode

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy import text

from mingsuan import money
from mingsuan.i18n import Translator, translator
from transactional.accounts import service as accounts
from transactional.accounts.schemas import CustomerSubject, StaffSubject
from transactional.accounts.wording import role_texts
from transactional.db import ReadSession, reading
from transactional.edge import CUSTOMER_COOKIE, STAFF_COOKIE, language, shop_of
from transactional.errors import NotLoggedInError
from transactional.shop import Shop
from transactional.web.templating import DOMAIN, environment, local, when, zone_text

LANGUAGE_COOKIE = "mingsuan_language"
THEME_COOKIE = "mingsuan_theme"
THEMES = ("light", "dark")
MOST_COUNTED = 99
VARY = {"Vary": "Cookie, Accept-Language, HX-Request"}
FRAME = text("""
select exists (select from shop.customer where source = 'simulation') as simulated,
    exists (select from shop.shop_profile where selling_paused_at is not null) as selling_paused,
    (select coalesce(sum(quantity), 0) from shop.cart_item where customer_id = :customer_id) as cart_units,
    (select count(*) from shop.notice where customer_id = :customer_id and read_at is null) as unread
""")


@dataclass(frozen=True)
class Page:
    """One request's page. `simulated` is True when the shop holds invented history, which every page then says.

    So is `selling_paused` when no orders are taken. `cart_units` lie in the customer's cart, `unread` counts notices.
    """

    request: Request
    shop: Shop
    language: str
    customer: CustomerSubject | None = None
    staff: StaffSubject | None = None
    simulated: bool = False
    selling_paused: bool = False
    cart_units: int = 0
    unread: int = 0

    @cached_property
    def translate(self) -> Translator:
        return translator(self.language, DOMAIN)

    @property
    def is_fragment(self) -> bool:
        """Asked for by htmx, to replace a part of a page that is there already."""
        return self.request.headers.get("hx-request") == "true"

    @property
    def here(self) -> str:
        """This address, for coming back to; an answer to a POST at another address gives its own `back`."""
        url = self.request.url
        return f"{url.path}?{url.query}" if url.query else url.path

    @property
    def public_url(self) -> str:
        """The shop's own address, as search engines and those who share a page are to know it."""
        settings = self.shop.settings
        return (settings.public_url or f"http://{settings.host}:{settings.shop_port}").rstrip("/")

    def local(self, thing: object, field: str) -> str:
        return local(thing, field, self.language)

    def money(self, fen: int) -> str:
        return money.text(fen, self.shop.currency)

    def show(self, template: str, *, status: int = 200, **context: object) -> HTMLResponse:
        """The template with the frame's values and the page's own."""
        theme = self.request.cookies.get(THEME_COOKIE)
        frame = {
            "language": self.language,
            "html_language": self.language.replace("zh_CN", "zh-CN"),
            "theme": theme if theme in THEMES else "",
            "customer": self.customer,
            "staff": self.staff,
            "simulated": self.simulated,
            "selling_paused": self.selling_paused,
            "cart_units": self.cart_units,
            "unread": "99+" if self.unread > MOST_COUNTED else self.unread,
            "canonical": f"{self.public_url}{self.request.url.path}",
            "public_url": self.public_url,
            "back": self.here,
            "section": "",
            "query": "",
            "money": self.money,
            "local": self.local,
            "roles": role_texts(self.translate),
            "when": partial(when, zone=self.shop.zone),
            "zone_text": zone_text(self.shop.zone, self.language),
        }
        html = environment(self.language).get_template(template).render({**frame, **context})
        return HTMLResponse(html, status, VARY)


def go(address: str) -> RedirectResponse:
    """See Other: after a form, so that reloading repeats nothing."""
    return RedirectResponse(address, 303)


def own_address(address: str, otherwise: str = "/") -> str:
    """The address when it stays on this site, else the other one: a log-in must not send people elsewhere."""
    plain = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if plain else otherwise


def with_next(address: str, here: str) -> str:
    """The address, with the place to come back to."""
    return f"{address}?{urlencode({'next': here})}"


async def page_session(request: Request) -> AsyncIterator[ReadSession]:
    """The page's own read-only transaction."""
    async with reading(shop_of(request).engine) as session:
        yield session


PageReading = Annotated[ReadSession, Depends(page_session, scope="function")]


async def open_page(request: Request, session: PageReading) -> Page:
    """A page for anybody, knowing the customer when one is logged in."""
    found = await accounts.customer_of(session, request.cookies.get(CUSTOMER_COOKIE))
    return Page(
        request,
        shop_of(request),
        language(request),
        customer=found,
        **await _notes(session, found.id if found else None),
    )


async def staff_page(request: Request, session: PageReading) -> Page:
    """A page of the desk. Raises NotLoggedInError."""
    found = await accounts.staff_of(session, request.cookies.get(STAFF_COOKIE))
    if found is None:
        raise NotLoggedInError
    return Page(request, shop_of(request), language(request), staff=found, **await _notes(session, None))


async def customer_of_page(page: Annotated[Page, Depends(open_page)]) -> CustomerSubject:
    """The logged-in customer of a page. Raises NotLoggedInError."""
    if page.customer is None:
        raise NotLoggedInError
    return page.customer


async def staff_of_page(page: Annotated[Page, Depends(staff_page)]) -> StaffSubject:
    """The logged-in member of staff of a page of the desk. Raises NotLoggedInError."""
    if page.staff is None:
        raise NotLoggedInError
    return page.staff


class _Notes(TypedDict):
    """What every page says of the shop."""

    simulated: bool
    selling_paused: bool
    cart_units: int
    unread: int


async def _notes(session: ReadSession, customer_id: int | None) -> _Notes:
    row = (await session.execute(FRAME, {"customer_id": customer_id})).one()
    return {
        "simulated": row.simulated,
        "selling_paused": row.selling_paused,
        "cart_units": int(row.cart_units),
        "unread": row.unread,
    }


OpenPage = Annotated[Page, Depends(open_page)]
DeskPage = Annotated[Page, Depends(staff_page)]
Buyer = Annotated[CustomerSubject, Depends(customer_of_page)]
Clerk = Annotated[StaffSubject, Depends(staff_of_page)]
