"""Pages through which staff come in: password, second step, first owner, joining by a code; and the way out."""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from transactional.accounts import service
from transactional.accounts.members import service as members
from transactional.accounts.members import totp
from transactional.accounts.members import two_step as members_two_step
from transactional.accounts.members.entry import Recognised
from transactional.accounts.members.errors import SetUpDoneError, WrongInvitationError, WrongSecondFactorError
from transactional.backoffice.clerk_session import caller_of, door, entered, half_way, half_way_member
from transactional.backoffice.forms import Faults, faults_of, sentence_of
from transactional.db import reading, writing
from transactional.edge import STAFF_COOKIE
from transactional.errors import InvalidInputError, NotFoundError, ShopError
from transactional.web.page import OpenPage, Page, PageReading, go, own_address, with_next

router = APIRouter(prefix="/desk", include_in_schema=False)
Email = Annotated[str, Form(max_length=254)]
Password = Annotated[str, Form(max_length=1024)]
Code = Annotated[str, Form(max_length=40)]
Name = Annotated[str, Form(max_length=80)]
Next = Annotated[str, Form(max_length=2000)]


@router.get("/log-in")
async def log_in_form(page: OpenPage, session: PageReading, next: str = "/desk", done: str = "") -> Response:  # noqa: A002
    if not await members.has_staff(session):
        return go("/desk/set-up")
    return _log_in(page, own_address(next, "/desk"), done=done)


@router.post("/log-in")
async def log_in(page: OpenPage, email: Email, password: Password, next: Next = "/desk") -> Response:  # noqa: A002
    address = own_address(next, "/desk")
    caller = caller_of(page.request)
    way_in = door(page.shop)
    try:
        member = await way_in.password(caller, email, password)
    except ShopError as refusal:
        return _log_in(page, address, email, refusal)
    if member.factor == "none":
        return entered(page, address, await way_in.enter(caller, member))
    if member.factor == "to_set_up":
        async with writing(page.shop.engine) as session:
            await members_two_step.begin(session, page.shop.vault, member.staff_id)
    return half_way(page, with_next("/desk/log-in/code", address), member)


@router.get("/log-in/code")
async def code_form(page: OpenPage, next: str = "/desk") -> Response:  # noqa: A002
    member = await half_way_member(page)
    if member is None:
        return go(with_next("/desk/log-in", own_address(next, "/desk")))
    return await _code(page, member, own_address(next, "/desk"))


@router.post("/log-in/code")
async def enter_code(page: OpenPage, code: Code, next: Next = "/desk") -> Response:  # noqa: A002
    """The second step, or the first code of an authenticator that the role needs and that was just set up."""
    address = own_address(next, "/desk")
    member = await half_way_member(page)
    if member is None:
        return go(with_next("/desk/log-in", address))
    way_in, caller = door(page.shop), caller_of(page.request)
    try:
        if member.factor == "to_set_up":
            entry = await way_in.first_code(caller, member, code)
            return entered(page, "/desk/profile/spare-codes", entry)
        return entered(page, address, await way_in.second_factor(caller, member, code))
    except ShopError as refusal:
        return await _code(page, member, address, refusal)


@router.post("/log-out")
async def log_out(page: OpenPage) -> RedirectResponse:
    token = page.request.cookies.get(STAFF_COOKIE)
    if token:
        async with writing(page.shop.engine) as session:
            await service.log_out(session, token)
    answer = go("/desk/log-in?done=out")
    answer.delete_cookie(STAFF_COOKIE, httponly=True, samesite="lax", secure=page.shop.settings.secure_cookies)
    return answer


@router.get("/set-up")
async def set_up_form(page: OpenPage, session: PageReading) -> HTMLResponse:
    """Raises NotFoundError once there is an owner."""
    if await members.has_staff(session):
        raise NotFoundError
    return _set_up(page, {})


@router.post("/set-up")
async def set_up(
    page: OpenPage, code: Code = "", email: Email = "", display_name: Name = "", password: Password = ""
) -> Response:
    """The first owner, by the code that the command line printed."""
    form = {"code": code, "email": email, "display_name": display_name}
    try:
        await door(page.shop).knock(caller_of(page.request))
        password_hash = await members.checked_password(password, email)
        async with writing(page.shop.engine) as session:
            await members.set_up(session, page.shop.vault, code, email, display_name, password_hash)
    except SetUpDoneError:
        return go("/desk/log-in")
    except (InvalidInputError, WrongInvitationError) as refusal:
        return _set_up(page, form, refusal)
    return await log_in(page, email, password, "/desk/profile?done=set_up")


@router.get("/join")
async def join_form(page: OpenPage) -> HTMLResponse:
    return _join(page, {})


@router.post("/join")
async def join(page: OpenPage, email: Email = "", code: Code = "", password: Password = "") -> Response:
    """A member chooses a password, by the code that the owner gave them."""
    form = {"email": email, "code": code}
    try:
        await door(page.shop).knock(caller_of(page.request))
        password_hash = await members.checked_password(password, email)
        async with writing(page.shop.engine) as session:
            await members.join(session, page.shop.vault, email, code, password_hash)
    except ShopError as refusal:
        return _join(page, form, refusal)
    return go("/desk/log-in?done=joined")


def _log_in(
    page: Page, address: str, email: str = "", refusal: ShopError | None = None, done: str = ""
) -> HTMLResponse:
    _ = page.translate
    said = {
        "out": _("You are logged out."),
        "joined": _("Your password is set. Log in with it."),
    }
    return page.show(
        "backoffice/log_in.html",
        status=refusal.status if refusal else 200,
        tab="",
        next=address,
        email=email,
        fault=refusal.sentence(page.language) if refusal else "",
        done=said.get(done, ""),
    )


async def _code(page: Page, member: Recognised, address: str, refusal: ShopError | None = None) -> HTMLResponse:
    secret = None
    if member.factor == "to_set_up":
        async with reading(page.shop.engine) as session:
            secret = await members_two_step.pending(session, page.shop.vault, member.staff_id)
    is_wrong = isinstance(refusal, WrongSecondFactorError)
    return page.show(
        "backoffice/two_step.html",
        status=refusal.status if refusal else 200,
        tab="",
        next=address,
        secret=secret,
        qr=totp.qr_code(totp.address(secret, member.email)) if secret else "",
        email=member.email,
        code_fault=refusal.sentence(page.language) if refusal and is_wrong else "",
        fault=refusal.sentence(page.language) if refusal and not is_wrong else "",
        back="/desk/log-in",
    )


def _set_up(page: Page, form: dict[str, str], refusal: ShopError | None = None) -> HTMLResponse:
    return _by_code(page, "backoffice/set_up.html", form, refusal)


def _join(page: Page, form: dict[str, str], refusal: ShopError | None = None) -> HTMLResponse:
    return _by_code(page, "backoffice/members_join.html", form, refusal)


def _by_code(page: Page, template: str, form: dict[str, str], refusal: ShopError | None) -> HTMLResponse:
    faults = faults_of(refusal, page.language) if refusal else Faults()
    if isinstance(refusal, WrongInvitationError):
        faults["code"] = refusal.sentence(page.language)
    return page.show(
        template,
        status=refusal.status if refusal else 200,
        tab="",
        form=Faults(form),
        faults=faults,
        fault=sentence_of(refusal, page.language) if refusal and not faults else "",
    )
