"""Finding an order by anything that somebody may hold in their hand, and saying by what it was found.

A card's code is compared by its keyed hash; what was typed is neither kept nor logged.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from transactional.backoffice import customers, order_list
from transactional.backoffice.customers import as_uuid
from transactional.backoffice.order_list import ListedOrder
from transactional.cards.vault import Vault
from transactional.db import ReadSession
from transactional.payments.rules import PAYMENT_METHODS

MOST = 50
BY_TEXT = text("""
select 'order_no' as found_by, o.id as order_id from shop.orders as o where o.order_no in (:typed, upper(:typed))
union select 'source_ref', o.id from shop.orders as o
    where o.source = any(array(select distinct i.source from shop.order_import as i)) and o.source_ref = :typed
union select 'out_trade_no', p.order_id from shop.payment as p where p.out_trade_no = :typed
union select 'gateway_trade_no', p.order_id from shop.payment as p
    where p.method = any(cast(:methods as text[])) and p.gateway_trade_no = :typed
union select 'receipt', p.order_id from shop.unapplied_receipt as u join shop.payment as p on p.id = u.payment_id
    where u.out_trade_no = :typed or u.method = any(cast(:methods as text[])) and u.gateway_trade_no = :typed
union select 'out_refund_no', p.order_id from shop.refund_payout as r join shop.payment as p on p.id = r.payment_id
    where r.out_refund_no = :typed
union select 'gateway_refund_no', p.order_id from shop.refund_payout as r join shop.payment as p on p.id = r.payment_id
    where r.gateway_refund_no = :typed
union select 'chargeback', p.order_id from shop.chargeback as c join shop.payment as p on p.id = c.payment_id
    where c.gateway_reference = :typed
union select 'profit_share', p.order_id from shop.profit_share as h join shop.payment as p on p.id = h.payment_id
    where h.out_order_no = :typed
union select 'parcel', s.order_id from shop.shipment as s where s.tracking_no = :typed and s.order_id is not null
union select 'ledger_reference', t.order_id from shop.ledger_transaction as t
    where t.reference = :typed and t.order_id is not null
""")
BY_NAME = text("""
select 'order_id' as found_by, o.id as order_id from shop.orders as o where o.public_id = :name
union select 'payment_id', p.order_id from shop.payment as p where p.public_id = :name
union select 'refund_id', p.order_id from shop.refund_payout as r join shop.payment as p on p.id = r.payment_id
    where r.public_id = :name
union select 'receipt', p.order_id from shop.unapplied_receipt as u join shop.payment as p on p.id = u.payment_id
    where u.public_id = :name
union select 'case', c.order_id from shop.aftersales_case as c where c.public_id = :name
union select 'unit', i.order_id from shop.fulfilment as f join shop.order_item as i on i.id = f.order_item_id
    where f.public_id = :name
""")
BY_CODE = text("""
with found as (select id, delivered_fulfilment_id, held_item_id from shop.card where fingerprint = :fingerprint)
select 'card_code' as found_by, i.order_id from found
join shop.fulfilment as f on f.id = found.delivered_fulfilment_id join shop.order_item as i on i.id = f.order_item_id
union select 'bad_code', i.order_id from found join shop.card_defect as d on d.card_id = found.id
join shop.fulfilment as f on f.id = d.fulfilment_id join shop.order_item as i on i.id = f.order_item_id
union select 'held_code', i.order_id from found join shop.order_item as i on i.id = found.held_item_id
""")
IN_STOCK = text(
    "select batch.public_id from shop.card join shop.card_batch as batch on batch.id = card.batch_id"
    " where card.fingerprint = :fingerprint"
)
OF_CUSTOMER = text("""
select id from shop.orders where customer_id = :customer_id order by ordered_at desc, id desc limit :most
""")
CODES = frozenset({"card_code", "bad_code", "held_code"})


@dataclass(frozen=True, slots=True)
class Hit:
    """An order, and by what it was found."""

    order: ListedOrder
    found_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """Orders and, when it was a person's, their public name. `is_code`: a card's code of this shop was typed."""

    hits: tuple[Hit, ...]
    customer: str | None = None
    is_code: bool = False
    batch: str | None = None


async def find(session: ReadSession, vault: Vault, typed: str, at: datetime) -> Found:
    """Everything that fits, newest orders first; at most MOST of one customer's."""
    typed = typed.strip()
    if not typed:
        return Found(())
    by: dict[int, list[str]] = {}
    rows = list(await session.execute(BY_TEXT, {"typed": typed, "methods": list(PAYMENT_METHODS)}))
    name = as_uuid(typed)
    if name:
        rows += list(await session.execute(BY_NAME, {"name": name}))
    fingerprint = {"fingerprint": vault.fingerprint(typed)}
    codes = list(await session.execute(BY_CODE, fingerprint))
    batch = await session.scalar(IN_STOCK, fingerprint)
    for row in (*rows, *codes):
        by.setdefault(row.order_id, []).append(row.found_by)
    customer = await customers.known_by(session, vault, typed)
    if customer:
        for order_id in await session.scalars(OF_CUSTOMER, {"customer_id": customer[0], "most": MOST}):
            by.setdefault(order_id, []).append(customer[1])
    listed = await order_list.by_ids(session, list(by), at)
    newest = sorted(listed.values(), key=lambda order: (order.ordered_at, order.id), reverse=True)
    hits = tuple(Hit(order, tuple(sorted(set(by[order.id])))) for order in newest)
    whose = str(await customers.by_id(session, customer[0])) if customer else None
    return Found(hits, whose, batch is not None, str(batch) if batch else None)
