"""What JSON API and pages take from a request: the shop, sessions, the subject behind a cookie, the language."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request

from transactional.accounts import service as accounts
from transactional.accounts.schemas import CustomerSubject, StaffSubject
from transactional.db import ReadSession, WriteSession, reading, writing
from transactional.errors import NotLoggedInError
from transactional.language import preferred
from transactional.shop import Shop

CUSTOMER_COOKIE = "mingsuan_session"
STAFF_COOKIE = "mingsuan_staff"


def shop_of(request: Request) -> Shop:
    """The running shop."""
    shop: Shop = request.app.state.shop
    return shop


async def shop_here(request: Request) -> Shop:
    """The same as a dependency; one that is not a coroutine would be sent to a thread."""
    return shop_of(request)


async def read_session(request: Request) -> AsyncIterator[ReadSession]:
    """A read-only transaction for this request."""
    async with reading(shop_of(request).engine) as session:
        yield session


async def write_session(request: Request) -> AsyncIterator[WriteSession]:
    """A transaction for this request: committed before the answer is sent, rolled back when it fails."""
    async with writing(shop_of(request).engine) as session:
        yield session


async def customer_or_none(request: Request) -> CustomerSubject | None:
    """The logged-in customer, asked of the database for this request."""
    token = request.cookies.get(CUSTOMER_COOKIE)
    return await shop_of(request).log_ins.customer(token) if token else None


async def customer(request: Request) -> CustomerSubject:
    """The logged-in customer. Raises NotLoggedInError."""
    found = await customer_or_none(request)
    if found is None:
        raise NotLoggedInError
    return found


async def staff(request: Request) -> StaffSubject:
    """The logged-in member of staff. Raises NotLoggedInError."""
    token = request.cookies.get(STAFF_COOKIE)
    async with reading(shop_of(request).engine) as session:
        found = await accounts.staff_of(session, token)
    if found is None:
        raise NotLoggedInError
    return found


def client_address(request: Request) -> str:
    """Where a request comes from, as gateways want to know it of a payer."""
    return request.client.host if request.client else "127.0.0.1"


def language(request: Request) -> str:
    """ "zh_CN" or "en": the cookie `mingsuan_language`, else Accept-Language, else the shop's setting."""
    return preferred(
        request.cookies.get("mingsuan_language"), request.headers.get("accept-language"), _default(request)
    )


def _default(request: Request) -> str:
    settings = getattr(request.app.state, "settings", None)
    return settings.language if settings else "zh_CN"


ShopHere = Annotated[Shop, Depends(shop_here)]
Reading = Annotated[ReadSession, Depends(read_session, scope="function")]
Writing = Annotated[WriteSession, Depends(write_session, scope="function")]
AsCustomer = Annotated[CustomerSubject, Depends(customer)]
AsStaff = Annotated[StaffSubject, Depends(staff)]
Language = Annotated[str, Depends(language)]
