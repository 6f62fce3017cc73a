"""Purchases paid from the wallet, a batch at a time: one statement claims, the pure rules post, one statement writes.

Alone in the shop, `CLAIM` and `WRITE` name other slices' tables; views of orders do not belong here.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text

from mingsuan import clock
from transactional.db import ReadSession, WriteSession
from transactional.errors import (
    IdempotencyKeyReusedError,
    InsufficientBalanceError,
    OutOfStockError,
    PriceChangedError,
    ShopError,
    UnavailableProductError,
)
from transactional.orders.errors import AnswersNeededError, TooManyUnitsError
from transactional.orders.floors import Floors, Found
from transactional.orders.requests import BuyRequest
from transactional.orders.sale import WRITES, ClaimedCard, Sale, new_order_no, parameters
from transactional.orders.schemas import OrderPlaced
from transactional.selling import SellingPausedError

# Wallets are locked in their order, then free codes, skipping locked ones: a purchase waits for its own customer only.
# Codes are claimed only for requests that can be paid, so that a poor one never hides the last code from a rich one.
# They are looked for behind the floor first, then, for what is missing, from the start up to the floor.
_FREE = """select card.id, card.cost_fen, card.free_at, card.pick from shop.card
        where card.sku_id = {wanted}.sku_id and card.delivered_fulfilment_id is null and card.free_at <= :at
            and (card.free_at, card.pick) {side} ({wanted}.floor_at, {wanted}.floor_pick)
            and card.state = 'available' and (card.expires_at is null or card.expires_at > :at)
        order by card.free_at, card.pick limit {wanted}.quantity for update skip locked"""
CLAIM = text(f"""
with request as materialized (
    select * from unnest(
        cast(:place as int[]), cast(:customer_id as bigint[]), cast(:sku as uuid[]), cast(:quantity as int[]),
        cast(:subject as text[]), cast(:key as text[]), cast(:floor_at as timestamptz[]), cast(:floor_pick as int[])
    ) as asked (place, customer_id, sku, quantity, subject, key, floor_at, floor_pick)
), purse as materialized (
    select customer_id, balance_fen from shop.wallet
    where customer_id = any(cast(:customer_id as bigint[])) order by customer_id for update
), pause as materialized (
    select exists (select from shop.shop_profile where selling_paused_at is not null) as is_on
), asked as materialized (
    select request.place, request.quantity, request.floor_at, request.floor_pick,
        coalesce(purse.balance_fen, 0) as balance_fen, done.request_sha256, done.answer,
        offer.sku_id, offer.price_fen, offer.max_per_order, offer.has_form, pause.is_on as is_paused,
        uuidv7() as public_id,
        nextval('shop.orders_id_seq') as order_id,
        nextval('shop.order_item_id_seq') as item_id,
        nextval('shop.payment_id_seq') as payment_id,
        nextval('shop.ledger_transaction_id_seq') as transaction_id
    from request
    cross join pause
    left join purse using (customer_id)
    left join shop.idempotency_key as done using (subject, key)
    left join lateral (
        select s.id as sku_id, s.max_per_order, p.delivery_form <> '[]' as has_form, (
            select price.list_price_fen from shop.price
            where price.sku_id = s.id and price.valid_from <= :at order by price.valid_from desc limit 1
        ) as price_fen
        from shop.sku as s join shop.product as p on p.id = s.product_id
        where s.public_id = request.sku and p.kind = 'card_code'
            and s.publish_state = 'published' and p.publish_state = 'published'
    ) as offer on true
), wanted as materialized (
    select sku_id, floor_at, floor_pick, sum(quantity) as quantity from asked
    where request_sha256 is null and not is_paused and not has_form and quantity <= max_per_order
        and price_fen * quantity <= balance_fen
    group by sku_id, floor_at, floor_pick
), behind as materialized (
    select wanted.sku_id, free.*, 1 as search
    from wanted cross join lateral ({_FREE.format(wanted="wanted", side=">=")}) as free
), missing as materialized (
    select sku_id, floor_at, floor_pick,
        quantity - (select count(*) from behind where behind.sku_id = wanted.sku_id) as quantity
    from wanted
), claimed as (
    select * from behind
    union all
    select missing.sku_id, free.*, 2
    from missing cross join lateral ({_FREE.format(wanted="missing", side="<")}) as free
    where missing.quantity > 0
)
select place, balance_fen, request_sha256, answer, sku_id, price_fen, max_per_order, has_form, is_paused,
    public_id, order_id, item_id, payment_id, transaction_id,
    cast(null as bigint) as card_id, cast(null as bigint) as fulfilment_id, cast(null as bigint) as cost_fen,
    cast(null as bigint) as turn, cast(null as text) as free_at, cast(null as int) as pick
