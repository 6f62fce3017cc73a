"""A planned history's gateway bills into rows: held line by line against the shop's books by the shop's own rules."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, tzinfo

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from mingsuan import money
from mingsuan.clock import start_of
from simulation.bill_slips import Billed
from simulation.bills import PlannedBill
from simulation.plan import Plan
from simulation.written import Written, WrittenOrder
from transactional.bulk_copy import Connection, copy_rows, reserve_ids
from transactional.ledger import bulk
from transactional.ledger.gateway_rules import fee_corrected, receipt_unapplied
from transactional.ledger.rules import Posting
from transactional.payments.bill_queries import LINE, bill_row, line_row
from transactional.payments.bill_rules import FOR_A_PERSON, Compared, Ours, compared, key_of
from transactional.payments.gateways.interface import Bill
from transactional.payments.receipts import CASE as UNAPPLIED

RECEIPT = ("id", "method", "state", "reason", "found_by", "out_trade_no", "gateway_trade_no", "amount_fen", "fee_fen")
RECEIPT_NAMES = "select id, public_id::text as subject from shop.unapplied_receipt where id = any(%s)"
CORRECT = {
    "payment": "update shop.payment set fee_fen = fee_fen + %s where id = %s",
    "payout": "update shop.refund_payout set fee_returned_fen = fee_returned_fen - %s where id = %s",
}
Case = tuple[str, str, int, dict[str, str | int | None], datetime]


class BillRows:
    """Writes bills with their lines, the fees that they correct, and the cases that they give people."""

    def __init__(self, connection: Connection, plan: Plan, written: Written) -> None:
        self._connection = connection
        self._plan = plan
        self._written = written
        self._ours: dict[str, Ours] = {}
        self._orders: dict[int, WrittenOrder] = {}
        self._cases: list[Case] = []

    def write(self) -> None:
        """Bills of the plan, in order."""
        bills = self._plan.bills.bills
        self._know_our_own()
        receipts = self._keep_unknown(bills)
        keys = reserve_ids(self._connection, "gateway_bill", len(bills))
        judged = [compared([of.line for of in bill.lines], self._ours, receipts) for bill in bills]
        self._copy_bills(keys, bills, judged)
        lines = (line_row(key, no, each) for key, of in zip(keys, judged, strict=True) for no, each in enumerate(of, 1))
        copy_rows(self._connection, "gateway_bill_line", tuple(LINE), lines)
        self._correct_fees(keys, bills, judged)
        for bill, of in zip(bills, judged, strict=True):
            self._cases += self._for_people(bill, of)
        rows = ((kind, subject, fen, Jsonb(detail), at) for kind, subject, fen, detail, at in self._cases)
        copy_rows(self._connection, "review_case", ("kind", "subject", "amount_fen", "detail", "opened_at"), rows)

    def _know_our_own(self) -> None:
        """What the shop has of payments and payouts when their bill comes."""
        for order in self._plan.shopped.orders:
            keys = self._written.orders[order.order_no]
            self._orders[keys.id] = keys
            of = (keys.payment_id, keys.id)
            if keys.payment_id:
                paid = Ours("payment", keys.payment_id, *of, order.net_fen, order.fee_fen)
                self._ours[order.gateway_trade_no] = paid
            for unit in order.units():
                number = order.out_refund_no(unit)
                if payout := self._written.payouts.get(number):
                    self._ours[number] = Ours("payout", payout, *of, sum(b.amount_fen for b in unit.refunds), 0)

    def _keep_unknown(self, bills: Iterable[PlannedBill]) -> frozenset[str]:
        """Money of which nobody told before the bill did; the keys of its lines."""
        unknown = [
            (bill, of) for bill in bills for of in bill.lines
            if of.line.kind == "payment" and key_of(of.line) not in self._ours
        ]  # fmt: skip
        keys = reserve_ids(self._connection, "unapplied_receipt", len(unknown))
        numbered = list(zip(keys, unknown, strict=True))
        rows = (
            (
                key,
                bill.method,
                "open",
                "unknown_trade",
                "bill",
                of.line.out_trade_no,
                of.line.gateway_trade_no,
                of.line.amount_fen,
                of.estimate_fen,
                of.line.happened_at,
            )
            for key, (bill, of) in numbered
        )
        copy_rows(self._connection, "unapplied_receipt", (*RECEIPT, "received_at"), rows)
        bulk.write(
            self._connection, (each for key, (bill, of) in numbered for each in _kept(key, bill, of)), self._zone
        )
        names = self._subjects(keys)
        for key, (bill, of) in numbered:
            line = of.line
            self._ours[key_of(line)] = Ours("receipt", key, None, None, line.amount_fen, of.estimate_fen)
            detail = {"reason": "unknown_trade", "method": bill.method, "out_trade_no": line.out_trade_no}
            self._cases.append((UNAPPLIED, names[key], line.amount_fen, {**detail}, bill.ready_at(self._plan.end)))
        return frozenset(key_of(of.line) for _, of in unknown)

    @property
    def _zone(self) -> tzinfo:
        return self._plan.zone

    def _subjects(self, keys: Sequence[int]) -> dict[int, str]:
        with self._connection.cursor(row_factory=dict_row) as cursor:
            return {row["id"]: row["subject"] for row in cursor.execute(RECEIPT_NAMES, (keys,))}

    def _copy_bills(
        self, keys: Sequence[int], bills: Sequence[PlannedBill], judged: Sequence[Sequence[Compared]]
    ) -> None:
        rows = [
            {"id": key, "fetched_at": bill.ready_at(self._plan.end)}
            | bill_row(bill.method, _file(bill), of, len(bill.lacking))
            for key, bill, of in zip(keys, bills, judged, strict=True)
        ]
        if rows:
            copy_rows(self._connection, "gateway_bill", tuple(rows[0]), (tuple(row.values()) for row in rows))

    def _correct_fees(
        self, keys: Sequence[int], bills: Sequence[PlannedBill], judged: Sequence[Sequence[Compared]]
    ) -> None:
        """On the date of the bill; afterwards payments and payouts have the fees that it says."""
        postings: list[Posting] = []
        corrected: dict[str, list[tuple[int, int]]] = {kind: [] for kind in CORRECT}
        for key, bill, of in zip(keys, bills, judged, strict=True):
            at = start_of(bill.day, self._zone)
            for number, each in enumerate(of, 1):
                if each.fee_difference_fen and each.ours and each.ours.order_id:
                    order, difference_fen = self._orders[each.ours.order_id], each.fee_difference_fen
                    fees = list(zip(order.items, money.split(difference_fen, order.nets_fen), strict=True))
                    reference = f"bill:{key}:{number}"
                    postings.append(fee_corrected(reference, order.id, order.customer_id, fees, at))
                    corrected[each.ours.kind].append((difference_fen, each.ours.id))
        bulk.write(self._connection, postings, self._zone)
        with self._connection.cursor() as cursor:
            for kind, statement in CORRECT.items():
                cursor.executemany(statement, corrected[kind])

    def _for_people(self, bill: PlannedBill, judged: Sequence[Compared]) -> Iterator[Case]:
        """As the shop opens them: of lines that nobody but a person can explain, and of what the bill lacks."""
        at = bill.ready_at(self._plan.end)
        about: dict[str, str | int | None] = {"method": bill.method, "day": bill.day.isoformat()}
        for number, each in enumerate(judged, 1):
            if each.verdict in FOR_A_PERSON:
                line = each.line
                detail = about | {"out_trade_no": line.out_trade_no, "out_refund_no": line.out_refund_no}
                ours_fen = each.ours.amount_fen if each.ours else None
                subject = f"{bill.method}:{bill.day}:{number}"
                yield f"bill_{each.verdict}", subject, line.amount_fen, detail | {"ours_fen": ours_fen}, at
        for kind, name, amount_fen in bill.lacking:
            yield "missing_in_bill", name, amount_fen, about | {"kind": kind}, at


def _kept(key: int, bill: PlannedBill, of: Billed) -> Iterator[Posting]:
    at = of.line.happened_at
    yield receipt_unapplied(key, bill.method, of.line.amount_fen, at)
    yield fee_corrected(f"receipt-fee:{key}", None, None, [(None, of.estimate_fen)], at)


def _file(bill: PlannedBill) -> Bill:
    lines = tuple(of.line for of in bill.lines)
    return Bill(bill.day, hashlib.sha256(repr((bill.method, bill.day, lines)).encode()).digest(), lines)
