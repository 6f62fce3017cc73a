"""Pages of staff about themselves: password, second step, spare codes, log-ins; and proving who they are."""

from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.exc import NoResultFound

from transactional.accounts.members import service as members
from transactional.accounts.members import sessions as members_sessions
from transactional.accounts.members import totp
from transactional.accounts.members import two_step as members_two_step
from transactional.accounts.members.entry import is_required
from transactional.accounts.members.errors import TwoStepRequiredError
from transactional.accounts.rules import MIN_PASSWORD_LENGTH
from transactional.accounts.schemas import StaffSubject
from transactional.accounts.service import record_act
from transactional.backoffice.clerk_session import caller_of, door, set_log_in, unconfirmed
from transactional.backoffice.forms import Faults, faults_of, sentence_of
from transactional.db import reading, writing
from transactional.edge import STAFF_COOKIE
from transactional.errors import NotLoggedInError, ShopError, WrongCredentialsError
from transactional.web.page import Clerk, DeskPage, Page, go, own_address

router = APIRouter(prefix="/desk", include_in_schema=False)
Password = Annotated[str, Form(max_length=1024)]
Code = Annotated[str, Form(max_length=40)]
FormKey = Annotated[str, Form(min_length=8, max_length=200)]
TWO_STEP = "/desk/profile/two-step"


@router.get("/profile")
async def profile(page: DeskPage, clerk: Clerk, done: str = "") -> HTMLResponse:
    return await _profile(page, clerk, done=done)


@router.post("/profile/password", response_model=None)
async def change_password(
    page: DeskPage, clerk: Clerk, current: Password = "", password: Password = ""
) -> HTMLResponse | RedirectResponse:
    """All other log-ins of the member end."""
    try:
        await door(page.shop).password(caller_of(page.request), clerk.email, current)
        password_hash = await members.checked_password(password, clerk.email)
    except WrongCredentialsError:
        faults = Faults({"current": page.translate("This is not your password")})
        return await _profile(page, clerk, faults=faults)
    except ShopError as refusal:
        faults = faults_of(refusal, page.language)
        return await _profile(page, clerk, faults=faults, fault="" if faults else sentence_of(refusal, page.language))
    async with writing(page.shop.engine) as session:
        await members.change_own_password(session, clerk, password_hash, _token(page))
    return go("/desk/profile?done=password")


@router.post("/profile/two-step")
async def begin_two_step(page: DeskPage, clerk: Clerk) -> RedirectResponse:
    """A new secret; the old one stays in force until the new one's first code."""
    if away := await unconfirmed(page, "/desk/profile"):
        return away
    async with writing(page.shop.engine) as session:
        await members_two_step.begin(session, page.shop.vault, clerk.id)
        await record_act(session, clerk.id, "begin_two_step", f"staff:{clerk.public_id}")
    return go(TWO_STEP)


@router.get("/profile/two-step", response_model=None)
async def two_step(page: DeskPage, clerk: Clerk) -> HTMLResponse | RedirectResponse:
    return await _two_step(page, clerk)


@router.post("/profile/two-step/confirm", response_model=None)
async def confirm_two_step(page: DeskPage, clerk: Clerk, code: Code = "") -> HTMLResponse | RedirectResponse:
    """With the first code the secret takes effect; all other log-ins end."""
    try:
        await door(page.shop).try_code(clerk.id)
        async with writing(page.shop.engine) as session:
            await members.set_two_step_up(session, page.shop.vault, clerk, code, _token(page))
    except ShopError as refusal:
        return await _two_step(page, clerk, refusal)
    return go("/desk/profile/spare-codes")


@router.post("/profile/two-step/remove", response_model=None)
async def remove_two_step(page: DeskPage, clerk: Clerk) -> RedirectResponse:
    """Raises TwoStepRequiredError."""
    if is_required(clerk.role, page.shop.settings):
        raise TwoStepRequiredError
    if away := await unconfirmed(page, "/desk/profile"):
        return away
    async with writing(page.shop.engine) as session:
        await members.take_own_two_step_away(session, clerk)
    return go("/desk/profile?done=two_step_off")


@router.get("/profile/spare-codes", response_model=None)
async def spare_codes(page: DeskPage, clerk: Clerk) -> HTMLResponse:
    return await _spare_codes(page, clerk)


@router.post("/profile/spare-codes", response_model=None)
async def new_spare_codes(page: DeskPage, clerk: Clerk, idempotency_key: FormKey) -> Response:
    """Ten codes, on this answer alone; the same form sent again shows the same ten."""
    if away := await unconfirmed(page, "/desk/profile/spare-codes"):
        return away
    async with writing(page.shop.engine) as session:
        codes = await members.own_spare_codes(session, page.shop.vault, clerk, idempotency_key)
    return await _spare_codes(page, clerk, codes)


