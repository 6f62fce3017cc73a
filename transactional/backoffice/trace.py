"""An order from end to end: everything that happened to it on one line of time, and sums that prove themselves.

Reading only. What a row is called for people is in `trace_wording`.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mingsuan import clock
from transactional.backoffice import trace_queries as queries
from transactional.db import ReadSession
from transactional.errors import NotFoundError

MONEY = ("bank", "gateway_receivable", "customer_wallet", "unapplied_receipts")
"""Accounts in which an order's money comes and goes; the last one for a receipt that was applied to it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A signed amount on one account, debit positive."""

    account: str
    name_zh: str
    name_en: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Event:
    """One row of one table: `source` names the table, `what` its state or kind; `facts` holds no secret."""

    source: str
    id: int
    at: datetime
    what: str
    amount_fen: int | None
    facts: Mapping[str, Any]
    entries: tuple[Entry, ...] = ()
    seal_no: int | None = None


@dataclass(frozen=True, slots=True)
class Balance:
    """What the order moved on an account."""

    code: str
    name_zh: str
    name_en: str
    debit_fen: int
    credit_fen: int
    balance_fen: int


@dataclass(frozen=True, slots=True)
class Sums:
    """Of payments, refunds and disputes as their own tables have them, beside what the ledger says. All fen."""

    paid_fen: int
    refunded_fen: int
    refunding_fen: int
    fee_fen: int
    disputed_fen: int
    dispute_fee_fen: int
    shared_fen: int
    stray_fen: int
    stray_returned_fen: int
    ledger_kept_fen: int
    ledger_total_fen: int

    @property
    def kept_fen(self) -> int:
        """What is left to the shop of what was paid."""
        gone = self.refunded_fen + self.disputed_fen + self.dispute_fee_fen + self.fee_fen + self.shared_fen
        return self.paid_fen - gone

    @property
    def agree(self) -> bool:
        """Whether the tables and the ledger say the same, and the ledger's entries add up to zero."""
        return self.kept_fen == self.ledger_kept_fen and self.ledger_total_fen == 0


@dataclass(frozen=True, slots=True)
class Trace:
    """All of an order."""

    order: Any
    situation: str
    sums: Sums
    balances: tuple[Balance, ...]
    events: tuple[Event, ...]


async def trace(session: ReadSession, order_no: str) -> Trace:
    """Raises NotFoundError."""
    order = (await session.execute(queries.ORDER, {"order_no": order_no, "at": clock.now()})).one_or_none()
    if order is None:
        raise NotFoundError
    scope = await queries.scope(session, order)
    balances = tuple(Balance(**row._mapping) for row in await session.execute(queries.BALANCES, {"order_id": order.id}))
    return Trace(
        order=order,
        situation=await queries.situation(session, order_no),
        sums=await _sums(session, scope, balances),
        balances=balances,
        events=await _events(session, scope),
    )


async def _sums(session: ReadSession, scope: Mapping[str, Any], balances: Sequence[Balance]) -> Sums:
    row = (await session.execute(queries.SUMS, _of(queries.SUMS, scope))).one()
    kept = sum(each.balance_fen for each in balances if each.code in MONEY)
    return Sums(**row._mapping, ledger_kept_fen=kept, ledger_total_fen=sum(each.balance_fen for each in balances))


async def _events(session: ReadSession, scope: Mapping[str, Any]) -> tuple[Event, ...]:
    """In the order of time; of one instant, the shop's rows before what the ledger made of them."""
    entries, seals = await _postings(session, scope["postings"])
    events = [
        Event(
            source,
            row.id,
            row.at,
            row.what,
            row.amount_fen,
            {name: value for name, value in row.facts.items() if value is not None},
            tuple(entries[row.id]) if source == "ledger_transaction" else (),
            seals.get(row.id) if source == "ledger_transaction" else None,
        )
        for source, statement in queries.SOURCES.items()
        for row in await session.execute(statement, _of(statement, scope))
    ]
    return tuple(sorted(events, key=lambda event: event.at))  # stable: sources keep their order


async def _postings(
    session: ReadSession, postings: Sequence[int]
) -> tuple[Mapping[int, list[Entry]], Mapping[int, int]]:
    entries: dict[int, list[Entry]] = defaultdict(list)
    if not postings:
        return entries, {}
    for row in await session.execute(queries.ENTRIES, {"postings": postings}):
        entries[row.transaction_id].append(Entry(row.account, row.name_zh, row.name_en, row.amount_fen))
    bounds = {"postings": postings, "lowest": min(postings), "highest": max(postings)}
    sealed = {row.id: row.seal_no for row in await session.execute(queries.SEALS, bounds)}
    return entries, sealed


def _of(statement: Any, scope: Mapping[str, Any]) -> dict[str, Any]:
    """The values that a statement names."""
    return {name: scope[name] for name in statement.compile().params}
