"""The owner's pages about staff: who works here, in which role, since when; and who may do what."""

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from mingsuan import clock
from transactional.accounts.members import queries as members_queries
from transactional.accounts.members import service as members
from transactional.accounts.members.entry import is_required
from transactional.accounts.members.sessions import sessions
from transactional.accounts.models import STAFF_ROLES
from transactional.accounts.rules import MAY
from transactional.accounts.schemas import StaffSubject
from transactional.accounts.wording import role_texts
from transactional.backoffice.clerk_session import unconfirmed
from transactional.backoffice.forms import Faults, faults_of, sentence_of
from transactional.backoffice.member_wording import may_texts, role_hints
from transactional.backoffice.roles import may
from transactional.db import reading, writing
from transactional.edge import STAFF_COOKIE
from transactional.errors import ShopError
from transactional.idempotency import CommandKey, first_time
from transactional.web.page import Clerk, DeskPage, Page, PageReading, go

router = APIRouter(prefix="/desk/staff", include_in_schema=False)
may_manage = Depends(may("manage_staff"))
Typed = Annotated[str, Form(max_length=254)]
FormKey = Annotated[str, Form(min_length=8, max_length=200)]


@router.get("", dependencies=[may_manage])
async def staff(page: DeskPage, session: PageReading) -> HTMLResponse:
    found = await members_queries.members(session, clock.now())
    needs = {role: is_required(role, page.shop.settings) for role in STAFF_ROLES}
    return page.show("backoffice/members.html", tab="staff", members=found, needs=needs)


@router.get("/roles")
async def roles(page: DeskPage) -> HTMLResponse:
    """Everybody on the staff may know what which role may do."""
    return page.show(
        "backoffice/members_roles.html",
        tab="staff",
        every_role=STAFF_ROLES,
        hints=role_hints(page.translate),
        role_names=list(role_texts(page.translate).values()),
        matrix=MAY,
        words=may_texts(page.translate),
    )


@router.get("/new", dependencies=[may_manage])
async def new_member(page: DeskPage) -> HTMLResponse:
    return _new(page, {})


@router.post("/new", dependencies=[may_manage])
async def add_member(
    page: DeskPage,
    clerk: Clerk,
    idempotency_key: FormKey,
    email: Typed = "",
    display_name: Annotated[str, Form(max_length=80)] = "",
    role: Typed = "",
) -> Response:
    """Shows the code with which the member joins, on this answer alone; the same form sent again shows it again."""
    if away := await unconfirmed(page, "/desk/staff/new"):
        return away
    form = {"email": email, "display_name": display_name, "role": role}
    new = members.Newcomer(email, display_name, role)
    try:
        async with writing(page.shop.engine) as session:
            if await first_time(session, _command(clerk, idempotency_key, f"add {new}")):
                _who, code = await members.add(session, page.shop.vault, clerk, new, idempotency_key)
            else:
                code = members.code_of(page.shop.vault, clerk.id, idempotency_key)
    except ShopError as refusal:
        return _new(page, form, faults_of(refusal, page.language), sentence_of(refusal, page.language))
    return _invited(page, email.strip(), code)


@router.get("/{who}", dependencies=[may_manage])
async def member(page: DeskPage, who: UUID, done: str = "") -> HTMLResponse:
    return await _member(page, who, done=done)


@router.post("/{who}/invite", dependencies=[may_manage])
async def invite(page: DeskPage, clerk: Clerk, who: UUID, idempotency_key: FormKey) -> Response:
    """A new code, with which the member chooses a new password."""
    if away := await unconfirmed(page, f"/desk/staff/{who}"):
        return away
    async with writing(page.shop.engine) as session:
        if await first_time(session, _command(clerk, idempotency_key, f"invite {who}")):
            code = await members.invite_again(session, page.shop.vault, clerk, who, idempotency_key)
        else:
            code = members.code_of(page.shop.vault, clerk.id, idempotency_key)
        found = await members_queries.member(session, who, clock.now())
    return _invited(page, found.email, code)


