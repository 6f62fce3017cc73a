"""JSON API: registering by code, logging in, getting back in, log-ins under way.

None of these commands takes an Idempotency-Key: what they do once is bound to a code that is good once.
"""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from mingsuan import clock
from transactional.accounts import service, sessions
from transactional.accounts.entry import code_requests, log_in, log_in_by_code, password_changes, registration
from transactional.accounts.entry.browser import give, take_away, visitor_of
from transactional.accounts.entry.codes import MINUTES
from transactional.accounts.entry.errors import (
    CodeNeededError,
    ConsentNeededError,
    CrowdedError,
    TooManyTriesError,
    WrongCodeError,
)
from transactional.accounts.entry.identifiers import claimed, identified
from transactional.accounts.entry.registration import NewAccount
from transactional.accounts.entry.schemas import (
    CodeRequest,
    CodeRequested,
    NewRegistration,
    NewSession,
    PasswordReset,
    SessionItem,
    SessionList,
)
from transactional.accounts.schemas import CustomerView
from transactional.accounts.sessions import Opened, end_token
from transactional.db import reading
from transactional.edge import CUSTOMER_COOKIE, AsCustomer, Reading, ShopHere, Writing
from transactional.errors import FieldProblem, InvalidInputError, NotFoundError, NotLoggedInError, WrongCredentialsError
from transactional.problems import responses
from transactional.shop import Shop

router = APIRouter(tags=["accounts"])


@router.post("/codes", status_code=202, responses=responses(TooManyTriesError, CrowdedError))
async def request_code(body: CodeRequest, request: Request, shop: ShopHere) -> CodeRequested:
    """Send a one-time code. The answer is the same whether or not anybody has the address or number."""
    who = identified(body.identifier)
    flow = await code_requests.request_code(shop, visitor_of(request), body.purpose, who)
    return CodeRequested(flow=flow, minutes=MINUTES)


@router.post(
    "/customers",
    status_code=201,
    responses=responses(WrongCodeError, ConsentNeededError, TooManyTriesError, CrowdedError),
)
async def register(body: NewRegistration, request: Request, response: Response, shop: ShopHere) -> CustomerView:
    """Open an account with a code, and log in: sets the cookie `mingsuan_session`."""
    password = body.password.get_secret_value() if body.password else ""
    new = NewAccount(identified(body.identifier), password, body.agreed, body.display_name)
    opened = await registration.open_account(shop, visitor_of(request), new, body.flow, body.code)
    return await _given(response, shop, opened)


@router.post(
    "/session",
    status_code=201,
    responses=responses(WrongCredentialsError, WrongCodeError, CodeNeededError, TooManyTriesError, CrowdedError),
)
async def log_in_customer(body: NewSession, request: Request, response: Response, shop: ShopHere) -> CustomerView:
    """Log in by password, or by flow and code: sets the cookie `mingsuan_session`, ends the browser's former log-in."""
    who, visitor = claimed(body.identifier), visitor_of(request)
    if body.flow is not None and body.code is not None:
        opened = await log_in_by_code.by_code(shop, visitor, who, body.flow, body.code)
    elif body.password is not None:
        opened = await log_in.by_password(shop, visitor, who, body.password.get_secret_value())
    else:
        raise InvalidInputError([FieldProblem("body.password", "Give a password, or a flow with its code.")])
    return await _given(response, shop, opened)


@router.get("/session", responses=responses(NotLoggedInError))
async def who_am_i(customer: AsCustomer) -> CustomerView:
    """The logged-in customer."""
    return CustomerView.model_validate(customer)


@router.delete("/session", status_code=204, responses=responses())
async def log_out(request: Request, response: Response, session: Writing, shop: ShopHere) -> None:
    """Log out: the session ends in the shop, not only in the browser."""
    await end_token(session, request.cookies.get(CUSTOMER_COOKIE, ""), clock.now())
    take_away(response, shop.settings)


@router.get("/sessions", responses=responses(NotLoggedInError))
async def list_sessions(customer: AsCustomer, request: Request, session: Reading) -> SessionList:
    """Where the customer is logged in; this log-in first, then the newest."""
    found = await sessions.open_sessions(session, customer.id, request.cookies.get(CUSTOMER_COOKIE))
    return SessionList(sessions=tuple(SessionItem.model_validate(each) for each in found))


@router.delete("/sessions", status_code=204, responses=responses(NotLoggedInError))
async def log_out_everywhere(customer: AsCustomer, response: Response, session: Writing, shop: ShopHere) -> None:
    """End all log-ins, this one too."""
    await sessions.end_all(session, customer.id, clock.now())
    take_away(response, shop.settings)


@router.delete("/sessions/{session_id}", status_code=204, responses=responses(NotLoggedInError, NotFoundError))
async def end_session(session_id: UUID, customer: AsCustomer, session: Writing) -> None:
    """End one log-in."""
    await sessions.end_one(session, customer.id, str(session_id), clock.now())


@router.post("/password-resets", status_code=201, responses=responses(WrongCodeError, TooManyTriesError, CrowdedError))
async def reset_password(body: PasswordReset, request: Request, response: Response, shop: ShopHere) -> CustomerView:
    """Set a new password with a code. All other log-ins end; this browser is logged in."""
    opened = await password_changes.reset(
        shop,
        visitor_of(request),
        identified(body.identifier),
        body.flow,
        body.code,
        body.new_password.get_secret_value(),
    )
    return await _given(response, shop, opened)


async def _given(response: Response, shop: Shop, opened: Opened) -> CustomerView:
    give(response, opened, shop)
    async with reading(shop.engine) as session:
        return CustomerView.model_validate(await service.customer_of(session, opened.session.token))
