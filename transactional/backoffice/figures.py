"""What the figures of some days add up to. Pure; definitions as in the profit marts, amounts in fen."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Sums:
    """Of a day or of several. Margins sum what is posted: an unknown cost counts as nothing, and `coverage` says so."""

    orders: int = 0
    units: int = 0
    placed_paid: int = 0
    placed_decided: int = 0
    gross_sales: int = 0
    discounts: int = 0
    refunds: int = 0
    draw_income: int = 0
    membership_income: int = 0
    other_income: int = 0
    cogs: int = 0
    payment_fees: int = 0
    known_net_sales: int = 0

    @property
    def net_sales(self) -> int:
        return self.gross_sales - self.discounts - self.refunds

    @property
    def other_revenue(self) -> int:
        return self.draw_income + self.membership_income + self.other_income

    @property
    def cm1(self) -> int:
        return self.net_sales + self.other_revenue - self.cogs

    @property
    def coverage(self) -> float | None:
        """Share of net sales with known cost; none without net sales."""
        return self.known_net_sales / self.net_sales if self.net_sales else None

    @property
    def success(self) -> float | None:
        """Share of placed orders that were paid, of those that are decided; none without any."""
        return self.placed_paid / self.placed_decided if self.placed_decided else None

    @classmethod
    def of(cls, several: Iterable[Self]) -> Self:
        """The sum of each field."""
        every = list(several)
        return cls(**{each.name: sum(getattr(one, each.name) for one in every) for each in fields(cls)})


SIGNS = {"gross_sales": 1, "discounts": -1, "refunds": -1}
"""What net sales are made of."""


def by_day(
    since: date,
    until: date,
    money: Iterable[Any],
    paid: Mapping[date, tuple[int, int]],
    placed: Mapping[date, tuple[int, int]],
) -> dict[date, Sums]:
    """One for every business date, newest first, also for those without anything."""
    components: dict[date, dict[str, int]] = {}
    known_fields = {each.name for each in fields(Sums)}
    for row in money:
        of_day = components.setdefault(row.day, {"known_net_sales": 0})
        if row.component in known_fields:
            of_day[row.component] = row.fen
        of_day["known_net_sales"] += SIGNS.get(row.component, 0) * row.known_fen
    days = [until - timedelta(days=back) for back in range((until - since).days + 1)]
    return {day: Sums(*paid.get(day, (0, 0)), *placed.get(day, (0, 0)), **components.get(day, {})) for day in days}
