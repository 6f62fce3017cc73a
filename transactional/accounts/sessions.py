"""Log-ins under way and the browsers they came from: opened, listed, ended, remembered. Of customers only.

Whether somebody may come in is decided before; who is behind a cookie is asked in `log_ins`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text

from mingsuan import clock
from transactional.accounts import tokens
from transactional.accounts.entry.models import KnownDevice
from transactional.accounts.entry.rate_limits import network_of
from transactional.accounts.entry.rules import device_name
from transactional.accounts.models import Session
from transactional.accounts.schemas import LogInToken
from transactional.db import ReadSession, WriteSession
from transactional.errors import NotFoundError
from transactional.notices import service as notices

DEVICE_DAYS = 400
"""What browsers keep a cookie for at most (RFC 6265bis)."""

# the name by which the outside calls a row that has none of its own: it tells nothing of the token
REFERENCE = "encode(substring(sha256('ref'::bytea || token_sha256) from 1 for 16), 'hex')::uuid::text"
OPEN_SESSIONS = text(f"""
select {REFERENCE} as id, device, network, opened_by, opened_at, expires_at, token_sha256 = :own as is_this
from shop.session where customer_id = :customer_id and revoked_at is null and expires_at > :at
order by is_this desc, opened_at desc
""")
KNOWN_DEVICES = text(f"""
select {REFERENCE} as id, created_at as since, last_used_at, token_sha256 = :own as is_this
from shop.known_device where customer_id = :customer_id and revoked_at is null
order by is_this desc, last_used_at desc
""")
END_ONE = text(f"""
update shop.session set revoked_at = coalesce(revoked_at, :at)
where customer_id = :customer_id and {REFERENCE} = :id returning id
""")
END_ALL = text("""
update shop.session set revoked_at = coalesce(revoked_at, :at)
where customer_id = :customer_id and revoked_at is null and token_sha256 <> :but
""")
FORGET_ONE = text(f"""
update shop.known_device set revoked_at = coalesce(revoked_at, :at)
where customer_id = :customer_id and {REFERENCE} = :id returning id
""")
FORGET_ALL = text("""
update shop.known_device set revoked_at = :at where customer_id = :customer_id and revoked_at is null
""")
DEVICE_OF = text("""
select id from shop.known_device
where token_sha256 = :digest and customer_id = :customer_id and revoked_at is null
""")
SEEN = text("update shop.known_device set last_used_at = :at where id = :id")


@dataclass(frozen=True, slots=True)
class Visitor:
    """The browser that asks, as far as it is known."""

    address: str
    user_agent: str = ""
    device_token: str | None = None
    session_token: str | None = None
    language: str = "zh_CN"


@dataclass(frozen=True, slots=True)
class Opened:
    """What the browser is given: the session's secret, and the device's when it was not known before."""

    customer_id: int
    session: LogInToken
    device: LogInToken | None


@dataclass(frozen=True, slots=True)
class SessionView:
    id: str
    device: str
    network: str
    opened_by: str
    opened_at: datetime
    expires_at: datetime
    is_this: bool


@dataclass(frozen=True, slots=True)
class DeviceView:
    id: str
    since: datetime
    last_used_at: datetime
    is_this: bool


async def known_device(session: ReadSession, customer_id: int | None, device_token: str | None) -> int | None:
    """The number of the browser's device when this customer logged in from it before."""
    if customer_id is None or not device_token:
        return None
    values = {"digest": tokens.digest(device_token), "customer_id": customer_id}
    found: int | None = await session.scalar(DEVICE_OF, values)
    return found


async def open_session(
    session: WriteSession, customer_id: int, visitor: Visitor, days: int, opened_by: str, *, is_new: bool = False
) -> Opened:
    """A session under a fresh token; the one that the browser had ends. An unknown device is told to the customer,
    except with `is_new`: the account itself was just made or taken back from it."""
    at = clock.now()
    token = LogInToken(tokens.new(), at + timedelta(days=days))
    if visitor.session_token:
        await end_token(session, visitor.session_token, at)
    name, network = device_name(visitor.user_agent), network_of(visitor.address)
    row = Session(
        token_sha256=tokens.digest(token.token),
        customer_id=customer_id,
        expires_at=token.expires_at,
        device=name,
        network=network,
        opened_by=opened_by,
        opened_at=at,
    )
    session.add(row)
    await session.flush()
    device_id = await known_device(session, customer_id, visitor.device_token)
    if device_id is not None:
        await session.execute(SEEN, {"id": device_id, "at": at})
        return Opened(customer_id, token, None)
    device = LogInToken(tokens.new(), at + timedelta(days=DEVICE_DAYS))
    known = KnownDevice(token_sha256=tokens.digest(device.token), customer_id=customer_id, last_used_at=at)
    session.add(known)
    await session.flush()
    if not is_new:
        values = {"device": name, "network": network}
        await notices.tell(session, customer_id, "new_device", f"device:{known.id}", values)
    return Opened(customer_id, token, device)


async def end_token(session: WriteSession, token: str, at: datetime) -> None:
    """The session of a token, whoever's it is."""
    ended = text("update shop.session set revoked_at = :at where token_sha256 = :digest and revoked_at is null")
    await session.execute(ended, {"at": at, "digest": tokens.digest(token)})


async def end_all(session: WriteSession, customer_id: int, at: datetime, *, but: str | None = None) -> None:
    """All log-ins of a customer, except that of the token `but`."""
    kept = tokens.digest(but) if but else b""
    await session.execute(END_ALL, {"customer_id": customer_id, "at": at, "but": kept})


async def end_one(session: WriteSession, customer_id: int, reference: str, at: datetime) -> None:
    """Raises NotFoundError for one that is not the customer's own; ended twice it stays as it ended."""
    values = {"customer_id": customer_id, "id": reference, "at": at}
    if (await session.execute(END_ONE, values)).one_or_none() is None:
        raise NotFoundError


async def forget_device(session: WriteSession, customer_id: int, reference: str, at: datetime) -> None:
    """It counts as unknown from now on. Raises NotFoundError like `end_one`."""
    values = {"customer_id": customer_id, "id": reference, "at": at}
    if (await session.execute(FORGET_ONE, values)).one_or_none() is None:
        raise NotFoundError


async def forget_devices(session: WriteSession, customer_id: int, at: datetime) -> None:
    await session.execute(FORGET_ALL, {"customer_id": customer_id, "at": at})


async def open_sessions(session: ReadSession, customer_id: int, own_token: str | None) -> tuple[SessionView, ...]:
    """This browser's first, then the newest."""
    values = {"customer_id": customer_id, "own": tokens.digest(own_token or ""), "at": clock.now()}
    return tuple(SessionView(**row._mapping) for row in await session.execute(OPEN_SESSIONS, values))


async def known_devices(session: ReadSession, customer_id: int, own_token: str | None) -> tuple[DeviceView, ...]:
    """This one first, then the ones last used."""
    values = {"customer_id": customer_id, "own": tokens.digest(own_token or "")}
    return tuple(DeviceView(**row._mapping) for row in await session.execute(KNOWN_DEVICES, values))
