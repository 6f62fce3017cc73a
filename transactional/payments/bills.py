"""Daily bills of the gateways: fetched, stored once, held line by line against the shop's books.

A payment that nobody told of is applied; fees become what the bill says, on the bill's date; the rest is for a person.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from mingsuan import clock
from mingsuan.clock import business_date, start_of
from transactional import calls
from transactional.backoffice.service import open_case
from transactional.db import WriteSession, reading, writing
from transactional.jobs import defer
from transactional.ledger import service as ledger
from transactional.ledger.gateway_rules import fee_corrected
from transactional.ledger.rules import Posting
from transactional.orders.due import lock_due_by_id
from transactional.payments import bill_queries as queries
from transactional.payments.apply import fee_shares, trade_found
from transactional.payments.bill_rules import FOR_A_PERSON, Compared, compared, key_of
from transactional.payments.gateways.interface import Bill, BillLine, BillNotReadyError, Gateway, RefundFact, Trade
from transactional.payments.payouts import refund_found
from transactional.shop import Shop

GATEWAY_ZONE = ZoneInfo("Asia/Shanghai")
READY_AT = time(10, 30)
DAYS_BACK = 7


async def fetch(shop: Shop, method: str, day: date) -> bool:
    """Fetches and books a day's bill; False when it is not there yet. The same day again changes nothing.

    Commits by itself: what the bill alone knew line by line, then the comparison as a whole.
    """
    gateway = shop.gateways.get(method)
    if gateway is None or await _is_stored(shop, method, day):
        return False
    answer = await calls.made(shop.engine, method, "bill", day.isoformat(), lambda: _bill(gateway, day))
    if answer.value is None:
        return False
    found = await _learn(shop, gateway, answer.value)
    await _book(shop, method, answer.value, found)
    return True


async def _bill(gateway: Gateway, day: date) -> Bill | None:
    try:
        return await gateway.bill(day)
    except BillNotReadyError:
        return None


async def _is_stored(shop: Shop, method: str, day: date) -> bool:
    async with reading(shop.engine) as session:
        return await queries.is_stored(session, method, day)


async def _learn(shop: Shop, gateway: Gateway, bill: Bill) -> frozenset[str]:
    """Applies the lines that the shop does not know, or knows as still open; their keys."""
    async with reading(shop.engine) as session:
        known = await queries.known(session, gateway.method, *_keys(bill.lines))
    news = [line for line in bill.lines if (ours := known.get(key_of(line))) is None or not ours.ended]
    applied = set()
    for line in news:
        async with writing(shop.engine) as session:
            if await _applied(session, shop, gateway, line):
                applied.add(key_of(line))
    return frozenset(applied)


async def _applied(session: WriteSession, shop: Shop, gateway: Gateway, line: BillLine) -> bool:
    at = clock.now()
    if line.kind == "payment":
        trade = Trade("paid", line.out_trade_no, line.gateway_trade_no, line.amount_fen, line.happened_at)
        found = await trade_found(session, gateway.method, trade, "bill", at, shop.zone, gateway.fee_per_myriad)
        return found.verdict != "duplicate"
    fact = RefundFact("succeeded", line.out_refund_no or "", None, line.amount_fen, line.happened_at)
    verdict, _ = await refund_found(session, gateway.method, fact, at, shop.zone)
    return verdict == "applied"


async def _book(shop: Shop, method: str, bill: Bill, found: frozenset[str]) -> None:
    since, until = start_of(bill.day, GATEWAY_ZONE), start_of(bill.day + timedelta(days=1), GATEWAY_ZONE)
    trades, refunds = _keys(bill.lines)
    async with writing(shop.engine) as session:
        known = await queries.known(session, method, trades, refunds)
        lines = compared(bill.lines, known, found)
        lacking = await queries.missing(session, method, since, until, trades, refunds)
        bill_id = await queries.store(session, method, bill, lines, len(lacking))
        if bill_id is None:
            return
        await _correct_fees(session, bill_id, bill.day, lines, shop.zone)
        for number, each in enumerate(lines, start=1):
            if each.verdict in FOR_A_PERSON:
                await _line_case(session, method, bill.day, number, each)
        for kind, name, amount_fen in lacking:
            detail = {"method": method, "day": bill.day.isoformat(), "kind": kind}
            await open_case(session, "missing_in_bill", name, amount_fen, detail)


def _keys(lines: Sequence[BillLine]) -> tuple[list[str], list[str]]:
    """The lookup keys of payments and of refunds."""
    return [key_of(each) for each in lines if each.kind == "payment"], [
        key_of(each) for each in lines if each.kind == "refund"
    ]


async def _correct_fees(
    session: WriteSession, bill_id: int, day: date, lines: Sequence[Compared], zone: ZoneInfo
) -> None:
    at = start_of(day, zone)
    differing = [(number, each) for number, each in enumerate(lines, start=1) if each.fee_difference_fen]
    differing.sort(key=lambda item: (item[1].ours.order_id if item[1].ours else 0) or 0)
    postings = [await _posting(session, f"bill:{bill_id}:{number}", each, at) for number, each in differing]
    await ledger.post(session, postings, zone)
    await queries.correct_fees(
        session, {(e.ours.kind, e.ours.id): e.fee_difference_fen for _, e in differing if e.ours is not None}
    )


async def _posting(session: WriteSession, reference: str, each: Compared, at: datetime) -> Posting:
    order_id = each.ours.order_id if each.ours else None
    if order_id is None or each.ours is None or each.ours.kind == "receipt":
        return fee_corrected(reference, None, None, [(None, each.fee_difference_fen)], at)
    due = await lock_due_by_id(session, order_id)
    fees = [*fee_shares(due, each.fee_difference_fen)]
    return fee_corrected(reference, order_id, due.customer_id, fees, at)


async def _line_case(session: WriteSession, method: str, day: date, number: int, each: Compared) -> None:
    detail = {
        "method": method,
        "day": day.isoformat(),
        "out_trade_no": each.line.out_trade_no,
        "out_refund_no": each.line.out_refund_no,
        "ours_fen": each.ours.amount_fen if each.ours else None,
    }
    await open_case(session, f"bill_{each.verdict}", f"{method}:{day}:{number}", each.line.amount_fen, detail)


async def fetch_due(shop: Shop) -> int:
    """Puts the bills of the last days that are ready and missing into the queue; how many."""
    now = clock.now()
    if now.astimezone(shop.zone).time() < READY_AT:
        return 0
    today, wanted = business_date(now, GATEWAY_ZONE), 0
    async with writing(shop.engine) as session:
        for method in shop.gateways:
            for back in range(1, DAYS_BACK + 1):
                day = today - timedelta(days=back)
                if not await queries.is_stored(session, method, day):
                    args = {"method": method, "day": day.isoformat()}
                    await defer(session, "payments.fetch_bill", args, lock=f"bill:{method}:{day}")
                    wanted += 1
    return wanted
