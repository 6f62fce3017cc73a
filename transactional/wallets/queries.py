"""SQL of wallets: what one can take and give now, its statement, top-ups and withdrawals as pages show them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text

from transactional.db import ReadSession, WriteSession
from transactional.wallets.rules import REFUNDABLE_FOR, Room, Source

LOCK_WALLET = text("""
insert into shop.wallet (customer_id) values (:customer_id) on conflict (customer_id) do update set balance_fen =
    shop.wallet.balance_fen returning balance_fen
""")
ROOM = text("""
select
    coalesce((select balance_fen from shop.wallet where customer_id = :customer_id), 0) as balance_fen,
    coalesce((
        select sum(amount_fen) from shop.top_up
        where customer_id = :customer_id and state = 'open' and pay_by > :at
    ), 0)::bigint as pending_fen,
    coalesce((
        select sum(part.amount_fen) from shop.withdrawal_part as part
        join shop.withdrawal as w on w.id = part.withdrawal_id
        where w.customer_id = :customer_id and part.state in ('held', 'paying')
    ), 0)::bigint as held_fen
""")
# Money can go back to a top-up's payment, and to an order's whose refund went into the wallet: as far as the gateway
# still has something of that payment to give back. Imported payments have no number of ours.
SOURCES = text("""
select payment_id, method, left_fen from (
    select p.id as payment_id, p.method, p.paid_at,
        least(
            case when p.top_up_id is null then coalesce(back.to_wallet_fen, 0) else p.amount_fen end,
            p.amount_fen - coalesce(back.to_gateway_fen, 0) - coalesce(disputed.fen, 0)
        ) - coalesce(gone.fen, 0) as left_fen
    from shop.payment as p
    left join shop.orders as o on o.id = p.order_id
    left join shop.top_up as t on t.id = p.top_up_id
    left join lateral (
        select sum(r.amount_fen) filter (where r.method = 'wallet') as to_wallet_fen,
            sum(r.amount_fen) filter (where r.method <> 'wallet') as to_gateway_fen
        from shop.refund_payout as r where r.payment_id = p.id and r.state <> 'failed' and r.withdrawal_id is null
            and not exists (select from shop.unapplied_receipt as u where u.payout_id = r.id)
    ) as back on true
    left join lateral (select sum(c.amount_fen) as fen from shop.chargeback as c where c.payment_id = p.id)
        as disputed on true
    left join lateral (
        select sum(part.amount_fen) as fen from shop.withdrawal_part as part
        where part.payment_id = p.id and part.state <> 'returned'
    ) as gone on true
    where p.state = 'succeeded' and p.out_trade_no is not null and p.gateway_trade_no is not null
        and p.method = any(cast(:methods as text[])) and p.paid_at > :since
        and (o.customer_id = :customer_id or t.customer_id = :customer_id)
) as paid
where left_fen > 0 order by paid_at desc, payment_id desc
""")

MOVEMENTS = """
with movement as (
    select e.id, t.id as transaction_id, t.reference, t.effective_at as happened_at, t.event, t.order_id,
        -e.amount_fen as amount_fen, sum(-e.amount_fen) over (order by e.id)::bigint as balance_fen
    from shop.ledger_entry as e join shop.ledger_transaction as t on t.id = e.transaction_id
    where e.customer_id = :customer_id and e.account = 'customer_wallet'
)
select m.happened_at, m.event, m.amount_fen, m.balance_fen, o.order_no, goods.title_zh, goods.title_en,
    case when m.event = 'wallet_credited' then (
        select other.account from shop.ledger_entry as other
        where other.transaction_id = m.transaction_id and other.account in ('bank', 'goodwill') limit 1
    ) end as source,
    payment.method, coalesce(asked.public_id, came_back.public_id) as withdrawal_id,
    credit.reason, staff.display_name as credited_by
from movement as m
left join shop.orders as o on o.id = m.order_id
left join lateral (
    select p.title_zh, p.title_en from shop.order_item as i
    join shop.sku as s on s.id = i.sku_id join shop.product as p on p.id = s.product_id
    where i.order_id = m.order_id order by i.line_no limit 1
) as goods on true
left join shop.payment as payment on m.event = 'wallet_topped_up' and m.reference = 'top-up:' || payment.id
left join shop.withdrawal as asked on m.event = 'withdrawal_requested' and m.reference = 'withdrawal:' || asked.id
    and asked.customer_id = :customer_id
