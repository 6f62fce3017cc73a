"""JSON API of staff's own log-in: password, and the code of the authenticator where there is one."""

from fastapi import APIRouter, Request, Response
from pydantic import Field, SecretStr

from transactional.accounts import service
from transactional.accounts.entry.errors import CrowdedError, TooManyTriesError
from transactional.accounts.entry.rules import device_name
from transactional.accounts.members.entry import Caller, Door
from transactional.accounts.members.errors import SecondFactorNeededError, WrongSecondFactorError
from transactional.accounts.schemas import StaffView
from transactional.db import writing
from transactional.edge import STAFF_COOKIE, ShopHere, Writing, client_address
from transactional.errors import WrongCredentialsError
from transactional.problems import responses
from transactional.schemas import Command

router = APIRouter(tags=["staff"])


class StaffLogIn(Command):
    email: str = Field(max_length=254)
    password: SecretStr = Field(max_length=1024)
    code: SecretStr | None = Field(
        default=None, max_length=40, description="Of the authenticator, or a spare one; for members who have one"
    )


@router.post(
    "/staff/session",
    status_code=201,
    responses=responses(
        WrongCredentialsError, WrongSecondFactorError, SecondFactorNeededError, TooManyTriesError, CrowdedError
    ),
)
async def log_in_staff(body: StaffLogIn, request: Request, response: Response, shop: ShopHere) -> StaffView:
    """Log in as staff: sets the cookie `mingsuan_staff`. A second factor is set up at the desk, not here."""
    door = Door(shop.engine, shop.vault, shop.settings, shop.wrong_log_ins, shop.staff_gate)
    device = device_name(request.headers.get("user-agent", ""))
    caller = Caller(client_address(request), device, request.cookies.get(STAFF_COOKIE))
    member = await door.password(caller, body.email, body.password.get_secret_value())
    if member.factor == "needed" and body.code is not None:
        entered = await door.second_factor(caller, member, body.code.get_secret_value())
    else:
        entered = await door.enter(caller, member)
    log_in, secure = entered.log_in, shop.settings.secure_cookies
    response.set_cookie(
        STAFF_COOKIE, log_in.token, expires=log_in.expires_at, httponly=True, samesite="lax", secure=secure
    )
    async with writing(shop.engine) as session:
        return StaffView.model_validate(await service.staff_of(session, log_in.token))


@router.delete("/staff/session", status_code=204, responses=responses())
async def log_out_staff(request: Request, response: Response, shop: ShopHere, session: Writing) -> None:
    """Log out."""
    await service.log_out(session, request.cookies.get(STAFF_COOKIE, ""))
    secure = shop.settings.secure_cookies
    response.delete_cookie(STAFF_COOKIE, httponly=True, samesite="lax", secure=secure)
