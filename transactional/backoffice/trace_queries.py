"""SQL of an order's trace: whatever the tables hold about it, row by row, by the keys that belong to it.

Codes, sealed answers and sealed bodies are not read. A table that points to an order, directly or by another, is either
a source here or named in the test as shown inside another's row.
"""

from typing import Any

from sqlalchemy import TextClause, text

from transactional.db import ReadSession

ORDER = text("""
select o.*, c.public_id as customer, c.email, coalesce(c.display_name, '') as customer_name, m.file_name as import_file,
    case when o.state = 'pending_payment' and o.pay_by < :at then 'cancelled' else o.state end as state_now
from shop.orders as o join shop.customer as c on c.id = o.customer_id
left join shop.order_import as m on m.id = o.import_id where o.order_no = :order_no
""")

SCOPE = text("""
with item as materialized (select id from shop.order_item where order_id = :order_id),
unit as materialized (
    select id, public_id from shop.fulfilment where order_item_id = any(array(select id from item))
),
pay as materialized (select id, public_id, out_trade_no from shop.payment where order_id = :order_id),
receipt as materialized (
    select id, public_id, payout_id from shop.unapplied_receipt where payment_id = any(array(select id from pay))
),
payout as materialized (
    select id, public_id, out_refund_no from shop.refund_payout where payment_id = any(array(select id from pay))
    union select id, public_id, out_refund_no from shop.refund_payout
    where id = any(array(select payout_id from receipt))
),
share as materialized (
    select id, public_id, out_order_no from shop.profit_share where payment_id = any(array(select id from pay))
),
defect as materialized (
    select id, card_id, replacement_card_id from shop.card_defect
    where fulfilment_id = any(array(select id from unit))
),
card as materialized (
    select id, batch_id from shop.card where delivered_fulfilment_id = any(array(select id from unit))
    union select id, batch_id from shop.card where held_item_id = any(array(select id from item))
    union select id, batch_id from shop.card
    where id = any(array(select card_id from defect union select replacement_card_id from defect))
),
posting as (
    select id from shop.ledger_transaction where order_id = :order_id
    union select transaction_id from shop.document_line where order_item_id = any(array(select id from item))
    union select t.id from receipt as r cross join lateral (values
        (concat('receipt:', r.id)), (concat('receipt-fee:', r.id)), (concat('receipt-returned:', r.id)),
        (concat('receipt-applied:', r.id))
    ) as named (reference) join shop.ledger_transaction as t on t.reference = named.reference
),
bill_line as materialized (
    select l.id, concat(b.method, ':', b.bill_date, ':', l.line_no) as subject
    from shop.gateway_bill_line as l join shop.gateway_bill as b on b.id = l.bill_id
    where l.payment_id = any(array(select id from pay)) or l.payout_id = any(array(select id from payout))
),
number as materialized (
    select out_trade_no as number from pay where out_trade_no is not null
    union select out_refund_no from payout union select out_order_no from share
)
select array(select id from item) as items, array(select id from unit) as units, array(select id from pay) as payments,
    array(select id from receipt) as receipts, array(select id from payout) as payouts,
    array(select id from share) as shares, array(select id from card) as cards,
    array(select id from posting) as postings, array(select id from bill_line) as bill_lines,
    array(select number from number) as numbers,
    array(
        select cast(public_id as text) from pay union select cast(public_id as text) from payout
        union select cast(public_id as text) from share union select cast(public_id as text) from receipt
        union select subject from bill_line union select number from number
    ) as subjects,
    array(select cast(public_id as text) from unit) as unit_names,
    array(select concat('card-batch:', b.public_id) from shop.card_batch as b
        where b.id = any(array(select batch_id from card))) as batches
""")


def _source(columns: str, rest: str) -> TextClause:
    return text(f"select {columns} {rest} order by 2, 1")