@router.post("/profile/sessions/end")
async def end_others(page: DeskPage, clerk: Clerk) -> RedirectResponse:
    async with writing(page.shop.engine) as session:
        await members.end_own_sessions(session, clerk, but=_token(page))
    return go("/desk/profile?done=sessions")


@router.post("/profile/sessions/{number}/end")
async def end_one(page: DeskPage, clerk: Clerk, number: int) -> RedirectResponse:
    """Raises NotFoundError for a log-in of somebody else; one that ended already is fine."""
    async with writing(page.shop.engine) as session:
        await members.end_own_sessions(session, clerk, only=number)
    return go("/desk/profile?done=sessions")


@router.get("/confirm")
async def confirm_form(page: DeskPage, clerk: Clerk, next: str = "/desk") -> HTMLResponse:  # noqa: A002
    return await _confirm(page, clerk, own_address(next, "/desk"))


@router.post("/confirm", response_model=None)
async def confirm(
    page: DeskPage,
    clerk: Clerk,
    password: Password = "",
    code: Code = "",
    next: Annotated[str, Form(max_length=2000)] = "/desk",  # noqa: A002
) -> HTMLResponse | RedirectResponse:
    """Password and second factor again; the log-in goes on under a new token."""
    address, settings = own_address(next, "/desk"), page.shop.settings
    try:
        way_in, caller = door(page.shop), caller_of(page.request)
        member = await way_in.password(caller, clerk.email, password)
        if member.factor == "needed":
            await way_in.factor_of(caller, member, code)
        async with writing(page.shop.engine) as session:
            token = await members_sessions.confirmed_anew(session, _token(page), settings)
            await record_act(session, clerk.id, "confirm_identity", f"staff:{clerk.public_id}")
    except NoResultFound:
        raise NotLoggedInError from None
    except ShopError as refusal:
        return await _confirm(page, clerk, address, refusal)
    answer = go(address)
    set_log_in(answer, token, secure=settings.secure_cookies)
    return answer


async def _profile(
    page: Page, clerk: StaffSubject, faults: Faults | None = None, fault: str = "", done: str = ""
) -> HTMLResponse:
    _ = page.translate
    said = {
        "set_up": _("The shop is yours. Protect your log-in with a second step now."),
        "password": _("Your password is changed; your other log-ins have ended."),
        "two_step_off": _("The second step is off."),
        "sessions": _("The log-in has ended."),
    }
    async with reading(page.shop.engine) as session:
        lasting = await members_sessions.sessions(session, staff_id=clerk.id, token=_token(page))
        standing = await members_two_step.standing(session, clerk.id)
    return page.show(
        "backoffice/members_profile.html",
        status=422 if faults or fault else 200,
        tab="profile",
        sessions=lasting,
        standing=standing,
        is_required=is_required(clerk.role, page.shop.settings),
        least=MIN_PASSWORD_LENGTH,
        faults=faults or Faults(),
        fault=fault,
        done=said.get(done, ""),
        back="/desk/profile",
    )


async def _two_step(
    page: Page, clerk: StaffSubject, refusal: ShopError | None = None
) -> HTMLResponse | RedirectResponse:
    async with reading(page.shop.engine) as session:
        secret = await members_two_step.pending(session, page.shop.vault, clerk.id)
    if secret is None:
        return go("/desk/profile")
    return page.show(
        "backoffice/members_two_step.html",
        status=refusal.status if refusal else 200,
        tab="profile",
        secret=secret,
        qr=totp.qr_code(totp.address(secret, clerk.email)),
        fault=refusal.sentence(page.language) if refusal else "",
        back=TWO_STEP,
    )


async def _spare_codes(page: Page, clerk: StaffSubject, codes: tuple[str, ...] = ()) -> HTMLResponse:
    async with reading(page.shop.engine) as session:
        standing = await members_two_step.standing(session, clerk.id)
    return page.show(
        "backoffice/members_spare_codes.html",
        tab="profile",
        codes=codes,
        standing=standing,
        idempotency_key=uuid4().hex,
        back="/desk/profile/spare-codes",
    )


async def _confirm(page: Page, clerk: StaffSubject, address: str, refusal: ShopError | None = None) -> HTMLResponse:
    async with reading(page.shop.engine) as session:
        standing = await members_two_step.standing(session, clerk.id)
    return page.show(
        "backoffice/members_confirm.html",
        status=refusal.status if refusal else 200,
        tab="",
        next=address,
        standing=standing,
        fault=refusal.sentence(page.language) if refusal else "",
        back="/desk",
    )


def _token(page: Page) -> str:
    return page.request.cookies.get(STAFF_COOKIE, "")
