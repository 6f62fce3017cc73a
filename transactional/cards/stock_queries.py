"""SQL of what happens to stock besides being sold: defects, write-offs, corrected costs, exports, a batch's account."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from transactional.cards.models import CardBatch
from transactional.cards.schemas import BatchAccount, BatchList
from transactional.db import ReadSession, WriteSession
from transactional.errors import NotFoundError

CARD_BY_FINGERPRINT = text("select id, delivered_fulfilment_id from shop.card where fingerprint = :fingerprint")
CARD_OF_UNIT = text("""
select card.id, card.delivered_fulfilment_id from shop.card
join shop.fulfilment as f on f.id = card.delivered_fulfilment_id where f.public_id = :unit
""")
LOCK_UNIT = text("select from shop.fulfilment where id = :unit for no key update")
LOCK_CARD = text("select from shop.card where id = :card_id for update")
SITUATION = text("""
select card.id, card.batch_id, card.sku_id, card.state, card.cost_fen, card.delivered_fulfilment_id as unit,
    batch.public_id as batch, f.public_id as unit_public_id, f.state as unit_state, i.id as item_id, o.customer_id
from shop.card
join shop.card_batch as batch on batch.id = card.batch_id
left join shop.fulfilment as f on f.id = card.delivered_fulfilment_id
left join shop.order_item as i on i.id = f.order_item_id
left join shop.orders as o on o.id = i.order_id
where card.id = :card_id
""")
MARK_DEFECTIVE = text("""
update shop.card set state = 'defective', free_at = 'infinity', delivered_fulfilment_id = null, held_item_id = null
where id = :card_id
""")

VOID = """
update shop.card set state = 'void', free_at = 'infinity', held_item_id = null, voided_at = :at
from gone where card.id = gone.id returning card.id, card.batch_id, card.cost_fen"""
UNSOLD = "state = 'available' and delivered_fulfilment_id is null and free_at <= :at"
# A code that is locked is just being sold.
VOID_UNSOLD = text(f"""with gone as materialized (
    select id from shop.card where batch_id = :batch_id and {UNSOLD} order by id limit :count for update skip locked
){VOID}""")
VOID_EXPIRED = text(f"""with gone as materialized (
    select id from shop.card where expires_at <= :at and {UNSOLD} order by id limit :limit for update skip locked
){VOID}""")

LOCK_CARDS = text("select from shop.card where batch_id = :batch_id order by id for update")
# What a code cost stands where it went: with the unit that it was sold for, in the losses, or in stock.
COSTED_CARDS = text("""
select card.id, card.cost_fen, card.state = 'available' as in_stock, f.id as unit, i.id as item_id, o.customer_id
from shop.card
left join shop.card_defect as returned on returned.card_id = card.id
left join shop.card_defect as served on served.replacement_card_id = card.id
left join shop.fulfilment as f
    on f.id = coalesce(card.delivered_fulfilment_id, returned.fulfilment_id) and served.id is null
left join shop.order_item as i on i.id = f.order_item_id
left join shop.orders as o on o.id = i.order_id
where card.batch_id = :batch_id order by card.id
""")
SET_COSTS = text("""
update shop.card set cost_fen = new.cost_fen
from unnest(cast(:id as bigint[]), cast(:cost_fen as bigint[])) as new (id, cost_fen)
where card.id = new.id and card.cost_fen is distinct from new.cost_fen
""")

SEALED_CARDS = text("""
select card.id, card.ciphertext, data_key.id as key_id, data_key.wrapped, card.state, card.expires_at
from shop.card join shop.data_key on data_key.id = card.data_key_id
where card.batch_id = :batch_id and (card.state <> 'delivered' or :delivered) order by card.id
""")

ACCOUNT = """
select b.public_id as id, s.code as sku_code, b.card_count, b.total_cost_fen, b.supplier_name, b.file_name,
    b.imported_at, b.expires_at, counted.*, coalesce(credit.fen, 0)::bigint as credited_fen
from shop.card_batch as b
join shop.sku as s on s.id = b.sku_id
cross join lateral (
    select
        count(*) filter (where card.state = 'delivered' and served.id is null) as sold_count,
        count(*) filter (where card.state = 'delivered' and served.id is not null) as replacement_count,
        count(*) filter (where card.state = 'defective') as defective_count,
        count(*) filter (where card.state = 'void' and not ended) as void_count,
        count(*) filter (where ended) as expired_count,
        count(*) filter (where card.state = 'available' and not ended) as remaining_count,
        count(*) filter (where card.state = 'available' and not ended and card.free_at > :at) as held_count
    from shop.card
    left join shop.card_defect as served on served.replacement_card_id = card.id
    cross join lateral (select coalesce(
        card.state = 'void' and card.voided_at >= card.expires_at
        or card.state = 'available' and card.expires_at <= :at, false
    ) as ended) as expiry
    where card.batch_id = b.id
) as counted
left join lateral (select sum(amount_fen) as fen from shop.batch_credit where batch_id = b.id) as credit on true
"""
ONE_ACCOUNT = text(f"{ACCOUNT} where b.public_id = :batch")
ACCOUNTS = text(f"""{ACCOUNT}
where b.id = any(array(
    select chosen.id from shop.card_batch as chosen join shop.sku on sku.id = chosen.sku_id
    where cast(:sku_code as text) is null or sku.code = :sku_code
    order by chosen.imported_at desc, chosen.id desc limit :limit offset :offset
))
order by b.imported_at desc, b.id desc""")
BATCHES = text("""
select count(*) from shop.card_batch as b join shop.sku on sku.id = b.sku_id
where cast(:sku_code as text) is null or sku.code = :sku_code
""")


@dataclass(frozen=True, slots=True)
class Situation:
    """Where a card is now; the unit's columns are none for one that is not with a customer."""

    id: int
    batch_id: int
    sku_id: int
    state: str
    cost_fen: int | None
    unit: int | None
    batch: UUID
    unit_public_id: UUID | None
    unit_state: str | None
    item_id: int | None
    customer_id: int | None