left join shop.withdrawal_part as part on m.event = 'withdrawal_returned'
    and m.reference = 'withdrawal-returned:' || part.id
left join shop.withdrawal as came_back on came_back.id = part.withdrawal_id
left join shop.staff_act as credit on m.event = 'wallet_credited' and credit.act = 'credit_wallet'
    and credit.subject = :customer and 'credit:' || (credit.detail ->> 'reference') = m.reference
left join shop.staff as staff on staff.id = credit.staff_id
where (cast(:events as text[]) is null or m.event = any(cast(:events as text[])))
    and (cast(:since as timestamptz) is null or m.happened_at >= :since)
    and (cast(:until as timestamptz) is null or m.happened_at < :until)
order by m.id desc limit :limit offset :offset
"""
STATEMENT = text(MOVEMENTS)

TOP_UP = text("""
select t.public_id as id, t.state, t.amount_fen, t.pay_by, t.paid_at
from shop.top_up as t where t.public_id = :id and t.customer_id = :customer_id
""")

WITHDRAWAL = """
select w.public_id as id, w.state, w.amount_fen, w.reason, w.requested_at, w.decided_at, w.ended_at,
    c.public_id as customer_id, w.sealed_bank_account is not null as has_bank_account, w.confirmed_by,
    staff.display_name as decided_by,
    coalesce((select sum(p.amount_fen) from shop.withdrawal_part as p where p.withdrawal_id = w.id
        and p.state = 'paid'), 0)::bigint as paid_fen,
    coalesce((select sum(p.amount_fen) from shop.withdrawal_part as p where p.withdrawal_id = w.id
        and p.payment_id is null), 0)::bigint as bank_fen
from shop.withdrawal as w join shop.customer as c on c.id = w.customer_id
left join shop.staff as staff on staff.id = w.decided_by
"""
WITHDRAWAL_NAMED = text(f"""{WITHDRAWAL}
where w.public_id = :id and (cast(:customer_id as bigint) is null or w.customer_id = :customer_id)
""")
WITHDRAWALS_OF = text(f"{WITHDRAWAL} where w.customer_id = :customer_id order by w.id desc limit :limit")
WITHDRAWALS = text(f"""{WITHDRAWAL}
where (cast(:states as text[]) is null or w.state = any(cast(:states as text[])))
order by w.id desc limit :limit offset :offset
""")
PARTS = text("""
select part.amount_fen, part.state, part.bank_reference, part.ended_at, p.method, p.paid_at, r.out_refund_no,
    r.state as payout_state
from shop.withdrawal_part as part join shop.withdrawal as w on w.id = part.withdrawal_id
left join shop.payment as p on p.id = part.payment_id
left join shop.refund_payout as r on r.withdrawal_id = w.id and r.payment_id = part.payment_id
where w.public_id = :id order by part.id
""")


async def lock_wallet(session: WriteSession, customer_id: int) -> int:
    """The balance, locked until the transaction ends; a customer who never had a wallet gets one."""
    return int((await session.execute(LOCK_WALLET, {"customer_id": customer_id})).scalar_one())


async def room(session: ReadSession, customer_id: int, methods: Sequence[str], at: datetime) -> Room:
    """What the wallet can take and give; exact while it is locked. `methods`: gateways that are switched on."""
    sums = (await session.execute(ROOM, {"customer_id": customer_id, "at": at})).one()
    values = {"customer_id": customer_id, "methods": list(methods), "since": at - REFUNDABLE_FOR}
    rows = await session.execute(SOURCES, values)
    sources = tuple(Source(row.payment_id, row.method, int(row.left_fen)) for row in rows)
    return Room(sums.balance_fen, sums.pending_fen, sums.held_fen, sources)


async def parts(session: ReadSession, withdrawal_id: Any) -> Sequence[Any]:
    return (await session.execute(PARTS, {"id": withdrawal_id})).all()
