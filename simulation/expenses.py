"""What a simulated shop spends and earns beside its sales: commissions, advertising, couriers, places sold ahead."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from random import Random

from mingsuan import money
from simulation.cash_book import Cash
from simulation.planned import PlannedCustomer, PlannedItem, PlannedOrder
from simulation.sampling import some

REFERRED, COMMISSION_PERMILLE = "referral", 30
ADVERTISED = (("search", 2600), ("douyin", 3400), ("xiaohongshu", 1500))
"""Channels that are paid for, and fen spent on an average day."""
BOOKED_AT = time(23, 30)
SENT_BY_COURIER = 0.002
COURIER_FEN = (600, 800, 1000, 1200)
PLACES = ((0.1, 48_000, 8), (0.35, 30_000, 4), (0.6, 66_600, 12))
"""Places for advertisements on the shop's own pages: share of the history at which one is sold, fen, weeks."""


@dataclass(frozen=True, slots=True)
class Commission:
    """Earned by who referred a customer, on a line of an order; given back when all of the line is refunded."""

    referrer: int
    order: PlannedOrder
    line: int
    amount_fen: int
    earned_at: datetime
    back_at: datetime | None


@dataclass(frozen=True, slots=True)
class AdSpend:
    """What advertising in a channel cost on a day."""

    channel: str
    amount_fen: int
    at: datetime


@dataclass(frozen=True, slots=True)
class CourierCharge:
    """What sending the paper version of a line's codes cost."""

    order: PlannedOrder
    line: int
    amount_fen: int
    at: datetime


@dataclass(frozen=True, slots=True)
class SoldPlace:
    """A place sold ahead and paid at the bank, with what of it is earned when."""

    reference: str
    customer: int
    amount_fen: int
    sold_at: datetime
    earned: tuple[tuple[datetime, int], ...]


@dataclass(frozen=True, slots=True)
class Expenses:
    """All of it, in the order of time within each kind."""

    commissions: tuple[Commission, ...]
    ad_spends: tuple[AdSpend, ...]
    courier_charges: tuple[CourierCharge, ...]
    places: tuple[SoldPlace, ...]

    def cash(self) -> Iterator[Cash]:
        for commission in self.commissions:
            yield Cash(commission.earned_at, "commissions", commission.amount_fen)
            if commission.back_at:
                yield Cash(commission.back_at, "commissions", -commission.amount_fen)
        for spend in self.ad_spends:
            yield Cash(spend.at, "marketing", spend.amount_fen)
        for charge in self.courier_charges:
            yield Cash(charge.at, "delivery_costs", charge.amount_fen)
        for place in self.places:
            for at, amount_fen in place.earned:
                yield Cash(at, "other_income", amount_fen)


def planned_expenses(
    rng: Random,
    customers: Sequence[PlannedCustomer],
    orders: Sequence[PlannedOrder],
    days: Sequence[date],
    zone: tzinfo,
    end: datetime,
) -> Expenses:
    """Nothing of it after `end`."""
    return Expenses(
        tuple(_commissions(rng, customers, orders)),
        tuple(_ad_spends(rng, days, zone)),
        tuple(_courier_charges(rng, orders, end)),
        tuple(_places(rng, len(customers), days, zone)),
    )


def _commissions(
    rng: Random, customers: Sequence[PlannedCustomer], orders: Iterable[PlannedOrder]
) -> Iterator[Commission]:
    """On every line that a referred customer got whole; who referred them came before, as customers are numbered."""
    referrers: dict[int, int] = {}
    for order in orders:
        if customers[order.customer].channel != REFERRED or not order.customer:
            continue
        for line, item in enumerate(order.items, 1):
            earned_at = _handed_over(item)
            amount_fen = item.net_fen * COMMISSION_PERMILLE // 1000
            if earned_at and amount_fen:
                referrer = referrers.setdefault(order.customer, rng.randrange(order.customer))
                yield Commission(referrer, order, line, amount_fen, earned_at, _given_back(item))


def _handed_over(item: PlannedItem) -> datetime | None:
    times = [unit.delivered_at for unit in item.units if unit.delivered_at]
    return max(times) if len(times) == len(item.units) else None


def _given_back(item: PlannedItem) -> datetime | None:
    """When the last of it went back, where all of it did."""
    refunds = [back for unit in item.units for back in unit.refunds]
    if sum(back.amount_fen for back in refunds) < item.net_fen:
        return None
    return max(back.refunded_at for back in refunds)


def _ad_spends(rng: Random, days: Iterable[date], zone: tzinfo) -> Iterator[AdSpend]:
    for day in days:
        for channel, usual_fen in ADVERTISED:
            amount_fen = usual_fen * rng.randint(60, 140) // 100
            yield AdSpend(channel, amount_fen, datetime.combine(day, BOOKED_AT, zone))


def _courier_charges(rng: Random, orders: Iterable[PlannedOrder], end: datetime) -> Iterator[CourierCharge]:
    lines = [
        (order, line, handed_over)
        for order in orders
        for line, item in enumerate(order.items, 1)
        if (handed_over := _handed_over(item))
    ]
    for order, line, handed_over in some(rng, lines, SENT_BY_COURIER):
        at = handed_over + timedelta(hours=rng.randint(2, 60))
        if at <= end:
            yield CourierCharge(order, line, rng.choice(COURIER_FEN), at)


def _places(rng: Random, customers: int, days: Sequence[date], zone: tzinfo) -> Iterator[SoldPlace]:
    """Earned in equal parts at the end of each week."""
    for number, (share, amount_fen, weeks) in enumerate(PLACES, 1):
        first = days[int(len(days) * share)]
        ends = [
            datetime.combine(first + timedelta(weeks=week, days=-1), BOOKED_AT, zone) for week in range(1, weeks + 1)
        ]
        parts = zip(ends, money.split(amount_fen, [1] * weeks), strict=True)
        earned = tuple((at, fen) for at, fen in parts if at.date() <= days[-1])
        sold_at = datetime.combine(first, time(10), zone)
        yield SoldPlace(f"simulation:{number}", rng.randrange(customers), amount_fen, sold_at, earned)
