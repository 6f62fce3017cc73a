"""Dated exchange rates: what one unit of a supplier's currency is worth in the shop's, since when, and who said so."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import text

from transactional.db import ReadSession, WriteSession
from transactional.suppliers.errors import NoRateError
from transactional.suppliers.models import ExchangeRate
from transactional.suppliers.offers.rate_rules import own_rate

RATE = text("""
select rate from shop.exchange_rate where currency = :currency and rate_date <= :on
order by rate_date desc, id desc limit 1
""")


@dataclass(frozen=True, slots=True)
class NewRate:
    """One unit of `currency` is worth `rate` units of the shop's, from this business date on."""

    currency: str
    rate_date: date
    rate: Decimal


async def fen_per(session: ReadSession, currency: str, shop_currency: str, on: date) -> Decimal:
    """How many minor units of the shop's currency one unit of `currency` is worth on a business date.

    The newest rate that is not later counts, however old. For `rate_rules.to_fen`. Raises NoRateError.
    """
    if currency == shop_currency:
        return own_rate(shop_currency)
    rate: Decimal | None = await session.scalar(RATE, {"currency": currency, "on": on})
    if rate is None:
        raise NoRateError(currency=currency, date=on.isoformat())
    return rate * own_rate(shop_currency)


async def record(session: WriteSession, rates: Sequence[NewRate], source: str, staff_id: int | None) -> None:
    """Adds rates; for a date that has one already, the newer row counts from now on."""
    for new in rates:
        row = ExchangeRate(currency=new.currency, rate_date=new.rate_date, rate=new.rate, source=source)
        row.recorded_by = staff_id
        session.add(row)
    await session.flush()
