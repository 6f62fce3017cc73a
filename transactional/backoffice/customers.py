"""Customers as the desk sees them: found by address, telephone or number; what they have in the shop.

Addresses, telephones and e-mail are shown masked where the role or the law asks for it; sealed data stay sealed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from mingsuan import clock
from transactional.accounts import service as accounts
from transactional.accounts.persons import addresses, contacts
from transactional.cards.vault import Vault
from transactional.db import ReadSession, WriteSession
from transactional.errors import InvalidInputError, NotFoundError

BY_EMAIL = text("select id from shop.customer where lower(email) = lower(:typed)")
BY_PUBLIC_ID = text("select id from shop.customer where public_id = :public_id")
BY_REFERENCE = text("""
select id from shop.customer where source = any(array(select distinct i.source from shop.order_import as i))
    and external_ref = :typed limit 1
""")
ONE = text("""
select c.id, c.public_id, c.email, coalesce(c.display_name, '') as display_name, c.registered_at, c.acquisition_channel,
    c.source, c.email_verified_at, c.phone_verified_at, c.language, c.country, c.erased_at,
    coalesce((select w.balance_fen from shop.wallet as w where w.customer_id = c.id), 0)::bigint as balance_fen,
    (select count(*) from shop.session as s where s.customer_id = c.id and s.revoked_at is null and s.expires_at > :at)
        as session_count,
    (select count(*) from shop.address as a where a.customer_id = c.id and a.removed_at is null) as address_count,
    (select k.state from shop.identity_check as k where k.customer_id = c.id order by k.id desc limit 1)
        as identity_state,
    (select count(*) from shop.orders as o where o.customer_id = c.id) as order_count,
    (select coalesce(sum(o.net_fen), 0)::bigint from shop.orders as o
        where o.customer_id = c.id and o.paid_at is not null) as paid_fen
from shop.customer as c where c.public_id = :public_id
""")
NEWEST = text("""
select c.public_id, c.email, coalesce(c.display_name, '') as display_name, c.registered_at, c.erased_at
from shop.customer as c
where cast(:before as bigint) is null or c.id < :before
order by c.id desc limit :limit
""")
INSIDE = text("select id from shop.customer where public_id = :public_id")
REFUNDS = text("""
select r.out_refund_no, o.order_no, r.method, r.state, r.amount_fen, r.requested_at
from shop.orders as o join shop.payment as p on p.order_id = o.id
join shop.refund_payout as r on r.payment_id = p.id
where o.customer_id = :customer_id order by r.id desc limit 50
""")
CASES = text("""
select c.public_id, c.state, c.reason, o.order_no, c.opened_at
from shop.aftersales_case as c join shop.orders as o on o.id = c.order_id
where c.customer_id = :customer_id order by c.id desc limit 20
""")
END_SESSIONS = text("""
update shop.session set revoked_at = :at
where customer_id = :customer_id and revoked_at is null and expires_at > :at returning id
""")
A_PAGE = 50


@dataclass(frozen=True, slots=True)
class CustomerFile:
    """One customer at the desk. `phone` is masked; sums are fen."""

    id: int
    public_id: UUID
    email: str | None
    display_name: str
    registered_at: datetime
    acquisition_channel: str
    source: str | None
    email_verified_at: datetime | None
    phone_verified_at: datetime | None
    language: str | None
    country: str
    erased_at: datetime | None
    balance_fen: int
    session_count: int
    address_count: int
    identity_state: str | None
    order_count: int
    paid_fen: int
    phone: str | None


@dataclass(frozen=True, slots=True)
class MaskedAddress:
    """Enough of an address to talk about it: no street, one sign of the name, a masked number."""

    recipient: str
    phone: str
    region: str
    is_default: bool


async def known_by(session: ReadSession, vault: Vault, typed: str) -> tuple[int, str] | None:
    """The inside key of the customer whom somebody means, and by what they are known; None when nobody is."""
    typed = typed.strip()
    if "@" in typed:
        found = await session.scalar(BY_EMAIL, {"typed": typed})
        return (found, "email") if found else None
    public_id = as_uuid(typed)
    if public_id:
        found = await session.scalar(BY_PUBLIC_ID, {"public_id": public_id})
        return (found, "customer_id") if found else None
    try:
        subject = await contacts.customer_by_phone(session, vault, contacts.parse_phone(typed))
    except InvalidInputError:
        subject = None
    if subject:
        return subject.id, "phone"
    found = await session.scalar(BY_REFERENCE, {"typed": typed})
    return (found, "customer_reference") if found else None


async def file_of(session: ReadSession, vault: Vault, public_id: UUID) -> CustomerFile:
    """Raises NotFoundError."""
    row = (await session.execute(ONE, {"public_id": public_id, "at": clock.now()})).one_or_none()
    if row is None:
        raise NotFoundError
    phone = None if row.erased_at else await contacts.phone_of(session, vault, row.id)
    return CustomerFile(**row._mapping, phone=contacts.masked(phone) if phone else None)


async def newest(session: ReadSession, before: UUID | None) -> tuple[Sequence[Any], bool]:
    """Who registered last, and whether there are more."""
    edge = await session.scalar(INSIDE, {"public_id": before}) if before else None
    rows = (await session.execute(NEWEST, {"before": edge, "limit": A_PAGE + 1})).all()
    return rows[:A_PAGE], len(rows) > A_PAGE


async def by_id(session: ReadSession, customer_id: int) -> UUID:
    """The public name of a customer."""
    found: UUID = (
        await session.execute(text("select public_id from shop.customer where id = :id"), {"id": customer_id})
    ).scalar_one()
    return found


async def refunds(session: ReadSession, customer_id: int) -> Sequence[Any]:
    """The last sums that went back, or are to go back, for this customer's orders."""
    return (await session.execute(REFUNDS, {"customer_id": customer_id})).all()


async def cases(session: ReadSession, customer_id: int) -> Sequence[Any]:
    """The customer's latest after-sales cases."""
    return (await session.execute(CASES, {"customer_id": customer_id})).all()


async def places(session: ReadSession, vault: Vault, customer_id: int) -> tuple[MaskedAddress, ...]:
    """Where the customer's parcels may go, masked; the default first."""
    return tuple(
        MaskedAddress(
            f"{each.recipient[:1]}*",
            contacts.masked(each.phone),
            f"{each.province}{'' if each.city == each.province else each.city}{each.district}",
            each.is_default,
        )
        for each in await addresses.list_of(session, vault, customer_id)
    )


async def end_sessions(session: WriteSession, public_id: UUID, staff_id: int, reason: str) -> int:
    """Logs the customer out everywhere; how many log-ins ended. Raises NotFoundError."""
    customer_id = await session.scalar(INSIDE, {"public_id": public_id})
    if customer_id is None:
        raise NotFoundError
    ended = (await session.execute(END_SESSIONS, {"customer_id": customer_id, "at": clock.now()})).all()
    detail = {"count": len(ended)}
    await accounts.record_act(session, staff_id, "end_sessions", f"customer:{public_id}", reason=reason, detail=detail)
    return len(ended)


def as_uuid(typed: str) -> UUID | None:
    """What somebody typed as a public name, if it is one."""
    try:
        return UUID(typed.strip())
    except ValueError:
        return None
