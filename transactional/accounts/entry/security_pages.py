"""Pages of a customer's own security: the password, where they are logged in, which devices are known."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from mingsuan import clock
from transactional.accounts import sessions
from transactional.accounts.entry import password_changes
from transactional.accounts.entry import queries as entry_queries
from transactional.accounts.entry.browser import device_token, give, take_away, visitor_of
from transactional.accounts.entry.forms import told
from transactional.accounts.schemas import CustomerSubject
from transactional.db import reading, writing
from transactional.edge import CUSTOMER_COOKIE, AsCustomer, shop_of
from transactional.errors import ShopError
from transactional.web.page import Page, go, open_page

router = APIRouter(include_in_schema=False)
HERE = "/account/security"
Reference = Annotated[str, Form(alias="id", max_length=64)]
Secret = Annotated[str, Form(max_length=1024)]


@router.get("/account/security")
async def security(request: Request, customer: AsCustomer, done: str = "") -> Response:
    return await _shown(request, customer, done=done)


@router.post("/account/security/password")
async def change_password(
    request: Request, customer: AsCustomer, new_password: Secret, old_password: Secret = ""
) -> Response:
    """All other log-ins end; this browser goes on under a fresh session."""
    shop = shop_of(request)
    try:
        opened = await password_changes.change(shop, visitor_of(request), customer, old_password, new_password)
    except ShopError as refusal:
        return await _shown(request, customer, refusal)
    answer = go(f"{HERE}?done=password")
    give(answer, opened, shop)
    return answer


@router.post("/account/security/sessions")
async def end_session(request: Request, customer: AsCustomer, reference: Reference) -> RedirectResponse:
    async with writing(shop_of(request).engine) as session:
        await sessions.end_one(session, customer.id, reference, clock.now())
    return go(f"{HERE}?done=session")


@router.post("/account/security/sessions/others")
async def end_other_sessions(request: Request, customer: AsCustomer) -> RedirectResponse:
    async with writing(shop_of(request).engine) as session:
        await sessions.end_all(session, customer.id, clock.now(), but=request.cookies.get(CUSTOMER_COOKIE))
    return go(f"{HERE}?done=others")


@router.post("/account/security/sessions/all")
async def end_all_sessions(request: Request, customer: AsCustomer) -> RedirectResponse:
    """Everywhere, here too; no device is known any longer."""
    shop, at = shop_of(request), clock.now()
    async with writing(shop.engine) as session:
        await sessions.end_all(session, customer.id, at)
        await sessions.forget_devices(session, customer.id, at)
    answer = go("/log-in")
    take_away(answer, shop.settings)
    return answer


@router.post("/account/security/devices")
async def forget_device(request: Request, customer: AsCustomer, reference: Reference) -> RedirectResponse:
    async with writing(shop_of(request).engine) as session:
        await sessions.forget_device(session, customer.id, reference, clock.now())
    return go(f"{HERE}?done=device")


async def _shown(
    request: Request, customer: CustomerSubject, refusal: ShopError | None = None, done: str = ""
) -> Response:
    async with reading(shop_of(request).engine) as session:
        page: Page = await open_page(request, session)
        found = await entry_queries.by_id(session, customer.id)
        open_now = await sessions.open_sessions(session, customer.id, request.cookies.get(CUSTOMER_COOKIE))
        devices = await sessions.known_devices(session, customer.id, device_token(request))
    refused = told(refusal, page.language) if refusal else None
    answer = page.show(
        "accounts/security.html",
        status=refused.status if refused else 200,
        section="account",
        back=HERE,
        has_password=bool(found and found.password_hash),
        sessions=open_now,
        devices=devices,
        done=done,
        fault=refused.fault if refused else "",
        faults=refused.faults if refused else {},
    )
    if refused and refused.retry_after:
        answer.headers["Retry-After"] = refused.retry_after
    return answer
