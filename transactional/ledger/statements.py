"""Statements of an account or of one customer's part of it, the trial balance of a day, a month's journal. Reads only.

A statement's balance is positive on the account's own side: debit for assets and expenses, credit for the others.
"""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text

from transactional.db import ReadSession
from transactional.errors import NotFoundError
from transactional.ledger.months import month_after
from transactional.ledger.schemas import AccountBalance, JournalLine, LedgerAccountName, Statement, StatementLine

ACCOUNT = text("select code, kind, name_zh, name_en from shop.ledger_account where code = :code")
ACCOUNTS = text("select code, kind, name_zh, name_en from shop.ledger_account order by position")
CUSTOMER = text("select id from shop.customer where public_id = :public_id")
OF_ACCOUNT = """
from shop.ledger_entry as e join shop.ledger_transaction as t on t.id = e.transaction_id
where e.account = :account and (cast(:customer_id as bigint) is null or e.customer_id = :customer_id)
"""
SUMS = text(f"""
select coalesce(sum(e.amount_fen) filter (where t.ledger_date < :since), 0)::bigint as opening,
    coalesce(sum(e.amount_fen) filter (where t.ledger_date >= :since and e.amount_fen > 0), 0)::bigint as debit,
    coalesce(-sum(e.amount_fen) filter (where t.ledger_date >= :since and e.amount_fen < 0), 0)::bigint as credit,
    count(*) filter (where t.ledger_date >= :since) as line_count
{OF_ACCOUNT} and t.ledger_date <= :until
""")
LINES = text(f"""
select line.*, o.order_no, c.public_id as customer from (
    select e.id, e.transaction_id, e.customer_id, e.amount_fen,
        t.ledger_date, t.effective_at, t.event, t.reference, t.order_id,
        sum(e.amount_fen) over (order by t.ledger_date, t.effective_at, t.id, e.id)::bigint as moved_fen
    {OF_ACCOUNT} and t.ledger_date between :since and :until
) as line
left join shop.orders as o on o.id = line.order_id
left join shop.customer as c on c.id = line.customer_id
order by line.ledger_date, line.effective_at, line.transaction_id, line.id limit :limit offset :offset
""")
TRIAL_BALANCE = text("""
select a.code, a.kind, a.name_zh, a.name_en, sum(e.amount_fen)::bigint as balance_fen
from shop.ledger_account as a
join shop.ledger_entry as e on e.account = a.code
join shop.ledger_transaction as t on t.id = e.transaction_id
where t.ledger_date <= :until
group by a.code order by a.position
""")
JOURNAL = text("""
select t.id as transaction_no, t.ledger_date, t.effective_at, t.event, t.reference, o.order_no, e.account,
    a.name_zh, a.name_en, greatest(e.amount_fen, 0) as debit_fen, greatest(-e.amount_fen, 0) as credit_fen,
    c.public_id as customer
from shop.ledger_transaction as t
join shop.ledger_entry as e on e.transaction_id = t.id
join shop.ledger_account as a on a.code = e.account
left join shop.orders as o on o.id = t.order_id
left join shop.customer as c on c.id = e.customer_id
where t.ledger_date >= :since and t.ledger_date < :before
order by t.ledger_date, t.id, e.id
""")


async def statement(
    session: ReadSession,
    account: str,
    since: date,
    until: date,
    *,
    customer_id: int | None = None,
    limit: int = 100,
    offset: int = 0,
) -> Statement:
    """What moved on an account from `since` to `until`, both included; of one customer when given.

    Opening and closing balance, totals and count are of the whole period, the lines of one page. Raises NotFoundError.
    """
    found = (await session.execute(ACCOUNT, {"code": account})).one_or_none()
    if found is None:
        raise NotFoundError
    side = 1 if found.kind in ("asset", "expense") else -1
    period: dict[str, Any] = {"account": account, "customer_id": customer_id, "since": since, "until": until}
    sums = (await session.execute(SUMS, period)).one()
    rows = await session.execute(LINES, {**period, "limit": limit, "offset": offset})
    return Statement(
        account=LedgerAccountName.model_validate(found),
        since=since,
        until=until,
        opening_fen=side * sums.opening,
        debit_fen=sums.debit,
        credit_fen=sums.credit,
        closing_fen=side * (sums.opening + sums.debit - sums.credit),
        line_count=sums.line_count,
        lines=tuple(_line(row, side, sums.opening) for row in rows),
    )


async def trial_balance(session: ReadSession, until: date) -> tuple[AccountBalance, ...]:
    """Balances at the end of a business date, debit positive; they add up to zero."""
    return tuple(AccountBalance.model_validate(row) for row in await session.execute(TRIAL_BALANCE, {"until": until}))


async def accounts(session: ReadSession) -> tuple[LedgerAccountName, ...]:
    """The chart of accounts."""
    return tuple(LedgerAccountName.model_validate(row) for row in await session.execute(ACCOUNTS))


async def journal(session: ReadSession, month: date) -> tuple[JournalLine, ...]:
    """Every entry dated into the month that holds this day, in order."""
    since = month.replace(day=1)
    given = {"since": since, "before": month_after(since)}
    return tuple(JournalLine.model_validate(row) for row in await session.execute(JOURNAL, given))


async def customer_number(session: ReadSession, public_id: UUID) -> int:
    """The customer's key inside the database. Raises NotFoundError."""
    number: int | None = await session.scalar(CUSTOMER, {"public_id": public_id})
    if number is None:
        raise NotFoundError
    return number


def _line(row: Any, side: int, opening: int) -> StatementLine:
    return StatementLine(
        ledger_date=row.ledger_date,
        effective_at=row.effective_at,
        event=row.event,
        reference=row.reference,
        order_no=row.order_no,
        customer=row.customer,
        debit_fen=max(row.amount_fen, 0),
        credit_fen=max(-row.amount_fen, 0),
        balance_fen=side * (opening + row.moved_fen),
    )