SOURCES: dict[str, TextClause] = {
    "order_event": _source(
        "e.id, e.happened_at as at, e.kind as what, null::bigint as amount_fen, e.detail as facts",
        "from shop.order_event as e where e.order_id = :order_id",
    ),
    "payment": _source(
        """p.id, p.created_at as at, p.state as what, p.amount_fen, jsonb_build_object('method', p.method,
        'out_trade_no', p.out_trade_no, 'gateway_trade_no', p.gateway_trade_no, 'fee_fen', nullif(p.fee_fen, 0),
        'paid_at', p.paid_at, 'times_asked', nullif(p.times_asked, 0)) as facts""",
        "from shop.payment as p where p.id = any(:payments)",
    ),
    "payment_notification": _source(
        """n.id, n.received_at as at, n.verdict as what, n.amount_fen, jsonb_build_object('method', n.method,
        'kind', n.kind, 'reason', nullif(n.reason, ''), 'event_id', n.gateway_event_id) as facts""",
        """from shop.payment_notification as n where n.payment_id = any(:payments) or n.payout_id = any(:payouts)
        or n.out_trade_no = any(:numbers)""",
    ),
    "external_call": _source(
        """c.id, c.started_at as at, c.outcome as what, null::bigint as amount_fen,
        c.detail || jsonb_build_object('target', c.target, 'operation', c.operation, 'reference', c.reference,
        'http_status', c.http_status, 'ended_at', c.ended_at) as facts""",
        "from shop.external_call as c where c.reference = any(:numbers)",
    ),
    "refund": _source(
        """r.id, r.refunded_at as at, r.state as what, r.amount_fen, jsonb_build_object('method', r.method,
        'earned', r.earned, 'reason', nullif(r.reason, ''), 'out_refund_no', o.out_refund_no,
        'line', i.line_no, 'unit', f.unit_no) as facts""",
        """from shop.refund as r join shop.fulfilment as f on f.id = r.fulfilment_id
        join shop.order_item as i on i.id = f.order_item_id left join shop.refund_payout as o on o.id = r.payout_id
        where r.fulfilment_id = any(:units)""",
    ),
    "refund_payout": _source(
        """r.id, r.requested_at as at, r.state as what, r.amount_fen, jsonb_build_object('method', r.method,
        'out_refund_no', r.out_refund_no, 'gateway_refund_no', r.gateway_refund_no, 'paid_out_at', r.paid_out_at,
        'fee_returned_fen', nullif(r.fee_returned_fen, 0), 'times_asked', nullif(r.times_asked, 0)) as facts""",
        "from shop.refund_payout as r where r.id = any(:payouts)",
    ),
    "unapplied_receipt": _source(
        """u.id, u.received_at as at, u.state as what, u.amount_fen, jsonb_build_object('method', u.method,
        'why', u.reason, 'found_by', u.found_by, 'out_trade_no', u.out_trade_no,
        'gateway_trade_no', u.gateway_trade_no, 'fee_fen', nullif(u.fee_fen, 0)) as facts""",
        "from shop.unapplied_receipt as u where u.id = any(:receipts)",
    ),
    "profit_share": _source(
        """h.id, h.created_at as at, h.state as what, h.amount_fen, jsonb_build_object('kind', h.kind,
        'out_order_no', h.out_order_no, 'gateway_share_no', h.gateway_share_no, 'settled_at', h.settled_at) as facts""",
        "from shop.profit_share as h where h.id = any(:shares)",
    ),
    "chargeback": _source(
        """c.id, c.charged_back_at as at, 'recorded' as what, c.amount_fen, jsonb_build_object(
        'fee_fen', nullif(c.fee_fen, 0), 'reference', c.gateway_reference, 'reason', nullif(c.reason, ''),
        'staff', s.display_name) as facts""",
        """from shop.chargeback as c left join shop.staff as s on s.id = c.recorded_by
        where c.payment_id = any(:payments)""",
    ),
    "gateway_bill_line": _source(
        """l.id, l.happened_at as at, l.verdict as what, l.amount_fen, jsonb_build_object('kind', l.kind,
        'day', b.bill_date, 'method', b.method, 'fee_fen', nullif(l.fee_fen, 0),
        'fee_difference_fen', nullif(l.fee_difference_fen, 0)) as facts""",
        """from shop.gateway_bill_line as l join shop.gateway_bill as b on b.id = l.bill_id
        where l.id = any(:bill_lines)""",
    ),
    "fulfilment": _source(
        """f.id, coalesce(f.delivered_at, o.paid_at, o.ordered_at) as at, f.state as what,
        f.gross_fen - f.discount_fen as amount_fen, jsonb_build_object('line', i.line_no, 'unit', f.unit_no,
        'quantity', nullif(f.quantity, 1), 'waits_for', f.waits_for, 'cost_fen', f.cost_fen,
        'staff', s.display_name) as facts""",
        """from shop.fulfilment as f join shop.order_item as i on i.id = f.order_item_id
        join shop.orders as o on o.id = i.order_id left join shop.staff as s on s.id = f.delivered_by
        where f.id = any(:units)""",
    ),
    "card": _source(
        """card.id, coalesce(f.delivered_at, d.reported_at, o.ordered_at, card.updated_at) as at,
        case when card.held_item_id is not null then 'held' else card.state end as what,
        card.cost_fen as amount_fen, jsonb_build_object('batch', b.public_id, 'position', (
            select count(*) from shop.card as before where before.batch_id = card.batch_id and before.id <= card.id
        ), 'unit', f.unit_no, 'supplier', nullif(b.supplier_name, '')) as facts""",
        """from shop.card join shop.card_batch as b on b.id = card.batch_id
        left join shop.fulfilment as f on f.id = card.delivered_fulfilment_id
        left join shop.card_defect as d on d.card_id = card.id
        left join shop.order_item as i on i.id = card.held_item_id left join shop.orders as o on o.id = i.order_id
        where card.id = any(:cards)""",
    ),
    "card_reveal": _source(
        """r.id, r.revealed_at as at, 'shown' as what, null::bigint as amount_fen,
        jsonb_build_object('unit', f.unit_no) as facts""",
        """from shop.card_reveal as r left join shop.sealed_delivery as sealed on sealed.id = r.sealed_delivery_id
        left join shop.card on card.id = r.card_id
        left join shop.fulfilment as f on f.id = coalesce(card.delivered_fulfilment_id, sealed.fulfilment_id)
        where r.card_id = any(:cards) and r.customer_id = :customer_id or sealed.fulfilment_id = any(:units)""",
    ),
    "card_defect": _source(
        """d.id, d.reported_at as at,
        case when d.replacement_card_id is null then 'reported' else 'replaced' end as what, d.cost_fen as amount_fen,
        jsonb_build_object('reason', d.reason, 'unit', f.unit_no, 'staff', s.display_name) as facts""",
        """from shop.card_defect as d join shop.fulfilment as f on f.id = d.fulfilment_id
        left join shop.staff as s on s.id = d.reported_by where d.fulfilment_id = any(:units)""",
    ),
    "sealed_delivery": _source(
        """d.id, d.created_at as at, 'sealed' as what, null::bigint as amount_fen,
        jsonb_build_object('unit', f.unit_no, 'staff', s.display_name) as facts""",
        """from shop.sealed_delivery as d join shop.fulfilment as f on f.id = d.fulfilment_id
        left join shop.staff as s on s.id = d.written_by where d.fulfilment_id = any(:units)""",
    ),
    "membership_period": _source(
        """m.id, m.starts_at as at, case when m.ended_at is null then 'runs' else 'ended' end as what,
        m.net_fen as amount_fen, jsonb_build_object('days', m.days, 'released_fen', m.released_fen,
        'ended_at', m.ended_at) as facts""",
        "from shop.membership_period as m where m.fulfilment_id = any(:units)",
    ),
    "review_case": _source(
        """c.id, c.opened_at as at, c.state as what, c.amount_fen, jsonb_build_object('case', c.kind,
        'resolution', nullif(c.resolution, ''), 'resolved_at', c.resolved_at, 'id', c.public_id) as facts""",
        "from shop.review_case as c where c.subject = any(:subjects)",
    ),
    "staff_act": _source(
        """a.id, a.happened_at as at, a.act as what, null::bigint as amount_fen, jsonb_build_object(
        'staff', coalesce(s.display_name, 'command line'), 'reason', nullif(a.reason, '')) as facts""",
        """from shop.staff_act as a left join shop.staff as s on s.id = a.staff_id
        where a.subject = any(cast(:subjects as text[]) || cast(:own as text[]))
        or a.subject = any(:batches) and a.detail ->> 'fulfilment' = any(:unit_names)
        or a.subject = 'orders' and exists (
            select from jsonb_array_elements_text(case when jsonb_typeof(a.detail -> 'orders') = 'array'
                then a.detail -> 'orders' else '[]' end) as named (outcome)
            where split_part(outcome, ' ', 1) = :order_no
        )""",
    ),
    "ledger_transaction": _source(
        """t.id, t.effective_at as at, t.event as what, (
            select sum(e.amount_fen) from shop.ledger_entry as e where e.transaction_id = t.id and e.amount_fen > 0
        )::bigint as amount_fen, jsonb_build_object('reference', t.reference, 'ledger_date', t.ledger_date,
        'id', t.public_id) as facts""",
        "from shop.ledger_transaction as t where t.id = any(:postings)",
    ),
    "aftersales_case": _source(
        """c.id, c.opened_at as at, c.state as what, null::bigint as amount_fen,
        jsonb_build_object('why', c.reason, 'due_at', c.due_at, 'closed_at', c.closed_at, 'id', c.public_id)
        as facts""",
        "from shop.aftersales_case as c where c.order_id = :order_id",
    ),
    "aftersales_resolution": _source(
        """r.id, r.decided_at as at, r.kind as what, r.amount_fen,
        jsonb_build_object('staff', s.display_name) as facts""",
        """from shop.aftersales_resolution as r join shop.aftersales_case as c on c.id = r.case_id
        left join shop.staff as s on s.id = r.staff_id where c.order_id = :order_id""",
    ),
    "aftersales_message": _source(
        """m.id, m.written_at as at, m.author as what, null::bigint as amount_fen,
        jsonb_build_object('staff', s.display_name) as facts""",
        """from shop.aftersales_message as m join shop.aftersales_case as c on c.id = m.case_id
        left join shop.staff as s on s.id = m.staff_id where c.order_id = :order_id""",
    ),
    "aftersales_evidence": _source(
        """v.id, v.attached_at as at, 'attached' as what, null::bigint as amount_fen, '{}'::jsonb as facts""",
        """from shop.aftersales_evidence as v join shop.aftersales_case as c on c.id = v.case_id
        where c.order_id = :order_id""",
    ),
    "entitlement_event": _source(
        """e.id, e.happened_at as at, e.to_state as what, null::bigint as amount_fen,
        jsonb_build_object('cause', e.cause) as facts""",
        """from shop.entitlement_event as e join shop.entitlement as n on n.id = e.entitlement_id
        where n.order_id = :order_id""",
    ),
    "activation_outcome": _source(
        """u.id, u.happened_at as at, u.state as what, null::bigint as amount_fen,
        jsonb_build_object('learnt_by', u.learnt_by) as facts""",
        """from shop.activation_outcome as u join shop.activation as v on v.id = u.activation_id
        join shop.entitlement as n on n.id = v.entitlement_id where n.order_id = :order_id""",
    ),
    "notice": _source(
        """n.id, coalesce(n.begun_at, n.created_at) as at, n.kind as what, null::bigint as amount_fen,
        jsonb_build_object('state', n.state, 'channel', n.channel, 'sent_at', n.sent_at,
        'reason', nullif(n.reason, '')) as facts""",
        "from shop.notice as n where n.customer_id = :customer_id and n.subject = any(:notice_subjects)",
    ),
    "destination": _source(
        "d.id, d.created_at as at, 'sealed' as what, null::bigint as amount_fen, '{}'::jsonb as facts",
        "from shop.destination as d where d.order_id = :order_id",
    ),
    "shipment": _source(
        """h.id, h.sent_at as at, h.state as what, null::bigint as amount_fen, jsonb_build_object(
        'courier', h.courier, 'tracking_no', h.tracking_no, 'staff', s.display_name,
        'confirmed_at', h.confirmed_at) as facts""",
        "from shop.shipment as h left join shop.staff as s on s.id = h.sent_by where h.order_id = :order_id",
    ),
    "shipment_event": _source(
        """e.id, e.happened_at as at, e.heard_by as what, null::bigint as amount_fen,
        jsonb_build_object('tracking_no', h.tracking_no) as facts""",
        """from shop.shipment_event as e join shop.shipment as h on h.id = e.shipment_id
        where h.order_id = :order_id""",
    ),
    "invoice": _source(
        """n.id, n.requested_at as at, n.state as what, l.amount_fen, jsonb_build_object('number', n.number,
        'day', n.issued_on, 'reason', nullif(n.reason, '')) as facts""",
        "from shop.invoice_order as l join shop.invoice as n on n.id = l.invoice_id where l.order_id = :order_id",
    ),
}

