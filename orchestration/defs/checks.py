"""Checks of the published version that warn and hold up nothing: is the last whole day out of the ordinary?

They read what readers see. How odd is odd is `orchestration.anomaly`'s; what counts as a hit is told here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg
import duckdb

from mingsuan import clock, snapshot
from orchestration import anomaly
from orchestration.anomaly import Judgement, Share
from orchestration.defs.published import KEY
from orchestration.defs.resources import Shop

ORDERS = "select ordered_date, count(distinct order_id) from fct_order_items group by 1"


@dataclass(frozen=True)
class Ratio:
    """A share by day: `query` gives date, hits and trials, one parameter being the shop's zone where it asks for it."""

    name: str
    description: str
    query: str


RATIOS = (
    Ratio(
        "refund_share",
        "Refunded order items among those of the day's orders.",
        "select ordered_date, count(*) filter (refunds_fen <> 0), count(*) from fct_order_items group by 1",
    ),
    Ratio(
        "cost_coverage",
        "Order items with a known cost among those ordered that day and delivered since.",
        "select ordered_date, count(*) filter (has_known_cost), count(*) from fct_order_items"
        " where delivered_units > 0 group by 1",
    ),
    Ratio(
        "payment_failures",
        "Payments that failed among those begun that day and decided since.",
        "select cast(created_at at time zone $zone as date), count(*) filter (state = 'failed'), count(*)"
        " from fct_payments where state in ('failed', 'succeeded') group by 1",
    ),
)
CHANNELS = (
    "select items.ordered_date, customers.acquisition_channel, count(distinct items.order_id)"
    " from fct_order_items as items join dim_customers as customers using (customer_key) group by 1, 2"
)


@dataclass(frozen=True)
class Published:
    """The published version and the last day that it holds from midnight to midnight."""

    connection: duckdb.DuckDBPyConnection
    zone: str
    last_day: date

    def days_before(self, count: int) -> list[date]:
        """So many days before the last one, oldest first."""
        return [self.last_day - timedelta(days=back) for back in range(count, 0, -1)]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        wanted = {"zone": self.zone} if "$zone" in query else {}
        return self.connection.execute(query, wanted).fetchall()


def volume_of(shop: Published) -> Judgement:
    """Orders of the last whole day."""
    counts: dict[date, int] = dict(shop.rows(ORDERS))
    before = shop.days_before(7 * anomaly.WEEKS)
    history = [counts.get(day, 0) for day in before] if counts and min(counts) <= before[0] else []
    return anomaly.volume(history, counts.get(shop.last_day, 0))


def ratio_of(shop: Published, ratio: Ratio) -> Judgement:
    """A share of the last whole day."""
    shares = {day: Share(hits, trials) for day, hits, trials in shop.rows(ratio.query)}
    none = Share(0, 0)
    before = [shares.get(day, none) for day in shop.days_before(anomaly.TRAILING_DAYS)]
    return anomaly.share(before, shares.get(shop.last_day, none))


def channels_of(shop: Published) -> dict[str, Judgement]:
    """Each channel's share of the last whole day's orders, by what brought the customers."""
    counts: dict[date, dict[str, int]] = {}
    for day, channel, orders in shop.rows(CHANNELS):
        counts.setdefault(day, {})[channel] = orders
    before = [counts.get(day, {}) for day in shop.days_before(anomaly.TRAILING_DAYS)]
    return anomaly.mix(before, counts.get(shop.last_day, {}))


def checks() -> list[dg.AssetChecksDefinition]:
    """One for the volume, one a ratio, one for the mix of channels."""

    @dg.asset_check(asset=KEY, name="orders_as_on_such_a_day", description=_told("Orders of the last whole day"))
    def volume_check(shop: Shop) -> dg.AssetCheckResult:
        with opened(shop) as published:
            return _result(published, {"orders": volume_of(published)})

    @dg.asset_check(asset=KEY, name="channels_as_usual", description=_told("Which channels brought the orders"))
    def channels_check(shop: Shop) -> dg.AssetCheckResult:
        with opened(shop) as published:
            return _result(published, channels_of(published))

    return [volume_check, *(_ratio_check(ratio) for ratio in RATIOS), channels_check]


@contextmanager
def opened(shop: Shop) -> Iterator[Published]:
    """The published version, closed again."""
    folder = snapshot.resolve(shop.settings())
    manifest = snapshot.manifest(folder)
    instant = datetime.fromisoformat(manifest["source_instant"])
    last_day = clock.business_date(instant, ZoneInfo(manifest["timezone"])) - timedelta(days=1)
    with snapshot.open_snapshot(folder) as connection:
        yield Published(connection, manifest["timezone"], last_day)


def _ratio_check(ratio: Ratio) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=KEY, name=f"{ratio.name}_as_usual", description=_told(ratio.description))
    def ratio_check(shop: Shop) -> dg.AssetCheckResult:
        with opened(shop) as published:
            return _result(published, {ratio.name: ratio_of(published, ratio)})

    return ratio_check


def _told(what: str) -> str:
    return f"{what.rstrip('.')}: not further than {anomaly.Z_LIMIT} standard errors from what was usual. Warns only."


def _result(published: Published, judged: dict[str, Judgement]) -> dg.AssetCheckResult:
    odd = {name: each for name, each in judged.items() if each.is_odd}
    return dg.AssetCheckResult(
        passed=not odd,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(_sentence(name, each) for name, each in (odd or judged).items()) or "nothing to judge by",
        metadata={"day": published.last_day.isoformat(), "judged": _names(judged), "odd": _names(odd)},
    )


def _names(judged: dict[str, Judgement]) -> str:
    return ", ".join(sorted(name for name, each in judged.items() if each.z is not None)) or "none"


def _sentence(name: str, each: Judgement) -> str:
    if each.expected is None or each.z is None:
        return f"{name} {each.value:.4g}, too little to judge by"
    return f"{name} {each.value:.4g} where {each.expected:.4g} is usual, {each.z:+.1f} standard errors"
