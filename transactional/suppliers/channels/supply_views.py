"""What the desk's pages of channels and offers list: rows put together for people, nothing more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text

from mingsuan import clock
from transactional.db import ReadSession
from transactional.errors import NotFoundError
from transactional.suppliers.errors import NoRateError
from transactional.suppliers.offers import queries as offer_queries
from transactional.suppliers.offers import rates
from transactional.suppliers.offers.rate_rules import to_fen
from transactional.suppliers.routing.inversions import least_margin_fen

CHANNELS = text("""
select c.*, s.name as supplier, s.public_id as supplier_public_id, s.currency as supplier_currency,
    count(o.id) filter (where o.state = 'active') as active_offers,
    count(o.id) filter (where o.state = 'quarantined') as quarantined_offers, count(o.id) as offers
from shop.supply_channel as c
left join shop.supplier as s on s.id = c.supplier_id
left join shop.offer as o on o.channel_id = c.id
where cast(:channel as uuid) is null or c.public_id = :channel
group by c.id, s.id order by c.state = 'ended', c.code
""")
OFFERS = text(f"""
select o.*, c.public_id as channel_public_id, c.name as channel, c.protocol, c.state as channel_state,
    k.code as sku, k.name_zh, k.name_en, p.title_zh, p.title_en, p.slug, price.list_price_fen as price_fen,
    coalesce(policy.floor_margin_fen, 0) as floor_margin_fen,
    coalesce(policy.floor_margin_per_myriad, 0) as floor_margin_per_myriad
from shop.offer as o
join shop.supply_channel as c on c.id = o.channel_id
join shop.sku as k on k.id = o.sku_id join shop.product as p on p.id = k.product_id
left join lateral (
    select list_price_fen from shop.price where sku_id = o.sku_id and valid_from <= :at
    order by valid_from desc limit 1
) as price on true
{offer_queries.POLICY_IN_FORCE}
where (cast(:offer as uuid) is null or o.public_id = :offer)
    and (cast(:channel as uuid) is null or c.public_id = :channel)
    and (:state = '' or o.state = :state)
    and (:words = '' or k.code ilike :pattern or o.supplier_sku ilike :pattern or o.supplier_name ilike :pattern
        or p.title_zh ilike :pattern or p.title_en ilike :pattern)
order by k.code, o.unit_cost nulls last, o.id limit :limit offset :offset
""")
HISTORY = text("""
select h.*, staff.display_name as by_name from shop.offer_observation as h
left join shop.staff on staff.id = h.recorded_by
where h.offer_id = :offer_id order by h.observed_at desc, h.id desc limit :limit
""")
RATES = text("""
select r.currency, r.rate_date, r.rate, r.source, r.created_at, staff.display_name as by_name,
    row_number() over (partition by r.currency order by r.rate_date desc, r.id desc) = 1 as is_newest
from shop.exchange_rate as r left join shop.staff on staff.id = r.recorded_by
order by r.rate_date desc, r.id desc limit :limit
""")
SKUS = text("""
select k.code, p.title_zh, p.title_en, k.name_zh, k.name_en, p.kind from shop.sku as k
join shop.product as p on p.id = k.product_id
where p.kind in ('card_code', 'api_topup', 'manual_service') and k.publish_state <> 'withdrawn' order by k.code
""")
SUPPLIERS = text("select id, public_id, name, currency from shop.supplier where ended_at is null order by name")
A_PAGE = 100


@dataclass(frozen=True, slots=True)
class OfferLine:
    """An offer beside what is earned by it. `cost_fen` None: unknown, no rate, or the cost of the own pool's cards."""

    row: Any
    cost_fen: int | None
    floor_fen: int

    @property
    def margin_fen(self) -> int | None:
        if self.cost_fen is None or self.row.price_fen is None:
            return None
        return int(self.row.price_fen) - self.cost_fen

    @property
    def is_inverted(self) -> bool:
        return self.margin_fen is not None and self.margin_fen < self.floor_fen


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which offers are looked for."""

    channel: UUID | None = None
    state: str = ""
    words: str = ""


async def channels(session: ReadSession, channel: UUID | None = None) -> Sequence[Any]:
    return (await session.execute(CHANNELS, {"channel": channel})).all()


async def channel(session: ReadSession, channel_id: UUID) -> Any:
    """One channel with its counts. Raises NotFoundError."""
    found = await channels(session, channel_id)
    if not found:
        raise NotFoundError
    return found[0]


async def offers(session: ReadSession, wanted: Wanted, page: int = 1) -> tuple[list[OfferLine], bool]:
    """A page of them, by SKU and cost; whether there are more."""
    found = await _offers(session, wanted, limit=A_PAGE + 1, offset=(page - 1) * A_PAGE)
    return found[:A_PAGE], len(found) > A_PAGE


async def offer(session: ReadSession, offer_id: UUID) -> OfferLine:
    """Raises NotFoundError."""
    found = await _offers(session, Wanted(), limit=1, offset=0, offer=offer_id)
    if not found:
        raise NotFoundError
    return found[0]


async def history(session: ReadSession, offer_id: int, limit: int = A_PAGE) -> Sequence[Any]:
    """Newest first."""
    return (await session.execute(HISTORY, {"offer_id": offer_id, "limit": limit})).all()


async def newest_rates(session: ReadSession) -> Sequence[Any]:
    return (await session.execute(RATES, {"limit": A_PAGE})).all()


async def skus(session: ReadSession) -> Sequence[Any]:
    """What a channel can supply."""
    return (await session.execute(SKUS)).all()


async def suppliers(session: ReadSession) -> Sequence[Any]:
    return (await session.execute(SUPPLIERS)).all()


async def _offers(
    session: ReadSession, wanted: Wanted, limit: int, offset: int, offer: UUID | None = None
) -> list[OfferLine]:
    at = clock.now()
    values = {
        "at": at,
        "offer": offer,
        "channel": wanted.channel,
        "state": wanted.state,
        "words": wanted.words,
        "pattern": f"%{_plain(wanted.words)}%",
        "limit": limit,
        "offset": offset,
    }
    rows = (await session.execute(OFFERS, values)).all()
    own, timezone = await offer_queries.profile(session)
    on = clock.business_date(at, ZoneInfo(timezone))
    rate_of = await _rates(session, {row.currency for row in rows}, own, on)
    return [_line(row, rate_of) for row in rows]


def _line(row: Any, rate_of: dict[str, Decimal]) -> OfferLine:
    rate = rate_of.get(row.currency)
    known = row.unit_cost is not None and rate is not None and row.protocol != "own_pool"
    floor = least_margin_fen(row.price_fen or 0, row.floor_margin_fen, row.floor_margin_per_myriad)
    return OfferLine(row, to_fen(row.unit_cost, rate) if known and rate is not None else None, floor)


async def _rates(session: ReadSession, currencies: set[str], own: str, on: date) -> dict[str, Decimal]:
    found = {}
    for each in currencies:
        try:
            found[each] = await rates.fen_per(session, each, own, on)
        except NoRateError:
            continue
    return found


def _plain(words: str) -> str:
    """Per cent and underline are looked for as they are."""
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def changes(rows: Sequence[Any]) -> list[Decimal | None]:
    """By row of a history (newest first), by what share the cost rose against the row before; None: no such figure."""
    found: list[Decimal | None] = []
    for now, before in zip(rows, [*rows[1:], None], strict=True):
        same = before is not None and now.unit_cost and before.unit_cost and now.currency == before.currency
        found.append((now.unit_cost - before.unit_cost) / before.unit_cost if same and before is not None else None)
    return found