ENTRIES = text("""
select e.transaction_id, e.account, a.name_zh, a.name_en, e.amount_fen, a.position
from shop.ledger_entry as e join shop.ledger_account as a on a.code = e.account
where e.transaction_id = any(:postings) order by e.transaction_id, e.id
""")
SEALS = text("""
select s.seal_no, s.sealed_at, sealed.id from shop.ledger_seal as s, unnest(s.transaction_ids) as sealed (id)
where s.highest_id >= :lowest and s.lowest_id <= :highest and sealed.id = any(:postings)
""")
LINES = text("""
select l.transaction_id, l.component, l.kind, l.amount_fen, i.line_no from shop.document_line as l
left join shop.order_item as i on i.id = l.order_item_id
where l.transaction_id = any(:postings) order by l.transaction_id, l.id
""")
SUMS = text("""
select
    coalesce((select sum(amount_fen) from shop.payment where id = any(:payments) and state = 'succeeded'), 0)::bigint
        as paid_fen,
    coalesce((select sum(amount_fen) from shop.refund
        where fulfilment_id = any(:units) and state = 'succeeded'), 0)::bigint as refunded_fen,
    coalesce((select sum(amount_fen) from shop.refund
        where fulfilment_id = any(:units) and state = 'pending'), 0)::bigint as refunding_fen,
    coalesce((select sum(fee_fen) from shop.payment where id = any(:payments) and state = 'succeeded'), 0)::bigint
        - coalesce((select sum(fee_returned_fen) from shop.refund_payout
            where id = any(:payouts) and id not in (
                select payout_id from shop.unapplied_receipt where id = any(:receipts) and payout_id is not null
            )), 0)::bigint as fee_fen,
    coalesce((select sum(amount_fen) from shop.chargeback where payment_id = any(:payments)), 0)::bigint
        as disputed_fen,
    coalesce((select sum(fee_fen) from shop.chargeback where payment_id = any(:payments)), 0)::bigint
        as dispute_fee_fen,
    coalesce((select sum(case kind when 'share' then amount_fen when 'return' then -amount_fen else 0 end)
        from shop.profit_share where id = any(:shares) and state = 'succeeded'), 0)::bigint as shared_fen,
    coalesce((select sum(amount_fen) from shop.unapplied_receipt
        where id = any(:receipts) and state <> 'applied'), 0)::bigint as stray_fen,
    coalesce((select sum(amount_fen) from shop.unapplied_receipt
        where id = any(:receipts) and state = 'returned'), 0)::bigint as stray_returned_fen
""")
BALANCES = text("""
select a.code, a.name_zh, a.name_en,
    coalesce(sum(e.amount_fen) filter (where e.amount_fen > 0), 0)::bigint as debit_fen,
    coalesce(-sum(e.amount_fen) filter (where e.amount_fen < 0), 0)::bigint as credit_fen,
    sum(e.amount_fen)::bigint as balance_fen
from shop.ledger_transaction as t join shop.ledger_entry as e on e.transaction_id = t.id
join shop.ledger_account as a on a.code = e.account
where t.order_id = :order_id group by a.code order by a.position
""")
SITUATION = text("""
select md5(concat_ws('|', o.state, (
    select string_agg(concat_ws(',', f.id, f.state, f.waits_for, f.delivered_at, card.id, (
        select string_agg(concat_ws(':', r.id, r.state, r.amount_fen), ';' order by r.id)
        from shop.refund as r where r.fulfilment_id = f.id
    )), '/' order by f.id)
    from shop.order_item as i join shop.fulfilment as f on f.order_item_id = i.id
    left join shop.card on card.delivered_fulfilment_id = f.id where i.order_id = o.id
), (
    select string_agg(concat_ws(',', p.id, p.state), '/' order by p.id) from shop.payment as p where p.order_id = o.id
), (
    select string_agg(concat_ws(',', b.id, b.amount_fen), '/' order by b.id)
    from shop.payment as p join shop.chargeback as b on b.payment_id = p.id where p.order_id = o.id
)))
from shop.orders as o where o.order_no = :order_no
""")


async def situation(session: ReadSession, order_no: str) -> str:
    """How an order stands, as a short text that changes whenever anything does that an act of staff rests on."""
    return await session.scalar(SITUATION, {"order_no": order_no}) or ""


async def scope(session: ReadSession, order: Any) -> dict[str, Any]:
    """Keys of everything that belongs to an order, as the sources want them."""
    row = (await session.execute(SCOPE, {"order_id": order.id})).one()
    own = [order.order_no, f"order:{order.order_no}"]
    cases = await session.scalars(
        text("select cast(public_id as text) from shop.aftersales_case where order_id = :order_id"),
        {"order_id": order.id},
    )
    named = [f"case:{case}" for case in cases]
    reviewed = await session.scalars(
        text("select cast(public_id as text) from shop.review_case where subject = any(:subjects)"),
        {"subjects": [*row.subjects, *own]},
    )
    return {
        **row._mapping,
        "subjects": [*row.subjects, *own],
        "order_id": order.id,
        "order_no": order.order_no,
        "customer_id": order.customer_id,
        "own": [*named, *reviewed],
        "notice_subjects": [f"order:{order.order_no}", *named],
    }
