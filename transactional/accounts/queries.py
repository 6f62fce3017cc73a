"""SQL of accounts: credentials, the subject behind a token, wallets."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Update, func, select, text, update

from transactional.accounts.models import Customer, Session, Staff, Wallet
from transactional.accounts.schemas import CustomerSubject, StaffSubject, WalletLine
from transactional.db import ReadSession

WALLET_LINES = text("""
with movement as (
    select e.id, t.id as transaction_id, t.effective_at as happened_at, t.event, o.order_no,
        -e.amount_fen as amount_fen, sum(-e.amount_fen) over (order by e.id) as balance_fen
    from shop.ledger_entry as e
    join shop.ledger_transaction as t on t.id = e.transaction_id
    left join shop.orders as o on o.id = t.order_id
    where e.customer_id = :customer_id and e.account = 'customer_wallet'
)
select happened_at, event, order_no, amount_fen, balance_fen,
    case when event = 'wallet_credited' then (
        select other.account from shop.ledger_entry as other
        where other.transaction_id = movement.transaction_id and other.account in ('bank', 'goodwill') limit 1
    ) end as source
from movement order by id desc limit :limit offset :offset
""")

CUSTOMERS_OF_TOKENS = text("""
select s.token_sha256, c.id, c.public_id, coalesce(c.email, '') as email, coalesce(c.display_name, '') as display_name
from shop.session as s join shop.customer as c on c.id = s.customer_id
where s.token_sha256 = any(:digests) and s.revoked_at is null and s.expires_at > :at and c.erased_at is null
""")


@dataclass(frozen=True, slots=True)
class Credentials:
    id: int
    password_hash: str | None


async def staff_credentials(session: ReadSession, email: str) -> Credentials | None:
    found = select(Staff.id, Staff.password_hash).where(
        func.lower(Staff.email) == func.lower(email.strip()), Staff.disabled_at.is_(None)
    )
    row = (await session.execute(found)).one_or_none()
    return Credentials(*row) if row else None


async def customer_by_email(session: ReadSession, email: str) -> CustomerSubject | None:
    customer = await session.scalar(select(Customer).where(func.lower(Customer.email) == func.lower(email.strip())))
    return customer_subject(customer) if customer else None


async def customer_of_token(session: ReadSession, digest: bytes, at: datetime) -> CustomerSubject | None:
    found = select(Customer).join(Session, Session.customer_id == Customer.id).where(*_valid(digest, at))
    customer = await session.scalar(found.where(Customer.erased_at.is_(None)))
    return customer_subject(customer) if customer else None


async def customers_of_tokens(
    session: ReadSession, digests: Sequence[bytes], at: datetime
) -> dict[bytes, CustomerSubject]:
    """Like `customer_of_token`, for many at once."""
    rows = await session.execute(CUSTOMERS_OF_TOKENS, {"digests": list(digests), "at": at})
    return {
        bytes(row.token_sha256): CustomerSubject(row.id, row.public_id, row.email, row.display_name) for row in rows
    }


async def staff_of_token(session: ReadSession, digest: bytes, at: datetime) -> StaffSubject | None:
    found = select(Staff).join(Session, Session.staff_id == Staff.id).where(*_valid(digest, at))
    member = await session.scalar(found.where(Staff.disabled_at.is_(None)))
    return staff_subject(member) if member else None


def revocation(digest: bytes, at: datetime) -> Update:
    return update(Session).where(Session.token_sha256 == digest, Session.revoked_at.is_(None)).values(revoked_at=at)


async def balance(session: ReadSession, customer_id: int) -> int:
    """Fen in the wallet; 0 for a customer who never had one."""
    return await session.scalar(select(Wallet.balance_fen).where(Wallet.customer_id == customer_id)) or 0


async def wallet_lines(session: ReadSession, customer_id: int, limit: int, offset: int) -> tuple[WalletLine, ...]:
    rows = await session.execute(WALLET_LINES, {"customer_id": customer_id, "limit": limit, "offset": offset})
    return tuple(WalletLine.model_validate(row) for row in rows)


def customer_subject(customer: Customer) -> CustomerSubject:
    return CustomerSubject(customer.id, customer.public_id, customer.email or "", customer.display_name or "")


def staff_subject(member: Staff) -> StaffSubject:
    role: Any = member.role
    return StaffSubject(member.id, member.public_id, member.email, member.display_name, role)


def _valid(digest: bytes, at: datetime) -> tuple[Any, ...]:
    return Session.token_sha256 == digest, Session.revoked_at.is_(None), Session.expires_at > at
