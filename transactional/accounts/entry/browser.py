"""What the ways in take from a browser and give back to it: its address and device, the cookies of a log-in.

The cookie of a flow holds what a person typed until the code arrives, in their own browser only; all that it claims is
worth nothing without the code (see `codes`).
"""

import base64
import hmac
import json
from dataclasses import asdict, dataclass

from fastapi import Request
from starlette.responses import Response

from mingsuan.settings import Settings
from transactional.accounts.entry.codes import MINUTES, Purpose
from transactional.accounts.persons import personal
from transactional.accounts.sessions import Opened, Visitor
from transactional.cards.vault import Vault
from transactional.edge import CUSTOMER_COOKIE, client_address, language, shop_of
from transactional.shop import Shop

DEVICE_COOKIE = "mingsuan_device"
FLOW_COOKIE = "mingsuan_flow"
MAX_FLOW_LENGTH = 3000


@dataclass(frozen=True, slots=True)
class Flow:
    """A code that was asked for: what for, by whom, and where to go on afterwards."""

    purpose: Purpose
    flow: str
    identifier: str
    next: str = "/"

    def __repr__(self) -> str:
        return f"Flow({self.purpose})"


def visitor_of(request: Request) -> Visitor:
    return Visitor(
        address=client_address(request),
        user_agent=request.headers.get("user-agent", ""),
        device_token=device_token(request),
        session_token=request.cookies.get(CUSTOMER_COOKIE),
        language=language(request),
    )


def device_token(request: Request) -> str | None:
    """The token of a device that this shop gave out; anything else that is in the cookie is none.

    That is told without the database, so that nobody who makes tokens up is let in before others.
    """
    token, _, mark = request.cookies.get(DEVICE_COOKIE, "").partition(".")
    return token if hmac.compare_digest(mark.encode(), _mark(shop_of(request).vault, token).encode()) else None


def give(answer: Response, opened: Opened, shop: Shop) -> None:
    """The log-in, and the device's token when it has a new one; a flow is over with it."""
    secure = shop.settings.secure_cookies
    kept = [(CUSTOMER_COOKIE, opened.session.token, opened.session.expires_at)]
    if opened.device:
        marked = f"{opened.device.token}.{_mark(shop.vault, opened.device.token)}"
        kept.append((DEVICE_COOKIE, marked, opened.device.expires_at))
    for name, content, expires_at in kept:
        answer.set_cookie(name, content, expires=expires_at, httponly=True, samesite="lax", secure=secure)
    answer.delete_cookie(FLOW_COOKIE, httponly=True, samesite="lax", secure=secure)


def _mark(vault: Vault, token: str) -> str:
    return personal.index(vault, "device-cookie", token)[:16].hex()


def take_away(answer: Response, settings: Settings) -> None:
    """The log-in's cookie; the device stays known."""
    answer.delete_cookie(CUSTOMER_COOKIE, httponly=True, samesite="lax", secure=settings.secure_cookies)


def give_flow(answer: Response, flow: Flow, settings: Settings) -> None:
    content = base64.urlsafe_b64encode(json.dumps(asdict(flow)).encode()).decode()
    if len(content) > MAX_FLOW_LENGTH:
        return give_flow(answer, Flow(flow.purpose, flow.flow, flow.identifier), settings)
    answer.set_cookie(
        FLOW_COOKIE,
        content,
        max_age=MINUTES * 60,
        httponly=True,
        samesite="lax",
        secure=settings.secure_cookies,
    )
    return None


def flow_of(request: Request, purpose: Purpose) -> Flow | None:
    """The flow for this purpose that the browser is in; None when there is none, or it is too old to be kept."""
    try:
        content = json.loads(base64.urlsafe_b64decode(request.cookies.get(FLOW_COOKIE, "")))
        flow = Flow(**{name: str(content[name]) for name in ("purpose", "flow", "identifier", "next")})  # type: ignore[arg-type]
    except (ValueError, KeyError, TypeError):
        return None
    return flow if flow.purpose == purpose else None
