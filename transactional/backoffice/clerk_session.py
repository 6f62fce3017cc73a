"""What the desk keeps in the browser of staff: the log-in, the device, for minutes that a password was right.

Who may come in is decided in `accounts.members_entry`.
"""

import hmac
from datetime import timedelta

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from mingsuan import clock
from transactional.accounts.entry.rules import device_name
from transactional.accounts.members import sessions as members_sessions
from transactional.accounts.members.entry import Caller, Door, Entered, Recognised
from transactional.accounts.persons import personal
from transactional.accounts.schemas import LogInToken
from transactional.db import reading
from transactional.edge import STAFF_COOKIE, client_address
from transactional.shop import Shop
from transactional.web.page import Page, go, with_next

DEVICE_COOKIE = "mingsuan_staff_device"
STEP_COOKIE = "mingsuan_staff_step"
STEP_MINUTES = 10
DEVICE_DAYS = 180


def door(shop: Shop) -> Door:
    return Door(shop.engine, shop.vault, shop.settings, shop.wrong_log_ins, shop.staff_gate)


def caller_of(request: Request) -> Caller:
    """Who knocks."""
    return Caller(
        client_address(request),
        device_name(request.headers.get("user-agent", "")),
        request.cookies.get(STAFF_COOKIE),
        request.cookies.get(DEVICE_COOKIE),
    )


def entered(page: Page, address: str, entry: Entered) -> RedirectResponse:
    """On to the desk, with the cookies of log-in and device."""
    answer = go(address)
    set_log_in(answer, entry.log_in, secure=page.shop.settings.secure_cookies)
    _set(answer, page, DEVICE_COOKIE, entry.device_token, int(timedelta(days=DEVICE_DAYS).total_seconds()))
    secure = page.shop.settings.secure_cookies
    answer.delete_cookie(STEP_COOKIE, path="/desk", httponly=True, samesite="lax", secure=secure)
    return answer


def set_log_in(answer: Response, token: LogInToken, *, secure: bool) -> None:
    """Scripts cannot read it, other sites cannot send it with a form."""
    answer.set_cookie(STAFF_COOKIE, token.token, expires=token.expires_at, httponly=True, samesite="lax", secure=secure)


def half_way(page: Page, address: str, member: Recognised) -> RedirectResponse:
    """On to the second step, with a mark that the password was right; it is good for ten minutes and opens nothing."""
    until = int((clock.now() + timedelta(minutes=STEP_MINUTES)).timestamp())
    content = f"{member.staff_id}.{until}"
    answer = go(address)
    _set(answer, page, STEP_COOKIE, f"{content}.{_signature(page.shop, content, member)}", STEP_MINUTES * 60)
    return answer


async def half_way_member(page: Page) -> Recognised | None:
    """Who gave the right password a moment ago; None when nobody did, or something changed since."""
    parts = page.request.cookies.get(STEP_COOKIE, "").split(".")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts[:2]):
        return None
    member = await door(page.shop).recognised(int(parts[0]))
    if member is None or int(parts[1]) < clock.now().timestamp():
        return None
    wanted = _signature(page.shop, ".".join(parts[:2]), member)
    return member if hmac.compare_digest(wanted.encode(), parts[2].encode("utf-8", "replace")) else None


async def unconfirmed(page: Page, back: str) -> RedirectResponse | None:
    """Where somebody has to go first who did not prove lately who they are; None for who did.

    For the gravest acts: roles, codes in clear, money by hand.
    """
    async with reading(page.shop.engine) as session:
        confirmed = await members_sessions.is_confirmed(session, page.request.cookies.get(STAFF_COOKIE, ""))
    return None if confirmed else go(with_next("/desk/confirm", back))


def _signature(shop: Shop, content: str, member: Recognised) -> str:
    return personal.index(shop.vault, "staff-step", f"{content}.{member.mark}").hex()


def _set(answer: Response, page: Page, name: str, value: str, seconds: int) -> None:
    secure = page.shop.settings.secure_cookies
    answer.set_cookie(name, value, max_age=seconds, path="/desk", httponly=True, samesite="lax", secure=secure)
