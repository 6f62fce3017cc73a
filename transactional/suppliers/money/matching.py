"""Holds a statement's lines against the ledger: whose they are, what they come to in fen, and how they compare."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from mingsuan.clock import start_of
from transactional.db import ReadSession
from transactional.suppliers.money import matching_queries as queries
from transactional.suppliers.money.matching_queries import Named
from transactional.suppliers.money.matching_rules import Judged, Span, Stated, books, judge
from transactional.suppliers.money.statement_file import StatedLine, StatementLines
from transactional.suppliers.offers import rates
from transactional.suppliers.offers.rate_rules import own_rate, to_fen


@dataclass(frozen=True, slots=True)
class Market:
    """Whose statement it is, and what money means: the channel, its supplier's currency, the shop's currency, the zone
    of the statement's days."""

    channel_id: int
    currency: str
    shop_currency: str
    zone: ZoneInfo


async def held(session: ReadSession, market: Market, statement: StatementLines) -> tuple[Judged, ...]:
    """Every line with its verdict, then what the statement lacks. Raises NoRateError."""
    stated = await _stated(session, market, statement)
    spans = [_span(*days, market.zone) for days in await queries.days(session, market.channel_id)]
    own = _span(statement.from_date, statement.to_date, market.zone)
    named = {line.purchase_id for line in stated if line.purchase_id is not None}
    booked = await queries.bookings(session, market.channel_id, own.since, named)
    purchases = {booking.purchase_id for booking in booked} | named
    accounted = await queries.accounted(session, market.channel_id, purchases)
    ended = await queries.ended(session, purchases)
    return judge(stated, books(booked, accounted, [*spans, own], own.until, ended))


def _span(first: date, last: date, zone: ZoneInfo) -> Span:
    return Span(start_of(first, zone), start_of(last + timedelta(days=1), zone))


async def _stated(session: ReadSession, market: Market, statement: StatementLines) -> list[Stated]:
    request_nos = {line.request_no for line in statement.lines if line.request_no}
    refs = {line.supplier_ref for line in statement.lines if line.supplier_ref and not line.request_no}
    known = await queries.named(session, market.channel_id, request_nos, refs)
    by_request = {each.request_no: each for each in known}
    by_ref = {each.supplier_ref: each for each in known if each.supplier_ref}
    rates_by_day = await _rates(session, market, statement.lines, statement.to_date)
    stated = []
    for line in statement.lines:
        named = by_request.get(line.request_no) if line.request_no else by_ref.get(line.supplier_ref)
        rate = _rate(named, market) or rates_by_day[_day(line, market, statement.to_date)]
        stated.append(Stated(line.line_no, to_fen(line.amount, rate), named.id if named else None))
    return stated


def _rate(named: Named | None, market: Market) -> Decimal | None:
    """The rate at which the purchase was booked: what is the same abroad is the same in fen."""
    if named is None or named.currency != market.currency:
        return None
    return named.exchange_rate * own_rate(market.shop_currency)


def _day(line: StatedLine, market: Market, otherwise: date) -> date:
    return line.happened_at.astimezone(market.zone).date() if line.happened_at else otherwise


async def _rates(
    session: ReadSession, market: Market, lines: Collection[StatedLine], otherwise: date
) -> dict[date, Decimal]:
    """Minor units for one of the supplier's currency on each day of the lines."""
    days: Sequence[date] = sorted({_day(line, market, otherwise) for line in lines})
    return {day: await rates.fen_per(session, market.currency, market.shop_currency, day) for day in days}
