"""Pages: logging in by password or code, opening an account, setting a forgotten password, logging out."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from mingsuan import clock
from transactional.accounts.entry import log_in, log_in_by_code, password_changes, registration
from transactional.accounts.entry.browser import flow_of, take_away, visitor_of
from transactional.accounts.entry.errors import CodeNeededError, ConsentNeededError
from transactional.accounts.entry.forms import (
    SAME_FORM,
    Code,
    Next,
    Password,
    Who,
    ask_code,
    code_form,
    form,
    let_in,
    page_of,
    whose,
)
from transactional.accounts.entry.identifiers import claimed
from transactional.accounts.entry.registration import DOCUMENTS, NewAccount
from transactional.accounts.sessions import end_token
from transactional.db import writing
from transactional.edge import CUSTOMER_COOKIE, shop_of
from transactional.errors import ShopError
from transactional.web.page import go, own_address

router = APIRouter(include_in_schema=False)
LOG_IN, REGISTER, FORGOT = "/log-in", "/register", "/forgot-password"


@router.get("/log-in")
async def log_in_form(request: Request, next: str = "/", identifier: str = "") -> Response:  # noqa: A002
    return await _for_strangers(request, "accounts/log_in.html", next, identifier=identifier)


@router.post("/log-in")
async def log_in_by_password(request: Request, who: Who, password: Password, address: Next = "/") -> Response:
    try:
        opened = await log_in.by_password(shop_of(request), visitor_of(request), claimed(who), password)
    except CodeNeededError as refusal:
        return await form(request, "accounts/log_in_by_code.html", refusal, address=address, identifier=who)
    except ShopError as refusal:
        return await form(request, "accounts/log_in.html", refusal, address=address, identifier=who)
    return let_in(request, opened, address)


@router.get("/log-in/by-code")
async def log_in_by_code_form(request: Request, next: str = "/") -> Response:  # noqa: A002
    return await _for_strangers(request, "accounts/log_in_by_code.html", next)


@router.post("/log-in/by-code")
async def ask_log_in_code(request: Request, who: Who, address: Next = "/") -> Response:
    try:
        return await ask_code(request, "log_in", who, address, "/log-in/code")
    except ShopError as refusal:
        return await form(request, "accounts/log_in_by_code.html", refusal, address=address, identifier=who)


@router.get("/log-in/code")
async def log_in_code_form(request: Request) -> Response:
    return await code_form(request, "log_in", "accounts/log_in_code.html", LOG_IN)


@router.post("/log-in/code")
async def enter_by_code(request: Request, code: Code) -> Response:
    flow = flow_of(request, "log_in")
    if flow is None:
        return go(LOG_IN)
    shop, visitor = shop_of(request), visitor_of(request)
    try:
        opened = await log_in_by_code.by_code(shop, visitor, whose(flow), flow.flow, code, again_within=SAME_FORM)
    except ShopError as refusal:
        return await code_form(request, "log_in", "accounts/log_in_code.html", LOG_IN, refusal)
    return let_in(request, opened, flow.next)


@router.get("/register")
async def registration_form(request: Request, next: str = "/") -> Response:  # noqa: A002
    return await _for_strangers(request, "accounts/register.html", next)


@router.post("/register")
async def ask_registration_code(
    request: Request, who: Who, address: Next = "/", agree: Annotated[str, Form()] = ""
) -> Response:
    """Nothing is sent, and nothing of a person kept, before they agree."""
    try:
        if agree != "yes":
            raise ConsentNeededError
        return await ask_code(request, "register", who, address, "/register/code")
    except ShopError as refusal:
        return await form(request, "accounts/register.html", refusal, address=address, identifier=who)


@router.get("/register/code")
async def registration_code_form(request: Request) -> Response:
    return await code_form(request, "register", "accounts/register_code.html", REGISTER)


@router.post("/register/code")
async def register(request: Request, code: Code, password: Password = "") -> Response:
    """The flow's cookie exists only for somebody who agreed: it is their own browser that says so."""
    flow = flow_of(request, "register")
    if flow is None:
        return go(REGISTER)
    try:
        new = NewAccount(whose(flow), password, DOCUMENTS)
        opened = await registration.open_account(
            shop_of(request), visitor_of(request), new, flow.flow, code, again_within=SAME_FORM
        )
    except ShopError as refusal:
        return await code_form(request, "register", "accounts/register_code.html", REGISTER, refusal)
    return let_in(request, opened, flow.next)


@router.get("/forgot-password")
async def forgotten_form(request: Request, next: str = "/") -> Response:  # noqa: A002
    return await form(request, "accounts/forgot.html", address=next, identifier="")


@router.post("/forgot-password")
async def ask_reset_code(request: Request, who: Who, address: Next = "/") -> Response:
    try:
        return await ask_code(request, "reset_password", who, address, "/forgot-password/code")
    except ShopError as refusal:
        return await form(request, "accounts/forgot.html", refusal, address=address, identifier=who)


@router.get("/forgot-password/code")
async def reset_form(request: Request) -> Response:
    return await code_form(request, "reset_password", "accounts/forgot_code.html", FORGOT)


@router.post("/forgot-password/code")
async def reset(request: Request, code: Code, new_password: Annotated[str, Form(max_length=1024)]) -> Response:
    flow = flow_of(request, "reset_password")
    if flow is None:
        return go(FORGOT)
    shop, visitor = shop_of(request), visitor_of(request)
    try:
        opened = await password_changes.reset(
            shop, visitor, whose(flow), flow.flow, code, new_password, again_within=SAME_FORM
        )
    except ShopError as refusal:
        return await code_form(request, "reset_password", "accounts/forgot_code.html", FORGOT, refusal)
    return let_in(request, opened, flow.next)


@router.post("/log-out")
async def log_out(request: Request) -> RedirectResponse:
    shop, token = shop_of(request), request.cookies.get(CUSTOMER_COOKIE)
    if token:
        async with writing(shop.engine) as session:
            await end_token(session, token, clock.now())
    answer = go("/")
    take_away(answer, shop.settings)
    return answer


async def _for_strangers(request: Request, template: str, address: str, identifier: str = "") -> Response:
    """Somebody who is logged in already goes where they wanted to go."""
    page = await page_of(request)
    if page.customer:
        return go(own_address(address))
    return await form(request, template, address=address, identifier=identifier)