@dataclass(frozen=True, slots=True)
class CostedCard:
    """A card and where its cost stands: in stock, with the unit it was sold for, or else lost."""

    id: int
    cost_fen: int | None
    in_stock: bool
    unit: int | None
    item_id: int | None
    customer_id: int | None


@dataclass(frozen=True, slots=True)
class VoidedCard:
    id: int
    batch_id: int
    cost_fen: int | None


async def find_card(session: ReadSession, fingerprint: bytes | None, unit: UUID | None) -> tuple[int, int | None]:
    """A card and the fulfilment that has it, by keyed hash or by fulfilment. Raises NotFoundError."""
    if fingerprint is not None:
        found = await session.execute(CARD_BY_FINGERPRINT, {"fingerprint": fingerprint})
    else:
        found = await session.execute(CARD_OF_UNIT, {"unit": unit})
    row = found.one_or_none()
    if row is None:
        raise NotFoundError
    return row.id, row.delivered_fulfilment_id


async def locked_situation(session: WriteSession, card_id: int, unit: int | None) -> Situation:
    """The card's situation, with the unit (first, as refunds do) and the card locked."""
    if unit is not None:
        await session.execute(LOCK_UNIT, {"unit": unit})
    await session.execute(LOCK_CARD, {"card_id": card_id})
    return Situation(**(await session.execute(SITUATION, {"card_id": card_id})).mappings().one())


async def mark_defective(session: WriteSession, card_id: int) -> None:
    """The card can never be sold again, and nobody has it."""
    await session.execute(MARK_DEFECTIVE, {"card_id": card_id})


async def void_unsold(session: WriteSession, batch_id: int, at: datetime, count: int | None) -> tuple[VoidedCard, ...]:
    """So many free cards of a batch, or every one, taken out of sale."""
    return _voided(await session.execute(VOID_UNSOLD, {"batch_id": batch_id, "at": at, "count": count}))


async def void_expired(session: WriteSession, at: datetime, limit: int) -> tuple[VoidedCard, ...]:
    """Free cards of any batch whose time is over."""
    return _voided(await session.execute(VOID_EXPIRED, {"at": at, "limit": limit}))


async def locked_batch(session: WriteSession, batch: UUID) -> CardBatch:
    """Raises NotFoundError."""
    found = await session.scalar(select(CardBatch).where(CardBatch.public_id == batch).with_for_update())
    if found is None:
        raise NotFoundError
    return found


async def has_supplier(session: ReadSession, batch_id: int) -> bool:
    """Whether a batch was bought from a supplier that is known by more than a name."""
    return await session.scalar(select(CardBatch.supplier_id).where(CardBatch.id == batch_id)) is not None


async def locked_costs(session: WriteSession, batch_id: int) -> tuple[CostedCard, ...]:
    """Every card of a batch, none of which can be sold or written off until the transaction ends."""
    await session.execute(LOCK_CARDS, {"batch_id": batch_id})
    rows = await session.execute(COSTED_CARDS, {"batch_id": batch_id})
    return tuple(CostedCard(**row) for row in rows.mappings())


async def set_costs(session: WriteSession, cards: Sequence[int], costs_fen: Sequence[int]) -> None:
    """The cost in fen of each card."""
    await session.execute(SET_COSTS, {"id": list(cards), "cost_fen": list(costs_fen)})


async def sealed_cards(session: ReadSession, batch_id: int, delivered: bool) -> Sequence[Any]:
    """The codes of a batch, sealed; those that customers have only when asked for."""
    return (await session.execute(SEALED_CARDS, {"batch_id": batch_id, "delivered": delivered})).all()


async def batch_account(session: ReadSession, batch: UUID, at: datetime) -> BatchAccount:
    """Raises NotFoundError."""
    row = (await session.execute(ONE_ACCOUNT, {"batch": batch, "at": at})).one_or_none()
    if row is None:
        raise NotFoundError
    return BatchAccount.model_validate(row)


async def batch_accounts(
    session: ReadSession, sku_code: str | None, at: datetime, limit: int, offset: int
) -> BatchList:
    """Batches, the newest first."""
    values = {"sku_code": sku_code, "at": at, "limit": limit, "offset": offset}
    rows = await session.execute(ACCOUNTS, values)
    items = tuple(BatchAccount.model_validate(row) for row in rows)
    return BatchList(items=items, total=await session.scalar(BATCHES, {"sku_code": sku_code}) or 0)


def _voided(rows: Any) -> tuple[VoidedCard, ...]:
    return tuple(VoidedCard(*row) for row in rows)
