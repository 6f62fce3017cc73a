"""Pages on which a customer changes their e-mail address or telephone number."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from transactional.accounts.entry.browser import FLOW_COOKIE, Flow, flow_of, give_flow, visitor_of
from transactional.accounts.entry.forms import SAME_FORM, Code, Who, code_form, form, whose
from transactional.accounts.entry.identifiers import identified
from transactional.accounts.persons import contact_changes, contacts
from transactional.accounts.persons.contact_changes import PURPOSE
from transactional.accounts.schemas import CustomerSubject
from transactional.db import reading
from transactional.edge import AsCustomer, shop_of
from transactional.errors import ShopError
from transactional.web.page import go

router = APIRouter(prefix="/account/contacts", include_in_schema=False)
HERE = "/account/contacts"


@router.get("")
async def shown(request: Request, customer: AsCustomer, done: str = "") -> Response:
    return await _shown(request, customer, done=done == "changed")


@router.post("")
async def ask(request: Request, customer: AsCustomer, typed: Who = "") -> Response:
    """Sends a code to the new contact and goes on to the page that takes it."""
    shop = shop_of(request)
    try:
        new = identified(typed)
        flow = await contact_changes.request_change(shop, visitor_of(request), customer.id, new)
    except ShopError as refusal:
        return await _shown(request, customer, refusal, typed)
    answer = go(f"{HERE}/code")
    give_flow(answer, Flow(PURPOSE, flow, new.value, HERE), shop.settings)
    return answer


@router.get("/code")
async def code_asked(request: Request, customer: AsCustomer) -> Response:  # noqa: ARG001  (logged in)
    return await code_form(request, PURPOSE, "accounts/contact_code.html", HERE)


@router.post("/code")
async def confirm(request: Request, customer: AsCustomer, code: Code = "") -> Response:
    flow = flow_of(request, PURPOSE)
    if flow is None:
        return go(HERE)
    shop = shop_of(request)
    try:
        await contact_changes.confirm_change(
            shop, visitor_of(request), customer.id, whose(flow), flow.flow, code, again_within=SAME_FORM
        )
    except ShopError as refusal:
        return await code_form(request, PURPOSE, "accounts/contact_code.html", HERE, refusal)
    answer = go(f"{HERE}?done=changed")
    answer.delete_cookie(FLOW_COOKIE, httponly=True, samesite="lax", secure=shop.settings.secure_cookies)
    return answer


async def _shown(
    request: Request,
    customer: CustomerSubject,
    refusal: ShopError | None = None,
    typed: str = "",
    *,
    done: bool = False,
) -> Response:
    shop = shop_of(request)
    async with reading(shop.engine) as session:
        phone = await contacts.phone_of(session, shop.vault, customer.id)
    return await form(
        request,
        "accounts/contacts.html",
        refusal,
        email=customer.email,
        phone=contacts.masked(phone) if phone else "",
        identifier=typed,
        done=done,
        back=HERE,
    )
