"""SQL of erasure: what stands in its way, in all slices, and what of a customer is overwritten."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from transactional.db import ReadSession, WriteSession

# Reads what other slices hold, so that no order, case or payment is left without its person.
STANDING = text("""
select
    coalesce((select balance_fen from shop.wallet where customer_id = :customer_id), 0) as balance_fen,
    (
        select count(*) from shop.orders where customer_id = :customer_id
            and (state in ('paid', 'fulfilling', 'partially_delivered', 'refund_pending')
                or state = 'pending_payment' and pay_by > :at)
    ) as open_orders,
    (
        select count(*) from shop.withdrawal where customer_id = :customer_id
            and state in ('requested', 'approved', 'paying', 'unknown')
    ) + (
        select count(*) from shop.top_up where customer_id = :customer_id and state = 'open' and pay_by > :at
    ) as money_on_its_way,
    (
        select count(*) from shop.aftersales_case where customer_id = :customer_id
            and state in ('open', 'waiting_for_shop', 'waiting_for_customer')
    ) as open_cases,
    (
        select count(*) from shop.shipment where customer_id = :customer_id and confirmed_at is null
    ) as open_parcels,
    (
        select count(distinct entry.draw_id) from shop.draw_entry as entry join shop.draw on draw.id = entry.draw_id
        where entry.customer_id = :customer_id and (
            draw.state in ('open', 'closed', 'committed')
            or entry.stake_fen > (
                select coalesce(sum(amount_fen), 0) from shop.stake_end where stake_end.entry_id = entry.id
            )
            or exists (
                select from shop.draw_winner as winner
                where winner.entry_id = entry.id and winner.state in ('notified', 'claimed')
            )
        )
    ) as open_draws
""")
LOCK = text("select erased_at from shop.customer where id = :customer_id for update")
LOCK_MONEY = text("select from shop.wallet where customer_id = :customer_id for update")
TOMBSTONE = text("""
update shop.customer
set email = null, display_name = null, password_hash = null, phone_index = null, sealed_phone = null,
    phone_key_id = null, email_verified_at = null, phone_verified_at = null, password_changed_at = null,
    language = null, erased_at = :at,
    external_ref = case when external_ref is not null then 'erased:' || public_id end
where id = :customer_id
""")
ADDRESSES = text("""
update shop.address set sealed = '', is_default = false, removed_at = coalesce(removed_at, :at)
where customer_id = :customer_id
""")
SESSIONS = text("update shop.session set device = '', network = '' where customer_id = :customer_id")
ANSWERS = text("""
update shop.order_item set form_answers = null
from shop.orders where orders.id = order_item.order_id and orders.customer_id = :customer_id
    and order_item.form_answers is not null
""")
NOTICES = text("update shop.notice set values = '{}' where customer_id = :customer_id and values <> '{}'")
# Stored answers repeat names and addresses; nobody is left who could send these commands again.
COMMANDS = text("""
update shop.idempotency_key set answer = null
where subject = 'customer:' || cast(:customer_id as bigint) and answer is not null
""")
REGISTRATION = text("""
update shop.idempotency_key set answer = null, subject = 'registration:erased:' || cast(:customer_id as bigint)
where subject = 'registration:' || lower(:email)
""")
OVERWRITTEN = (ADDRESSES, SESSIONS, ANSWERS, NOTICES, COMMANDS, TOMBSTONE)


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands in the way of erasure, while any of it is not 0."""

    balance_fen: int
    open_orders: int
    money_on_its_way: int
    open_cases: int
    open_parcels: int
    open_draws: int


async def standing(session: ReadSession, customer_id: int, at: datetime) -> Standing:
    row = (await session.execute(STANDING, {"customer_id": customer_id, "at": at})).one()
    return Standing(**row._mapping)


async def lock(session: WriteSession, customer_id: int) -> bool:
    """Waits for everything under way that seals or spends for this customer; False once they were erased."""
    erased_at = (await session.execute(LOCK, {"customer_id": customer_id})).one().erased_at
    await session.execute(LOCK_MONEY, {"customer_id": customer_id})
    return erased_at is None


async def overwrite(session: WriteSession, customer_id: int, email: str, at: datetime) -> None:
    """Personal fields are empty from now on; what happened, and every amount, stays."""
    await session.execute(REGISTRATION, {"customer_id": customer_id, "email": email})
    for statement in OVERWRITTEN:
        given = {"customer_id": customer_id, "at": at}
        await session.execute(statement, {name: given[name] for name in statement.compile().params})