@router.post("/{who}/role", dependencies=[may_manage], response_model=None)
async def change_role(page: DeskPage, clerk: Clerk, who: UUID, role: Typed) -> HTMLResponse | RedirectResponse:
    if away := await unconfirmed(page, f"/desk/staff/{who}"):
        return away
    try:
        async with writing(page.shop.engine) as session:
            await members.change_role(session, clerk, who, role)
    except ShopError as refusal:
        return await _member(page, who, refusal)
    return go(f"/desk/staff/{who}?done=role")


@router.post("/{who}/disable", dependencies=[may_manage], response_model=None)
async def disable(page: DeskPage, clerk: Clerk, who: UUID, reason: Typed = "") -> HTMLResponse | RedirectResponse:
    try:
        async with writing(page.shop.engine) as session:
            await members.disable(session, clerk, who, reason.strip())
    except ShopError as refusal:
        return await _member(page, who, refusal)
    return go(f"/desk/staff/{who}?done=disabled")


@router.post("/{who}/enable", dependencies=[may_manage])
async def enable(page: DeskPage, clerk: Clerk, who: UUID) -> RedirectResponse:
    if away := await unconfirmed(page, f"/desk/staff/{who}"):
        return away
    async with writing(page.shop.engine) as session:
        await members.enable(session, clerk, who)
    return go(f"/desk/staff/{who}?done=enabled")


@router.post("/{who}/two-step/reset", dependencies=[may_manage], response_model=None)
async def reset_two_step(
    page: DeskPage, clerk: Clerk, who: UUID, reason: Typed = ""
) -> HTMLResponse | RedirectResponse:
    if away := await unconfirmed(page, f"/desk/staff/{who}"):
        return away
    try:
        async with writing(page.shop.engine) as session:
            await members.reset_two_step(session, clerk, who, reason.strip())
    except ShopError as refusal:
        return await _member(page, who, refusal)
    return go(f"/desk/staff/{who}?done=two_step")


@router.post("/{who}/sessions/end", dependencies=[may_manage])
async def end_sessions(page: DeskPage, clerk: Clerk, who: UUID) -> RedirectResponse:
    async with writing(page.shop.engine) as session:
        await members.end_sessions(session, clerk, who)
    return go(f"/desk/staff/{who}?done=sessions")


def _command(clerk: StaffSubject, key: str, request: str) -> CommandKey:
    return CommandKey(f"staff:{clerk.public_id}", key, request)


def _new(page: Page, form: Mapping[str, str], faults: Faults | None = None, fault: str = "") -> HTMLResponse:
    return page.show(
        "backoffice/members_new.html",
        status=422 if faults or fault else 200,
        tab="staff",
        form=Faults(form),
        every_role=STAFF_ROLES,
        hints=role_hints(page.translate),
        idempotency_key=uuid4().hex,
        faults=faults or Faults(),
        fault=fault if not faults else "",
        back="/desk/staff/new",
    )


def _invited(page: Page, email: str, code: str) -> HTMLResponse:
    public = (page.shop.settings.public_url or f"{page.request.url.scheme}://{page.request.url.netloc}").rstrip("/")
    return page.show(
        "backoffice/members_invited.html",
        tab="staff",
        email=email,
        code=code,
        address=f"{public}/desk/join",
        days=members.JOIN_WITHIN.days,
        back="/desk/staff",
    )


async def _member(page: Page, who: UUID, refusal: ShopError | None = None, done: str = "") -> HTMLResponse:
    _ = page.translate
    said = {
        "role": _("The role is changed; the member has to log in again."),
        "disabled": _("The member is switched off and logged out everywhere."),
        "enabled": _("The member may log in again."),
        "two_step": _("The second step is reset; the member sets up a new one at the next log-in."),
        "sessions": _("The member is logged out everywhere."),
    }
    async with reading(page.shop.engine) as session:
        found = await members_queries.member(session, who, clock.now())
        token = page.request.cookies.get(STAFF_COOKIE)
        lasting = await sessions(session, staff_id=found.id, token=token)
    return page.show(
        "backoffice/member.html",
        status=refusal.status if refusal else 200,
        tab="staff",
        member=found,
        is_self=page.staff is not None and page.staff.id == found.id,
        needs_two_step=is_required(found.role, page.shop.settings),
        sessions=lasting,
        every_role=STAFF_ROLES,
        key=uuid4().hex,
        fault=sentence_of(refusal, page.language) if refusal else "",
        done=said.get(done, ""),
        back=f"/desk/staff/{who}",
    )
