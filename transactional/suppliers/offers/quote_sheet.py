"""What a supplier's quote sheet would change, looked over before it counts, and taking it whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import text

from mingsuan import clock
from transactional.db import ReadSession, WriteSession
from transactional.errors import RefusedFileError
from transactional.suppliers.errors import NoRateError
from transactional.suppliers.models import Offer, SupplyChannel
from transactional.suppliers.offers import observing as offers
from transactional.suppliers.offers import queries as offer_queries
from transactional.suppliers.offers import rates
from transactional.suppliers.offers.observing import OfferChange
from transactional.suppliers.offers.quote_rows import Quote, problem
from transactional.suppliers.offers.rate_rules import to_fen
from transactional.suppliers.offers.rules import judged
from transactional.suppliers.protocols.interface import OfferFact

SKUS = text("select code, id from shop.sku where code = any(cast(:codes as text[]))")
PRICES = text("""
select distinct on (sku_id) sku_id, list_price_fen from shop.price
where sku_id = any(cast(:ids as bigint[])) and valid_from <= :at order by sku_id, valid_from desc
""")


@dataclass(frozen=True, slots=True)
class Look:
    """What a quote would change. `cost_fen` None: no rate tells it; `price_fen` None: not priced yet."""

    quote: Quote
    before: Decimal | None
    before_currency: str
    cost_fen: int | None
    price_fen: int | None
    is_doubted: bool
    is_new: bool


async def looked_over(session: ReadSession, channel: SupplyChannel, quotes: Sequence[Quote]) -> list[Look]:
    """What each would change; nothing is written. Raises RefusedFileError for SKUs that the shop does not have."""
    skus = await _skus(session, quotes)
    at = clock.now()
    prices = {
        row.sku_id: row.list_price_fen for row in await session.execute(PRICES, {"ids": [*skus.values()], "at": at})
    }
    known = {(row.supplier_sku, row.sku_id): row for row in await offer_queries.of_channel(session, channel.id)}
    facts = {each.supplier_sku: _fact(each) for each in quotes}
    rows = [row for (name, _), row in known.items() if name in facts]
    believed = await offers.believed(session, rows, facts, at)
    rate_of = await _rates(session, {each.currency for each in quotes}, at)
    looks = []
    for each in quotes:
        row: Offer | None = known.get((each.supplier_sku, skus[each.sku_code]))
        seen = judged(facts[each.supplier_sku], believed.get(row.id) if row else None)
        rate = rate_of.get(each.currency)
        looks.append(
            Look(
                quote=each,
                before=row.unit_cost if row else None,
                before_currency=row.currency if row else "",
                cost_fen=None if rate is None else to_fen(each.cost, rate),
                price_fen=prices.get(skus[each.sku_code]),
                is_doubted=seen.state == "quarantined",
                is_new=row is None,
            )
        )
    return looks


async def take(
    session: WriteSession, channel: SupplyChannel, quotes: Sequence[Quote], staff_id: int
) -> tuple[OfferChange, ...]:
    """All of them at once. Raises RefusedFileError as `looked_over` does."""
    skus = await _skus(session, quotes)
    sku_of = {each.supplier_sku: skus[each.sku_code] for each in quotes}
    facts = [_fact(each) for each in quotes]
    at = clock.now()
    return await offers.observe(session, channel.id, facts, "sheet", at, sku_of=sku_of, staff_id=staff_id)


def _fact(each: Quote) -> OfferFact:
    on_sale = each.stock is None or each.stock > 0
    return OfferFact(each.supplier_sku, each.name, each.cost, each.currency, each.stock, on_sale)


async def _skus(session: ReadSession, quotes: Sequence[Quote]) -> Mapping[str, int]:
    found = {row.code: row.id for row in await session.execute(SKUS, {"codes": [each.sku_code for each in quotes]})}
    unknown = [each for each in quotes if each.sku_code not in found]
    if unknown:
        reason = "There is no SKU “{code}”."
        raise RefusedFileError([problem(each.row, "sku", reason, code=each.sku_code) for each in unknown])
    return found


async def _rates(session: ReadSession, currencies: set[str], at: datetime) -> dict[str, Decimal]:
    own, timezone = await offer_queries.profile(session)
    found = {}
    for each in currencies:
        try:
            found[each] = await rates.fen_per(session, each, own, clock.business_date(at, ZoneInfo(timezone)))
        except NoRateError:
            continue
    return found