from asked
union all
select null, null, null, null, sku_id, null, null, null, null,
    null, null, null, null, nextval('shop.ledger_transaction_id_seq'),
    id, nextval('shop.fulfilment_id_seq'), cost_fen,
    row_number() over (partition by sku_id order by search, free_at, pick), cast(free_at as text), pick
from claimed
""")

WRITE = text(
    "with "
    + ", ".join(f"written_{number} as ({statement})" for number, statement in enumerate(WRITES))
    + """, handed_over as (
    update shop.card set state = 'delivered', free_at = 'infinity', delivered_fulfilment_id = sold.fulfilment_id,
        held_item_id = null
    from unnest(cast(:card_id as bigint[]), cast(:card_fulfilment_id as bigint[])) as sold (card_id, fulfilment_id)
    where card.id = sold.card_id and card.delivered_fulfilment_id is null returning card.id
), debited as (
    update shop.wallet set balance_fen = wallet.balance_fen - due.net_fen
    from unnest(cast(:wallet_customer_id as bigint[]), cast(:wallet_net_fen as bigint[])) as due (customer_id, net_fen)
    where wallet.customer_id = due.customer_id returning wallet.customer_id
)
select (select count(*) from handed_over) as cards, (select count(*) from debited) as wallets
"""
)

ANSWERED = text("""
select asked.place, done.request_sha256, done.answer
from unnest(cast(:place as int[]), cast(:subject as text[]), cast(:key as text[])) as asked (place, subject, key)
join shop.idempotency_key as done using (subject, key)
""")

ENOUGH = text("""
select count(*) >= :quantity from (
    select from shop.card join shop.sku on sku.id = card.sku_id
    where sku.public_id = :sku and card.delivered_fulfilment_id is null and card.free_at <= :at
        and card.state = 'available' and (card.expires_at is null or card.expires_at > :at)
    limit :quantity
) as free
""")

Outcome = OrderPlaced | ShopError


async def buy(
    session: WriteSession, requests: Sequence[BuyRequest], zone: ZoneInfo, floors: Floors | None = None
) -> list[Outcome]:
    """For each request its order, or why it was refused; all in the caller's transaction.

    `floors` says where to look for stock first, and is told where it was found; the outcomes are the same without.
    At most one request per customer (ValueError otherwise). Raises IntegrityError when another transaction used the
    same key meanwhile: to be tried again in a new transaction.
    """
    if len({request.customer_id for request in requests}) != len(requests):
        raise ValueError("a batch takes one purchase per customer, whose wallet it weighs once")
    at = clock.now()
    asked, cards = await _claim(session, requests, at, floors or Floors())
    outcomes: list[Outcome] = []
    sales: list[Sale] = []
    for request, row in zip(requests, asked, strict=True):
        refusal = _answered(request, row) or _refusal(request, row, len(cards[row.sku_id]))
        if refusal is None:
            taken = [cards[row.sku_id].pop() for _ in range(request.quantity)]
            sale = _sale(request, row, taken, at, zone)
            sales.append(sale)
        outcomes.append(refusal or sale.placed())
    if sales:
        await _write(session, sales, zone)
    return await _answered_meanwhile(session, requests, outcomes)


async def is_enough(session: ReadSession, sku: UUID, quantity: int, at: datetime) -> bool:
    """Whether so many codes of the SKU are free, locked by a transaction under way or not."""
    return bool(await session.scalar(ENOUGH, {"sku": sku, "quantity": quantity, "at": at}))


async def _claim(
    session: WriteSession, requests: Sequence[BuyRequest], at: datetime, floors: Floors
) -> tuple[list[Any], dict[int | None, list[ClaimedCard]]]:
    skus = [request.sku_public_id for request in requests]
    values = {
        "place": list(range(len(requests))),
        "customer_id": [request.customer_id for request in requests],
        "sku": skus,
        "quantity": [request.quantity for request in requests],
        "subject": [request.subject for request in requests],
        "key": [request.idempotency_key for request in requests],
        "floor_at": floors.free_at(skus),
        "floor_pick": floors.pick(skus),
        "at": at,
    }
    rows = (await session.execute(CLAIM, values)).all()
    asked = sorted((row for row in rows if row.place is not None), key=lambda row: int(row.place))
    cards: dict[int | None, list[ClaimedCard]] = defaultdict(list)
    found: dict[int | None, list[Found]] = defaultdict(list)
    for row in rows:
        if row.place is None:
            cards[row.sku_id].append(ClaimedCard(row.card_id, row.fulfilment_id, row.transaction_id, row.cost_fen))
            found[row.sku_id].append(Found(row.turn, row.free_at, row.pick))
    for sku_id, sku in {row.sku_id: requests[row.place].sku_public_id for row in asked}.items():
        if found[sku_id]:
            floors.found(sku, found[sku_id])
    return asked, cards


def _answered(request: BuyRequest, row: Any) -> Outcome | None:
    """The first answer under this key, if it was used."""
    if row.request_sha256 is None:
        return None
    if bytes(row.request_sha256) != request.sha256:
        return IdempotencyKeyReusedError()
    return OrderPlaced.model_validate_json(row.answer)


async def _answered_meanwhile(
    session: WriteSession, requests: Sequence[BuyRequest], outcomes: list[Outcome]
) -> list[Outcome]:
    """Not a refusal but the first answer, where the same command was done while this one waited for its wallet.

    The claim sees the wallet as that purchase left it, but its keys as they were before.
    """
    refused = [at for at, outcome in enumerate(outcomes) if isinstance(outcome, ShopError)]
    if refused:
        subjects, keys = [requests[at].subject for at in refused], [requests[at].idempotency_key for at in refused]
        for row in await session.execute(ANSWERED, {"place": refused, "subject": subjects, "key": keys}):
            outcomes[row.place] = _answered(requests[row.place], row) or outcomes[row.place]
    return outcomes


def _refusal(request: BuyRequest, row: Any, free: int) -> ShopError | None:
    if (unfit := _not_sold_here(request, row)) is not None:
        return unfit
    needed_fen = row.price_fen * request.quantity
    if request.expected_net_fen not in (None, needed_fen):
        return PriceChangedError()
    if needed_fen > row.balance_fen:
        return InsufficientBalanceError(balance_fen=row.balance_fen, needed_fen=needed_fen)
    return OutOfStockError() if free < request.quantity else None


def _not_sold_here(request: BuyRequest, row: Any) -> ShopError | None:
    if row.is_paused:
        return SellingPausedError()
    if row.price_fen is None:
        return UnavailableProductError()
    if row.has_form:
        return AnswersNeededError()
    return TooManyUnitsError(units=row.max_per_order) if request.quantity > row.max_per_order else None


def _sale(request: BuyRequest, row: Any, cards: list[ClaimedCard], at: datetime, zone: ZoneInfo) -> Sale:
    return Sale(
        request=request,
        public_id=row.public_id,
        order_no=new_order_no(at, zone),
        order_id=row.order_id,
        item_id=row.item_id,
        payment_id=row.payment_id,
        transaction_id=row.transaction_id,
        sku_id=row.sku_id,
        price_fen=row.price_fen,
        balance_fen=row.balance_fen,
        cards=tuple(cards),
        at=at,
    )


async def _write(session: WriteSession, sales: Sequence[Sale], zone: ZoneInfo) -> None:
    """Raises RuntimeError when a claimed card was delivered by another hand: the transaction must not be committed."""
    values = parameters(sales, zone)
    written = (await session.execute(WRITE, values)).one()
    if (written.cards, written.wallets) != (len(values["card_id"]), len(sales)):
        raise RuntimeError(f"claimed {len(values['card_id'])} cards and {len(sales)} wallets, wrote {written}")
