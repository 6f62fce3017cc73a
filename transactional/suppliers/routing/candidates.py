"""From what stands in the tables to the candidates that routing weighs, their costs in the shop's money."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_CEILING, Decimal
from zoneinfo import ZoneInfo

from mingsuan.clock import business_date
from transactional.db import ReadSession
from transactional.suppliers.errors import NoRateError
from transactional.suppliers.offers import rates
from transactional.suppliers.offers.rate_rules import own_rate, to_fen
from transactional.suppliers.routing import estimates
from transactional.suppliers.routing import queries as routing_queries
from transactional.suppliers.routing.estimate_rules import CERTAIN, Belief
from transactional.suppliers.routing.queries import Ground, Offered
from transactional.suppliers.routing.terms import Candidate

NO_RATE = Decimal(0)


@dataclass(frozen=True, slots=True)
class Market:
    """Who offers what at an instant: rows by SKU, the rates of their currencies, what is believed of channels."""

    at: datetime
    ground: Ground
    rows: Mapping[int, Sequence[Offered]]
    rates: Mapping[str, Decimal]
    beliefs: Mapping[int, Belief]

    @property
    def minute(self) -> int:
        """Of the day, in the shop's zone."""
        local = self.at.astimezone(ZoneInfo(self.ground.timezone))
        return local.hour * 60 + local.minute

    def candidates(self, sku_id: int, quantity: int) -> tuple[Candidate, ...]:
        """Those for so many units of a SKU."""
        return tuple(self._candidate(row, quantity) for row in self.rows.get(sku_id, ()))

    def outside(self, sku_id: int, quantity: int) -> Iterator[Candidate]:
        """The same without the own pool, one by one as they are looked at."""
        rows = self.rows.get(sku_id, ())
        return (self._candidate(row, quantity) for row in rows if row.protocol != "own_pool")

    def _candidate(self, row: Offered, quantity: int) -> Candidate:
        rate = self.rates[row.currency]
        unit_cost, cost_fen = row.unit_cost, None
        if row.protocol == "own_pool":
            unit_cost, cost_fen = _of_pool(row, quantity, rate)
        elif unit_cost is not None and rate != NO_RATE:
            cost_fen = to_fen(unit_cost * quantity, rate)
        return Candidate(
            offer_id=row.offer_id,
            channel_id=row.channel_id,
            channel=row.channel,
            protocol=row.protocol,
            unit_cost=unit_cost,
            currency=row.currency,
            exchange_rate=rate / own_rate(self.ground.currency),
            cost_fen=cost_fen,
            stock=row.stock,
            prepaid_fen=row.prepaid_fen,
            belief=self.beliefs[row.channel_id],
            regions=tuple(row.regions),
            offer_state=row.offer_state,
            channel_state=row.channel_state,
            breaker=row.breaker,
        )


async def market(session: ReadSession, sku_ids: Collection[int] | None, at: datetime) -> Market:
    """Of these SKUs, or of all."""
    ground = await routing_queries.ground(session)
    rows = await routing_queries.offered(session, sku_ids, at)
    on = business_date(at, ZoneInfo(ground.timezone))
    by_sku: dict[int, list[Offered]] = defaultdict(list)
    for row in rows:
        by_sku[row.sku_id].append(row)
    beliefs = {row.channel_id: _belief(row, at) for row in {each.channel_id: each for each in rows}.values()}
    return Market(at, ground, by_sku, await _rates(session, rows, ground.currency, on), beliefs)


async def _rates(session: ReadSession, rows: Sequence[Offered], currency: str, on: date) -> dict[str, Decimal]:
    """Minor units of the shop's currency for one unit of each; 0 where no rate is known: such cost is not known."""
    known: dict[str, Decimal] = {}
    for each in sorted({row.currency for row in rows}):
        try:
            known[each] = await rates.fen_per(session, each, currency, on)
        except NoRateError:
            known[each] = NO_RATE
    return known


def _belief(row: Offered, at: datetime) -> Belief:
    return CERTAIN if row.protocol == "own_pool" else estimates.belief(row.sums, at)


def _of_pool(row: Offered, quantity: int, rate: Decimal) -> tuple[Decimal | None, int | None]:
    """Unit cost in the shop's currency, and the cost of so many: their average, a part of a fen counts whole."""
    if row.unit_cost is None:
        return None, None
    fen = (row.unit_cost * quantity).quantize(Decimal(1), ROUND_CEILING)
    return (row.unit_cost / rate).quantize(Decimal("0.000001")), int(fen)
