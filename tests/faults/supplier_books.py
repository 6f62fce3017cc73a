"""After the buying: the shop against the suppliers' own books, item by item and fen by fen. Empty answers are good."""

from collections import Counter, defaultdict
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from mingsuan.clock import business_date
from simulation.suppliers import market
from simulation.suppliers import statements as simulated
from simulation.suppliers.account import Account
from tests.faults.supplier_world import accounts_of
from tests.simulation.suppliers.served import World
from transactional.db import reading, writing
from transactional.ledger import service as ledger
from transactional.ledger.schemas import LedgerFindings
from transactional.shop import Shop
from transactional.suppliers.money import balances, statements
from transactional.suppliers.money.statements import NewStatement
from transactional.suppliers.offers.rate_rules import to_fen

PURCHASES = text("""
select p.request_no, p.fulfilment_id, p.state, p.cost_fen, p.outcome_code, f.state as unit, c.code as channel
from shop.purchase as p join shop.fulfilment as f on f.id = p.fulfilment_id
join shop.supply_channel as c on c.id = p.channel_id
""")
UNSETTLED = text("""
select f.id, f.state, f.waits_for, d.outcome, d.reason, d.reason_values, (
    select string_agg(c.code || ' ' || p.state || ' ' || p.outcome_code || ' ' || p.times_asked, ', ' order by p.id)
    from shop.purchase as p join shop.supply_channel as c on c.id = p.channel_id where p.fulfilment_id = f.id
) as purchases
from shop.fulfilment as f left join lateral (
    select * from shop.routing_decision where fulfilment_id = f.id order by id desc limit 1
) as d on true where f.state not in ('delivered', 'refunded')
""")
CODES = text("""
select p.request_no, k.fingerprint from shop.purchased_code as k join shop.purchase as p on p.id = k.purchase_id
""")


async def unlike_the_books(shop: Shop, world: World) -> list[str]:
    """Everything in which items bought, delivered and given back differ from the suppliers' books."""
    async with reading(shop.engine) as session:
        purchases = (await session.execute(PURCHASES)).all()
        unsettled = (await session.execute(UNSETTLED)).all()
        codes = {row.request_no: bytes(row.fingerprint) for row in await session.execute(CODES)}
    wrong = [f"not settled: {row._mapping}" for row in unsettled]
    known = {row.request_no: row for row in purchases}
    good: Counter[int] = Counter()
    for account in world.accounts.values():
        repeats = {code.order_ref for code in account.book.codes() if code.is_repeat}
        for order in account.book.orders():
            row = known.get(order.request_no)
            if row is None or row.channel != account.name:
                wrong.append(f"{account.name} has {order.request_no}, which the shop did not send there")
            elif order.state == "processing":
                wrong.append(f"{order.request_no} is still open at {account.name}")
            elif order.state == "succeeded" and order.order_ref not in repeats:
                good[row.fulfilment_id] += order.good_quantity
            wrong += _code_problems(shop, account, order, codes)
    wrong += _item_problems(purchases, good)
    return wrong


def _item_problems(purchases: Any, good: Counter[int]) -> list[str]:
    unit_states = {row.fulfilment_id: row.unit for row in purchases}
    wrong = []
    for unit, state in unit_states.items():
        if good[unit] > 1:
            wrong.append(f"unit {unit} was bought {good[unit]} times")
        if good[unit] != (1 if state == "delivered" else 0):
            wrong.append(f"unit {unit} is {state}, bought {good[unit]} times")
    return wrong


def _code_problems(shop: Shop, account: Account, order: Any, codes: dict[str, bytes]) -> list[str]:
    """The code that was delivered is the one that the supplier sold under this very number."""
    if order.kind != "card" or order.state != "succeeded":
        return []
    sold = account.book.codes(order.order_ref)
    if any(code.is_repeat for code in sold):
        return [] if order.request_no not in codes else [f"{order.request_no}: a code that was sold before was kept"]
    expected = [shop.vault.fingerprint(code.content) for code in sold]
    return [] if [codes.get(order.request_no)] == expected else [f"{order.request_no}: another code was kept"]


async def money_differences(shop: Shop, world: World) -> dict[str, tuple[int, int]]:
    """By supplier, what lies with it or is owed to it: (ours, as its accounts' books have it), where they differ.

    Each movement in a foreign currency is turned into fen by itself, as purchases are.
    """
    found = {}
    for business in market.BUSINESSES:
        rate = 100 * (market.USD if business.currency == "USD" else 1)
        theirs = sum(to_fen(m.amount, rate) for a in accounts_of(world, business.key) for m in a.book.movements())
        async with reading(shop.engine) as session:
            named = {"name": business.name}
            supplier_id = await session.scalar(text("select id from shop.supplier where name = :name"), named)
            ours = await balances.of(session, supplier_id or 0)
        if ours.prepaid_fen - ours.payable_fen != theirs:
            found[business.name] = (ours.prepaid_fen - ours.payable_fen, theirs)
    return found


async def statement_differences(shop: Shop, world: World) -> tuple[int, dict[str, tuple[int, int]]]:
    """All accounts' statements, held against the ledger: how many lines, and (lines, fen) that differ by account."""
    lines, differ = 0, defaultdict(lambda: (0, 0))
    for account in world.accounts.values():
        first = business_date(account.started_at, shop.zone)
        last = business_date(account.now(), shop.zone)
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        for day in days:
            statement = account.statement(day)
            if not simulated.lines(account.book, day):
                continue
            async with writing(shop.engine) as session:
                named = {"code": account.name}
                channel = await session.scalar(text("select id from shop.supply_channel where code = :code"), named)
                new = NewStatement(channel or 0, statement.file_name, statement.content, "desk", (day, day))
                taken = await statements.take_in(session, new, shop.zone, shop.currency)
            lines += taken.line_count
            if taken.difference_count:
                before = differ[account.name]
                differ[account.name] = (before[0] + taken.difference_count, before[1] + taken.difference_fen)
    return lines, dict(differ)


async def ledger_findings(shop: Shop) -> LedgerFindings:
    async with reading(shop.engine) as session:
        return await ledger.check(session)


async def summary(shop: Shop) -> dict[str, int]:
    """How many units and purchases ended how."""
    sql = """
        select 'units ' || state as what, count(*) from shop.fulfilment group by 1
        union all select 'purchases ' || state, count(*) from shop.purchase group by 1 order by 1
    """
    async with reading(shop.engine) as session:
        return {row.what: row.count for row in await session.execute(text(sql))}
