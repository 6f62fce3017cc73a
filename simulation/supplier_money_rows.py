"""A planned history's claims, payments and statements into rows, its postings with suppliers, and their balances."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from simulation.plan import Plan
from simulation.supplied_law import CHANNELS, VENDOR_OF, VENDORS
from simulation.supplier_postings import BoughtKeys, SupplierPostings
from simulation.supplier_statements import PlannedStatement, Settled
from simulation.supply_rows import SupplyKeys
from transactional.bulk_copy import Connection, copy_rows, reserve_ids
from transactional.ledger import bulk
from transactional.ledger.rules import Posting
from transactional.suppliers.money import balances

CLAIM = ("id", "supplier_id", "channel_id", "purchase_id", "fulfilment_id", "state", "claimed_fen", "credited_fen")
CLAIMED = ("supplier_reference", "reason", "opened_at", "sent_at", "ended_at")
PAYMENT = ("id", "supplier_id", "kind", "reference", "amount", "currency", "amount_fen", "loss_fen", "paid_at", "note")
STATEMENT = ("id", "channel_id", "from_date", "to_date", "currency", "file_name", "file_sha256", "source")
COUNTED = ("line_count", "total_fen", "imported_at")
LINE = ("id", "statement_id", "line_no", "kind", "request_no", "supplier_ref", "amount", "theirs_fen", "ours_fen")
JUDGED = ("difference_fen", "verdict", "purchase_id", "case_id", "happened_at")
CASE = ("id", "kind", "subject", "state", "amount_fen", "detail", "opened_at", "resolved_at", "resolution")
SETTLED = {"accept": "按供应商账单入账", "note": "双方核对后无需入账", "dispute": "已向供应商提出异议"}
COMPLAINT = "invalid_code"


class SupplierMoneyRows:
    """Writes into the caller's transaction; keys of purchases by place, of fulfilments and order items by unit."""

    def __init__(
        self,
        connection: Connection,
        plan: Plan,
        keys: SupplyKeys,
        purchases: Sequence[int],
        fulfilments: Mapping[int, int],
        items: Mapping[int, int],
    ) -> None:
        self._connection = connection
        self._plan = plan
        self._supplied = plan.supply.supplied
        self._statements = plan.supply.statements
        self._keys = keys
        self._purchases = purchases
        self._fulfilments = fulfilments
        self._items = items

    def write(self) -> None:
        """Documents first, then what they post."""
        claims = reserve_ids(self._connection, "defect_claim", len(self._supplied.claims))
        copy_rows(self._connection, "defect_claim", CLAIM + CLAIMED, self._claim_rows(claims))
        payments = reserve_ids(self._connection, "supplier_payment", len(self._supplied.payments))
        copy_rows(self._connection, "supplier_payment", PAYMENT, self._payment_rows(payments))
        lines = self._statement_rows()
        bought = BoughtKeys(self._purchases, claims, payments, self._items)
        self._post(SupplierPostings(self._supplied, self._keys, bought), lines)

    def _claim_rows(self, keys: Sequence[int]) -> Iterator[tuple[object, ...]]:
        for key, claim in zip(keys, self._supplied.claims, strict=True):
            purchase = self._supplied.purchases[claim.purchase]
            whose = self._keys.whose(purchase.channel)
            about = (self._purchases[claim.purchase], self._fulfilments[purchase.unit])
            amounts = (claim.state, claim.claimed_fen, claim.credited_fen)
            times = (claim.opened_at, claim.opened_at, claim.ended_at)
            yield (key, *whose, *about, *amounts, "", COMPLAINT, *times)

    def _payment_rows(self, keys: Sequence[int]) -> Iterator[tuple[object, ...]]:
        currency = {one.key: one.currency for one in VENDORS}
        for key, one in zip(keys, self._supplied.payments, strict=True):
            paid = (one.amount, currency[one.vendor], one.paid_fen, one.loss_fen, one.at)
            yield (key, self._keys.suppliers[one.vendor], one.kind, one.reference, *paid, "")

    def _statement_rows(self) -> list[list[int]]:
        """Keys of the lines, by statement and place."""
        keys = reserve_ids(self._connection, "supplier_statement", len(self._statements))
        rows = (self._statement_row(key, one) for key, one in zip(keys, self._statements, strict=True))
        copy_rows(self._connection, "supplier_statement", STATEMENT + COUNTED, rows)
        subjects = self._subjects(keys)
        lines = [reserve_ids(self._connection, "supplier_statement_line", len(one.judged)) for one in self._statements]
        cases = self._case_rows(subjects)
        everything = [
            row
            for key, one, line_keys, case_keys in zip(keys, self._statements, lines, cases, strict=True)
            for row in self._line_rows(key, one, line_keys, case_keys)
        ]
        copy_rows(self._connection, "supplier_statement_line", LINE + JUDGED, everything)
        return lines

    def _statement_row(self, key: int, one: PlannedStatement) -> tuple[object, ...]:
        content = one.content()
        currency = VENDOR_OF[CHANNELS[one.channel].code].currency
        total_fen = sum(each.theirs_fen or 0 for each in one.judged)
        about = (key, self._keys.channels[one.channel], one.first, one.last, currency, one.file_name)
        return (*about, hashlib.sha256(content).digest(), "inbox", len(one.said), total_fen, one.imported_at)

    def _subjects(self, keys: Sequence[int]) -> list[str]:
        """What each statement is called outside."""
        query = "select public_id from shop.supplier_statement where id = any(%s) order by id"
        return [f"statement:{row[0]}" for row in self._connection.execute(query, (list(keys),))]

    def _case_rows(self, subjects: Sequence[str]) -> list[dict[int, int]]:
        """A case for each difference; keys by statement and place."""
        differing = [
            (number, place)
            for number, one in enumerate(self._statements)
            for place, each in enumerate(one.judged)
            if each.verdict != "matched"
        ]
        cases: list[dict[int, int]] = [{} for _ in self._statements]
        rows = []
        for key, (number, place) in zip(
            reserve_ids(self._connection, "review_case", len(differing)), differing, strict=True
        ):
            cases[number][place] = key
            rows.append((key, *self._case(self._statements[number], subjects[number], place)))
        copy_rows(self._connection, "review_case", CASE, rows)
        return cases

    def _case(self, one: PlannedStatement, subject: str, place: int) -> tuple[object, ...]:
        """As `money.statements` opens it and `money.statement_settling` ends it."""
        each = one.judged[place]
        detail: dict[str, str | int | None] = {
            "channel": CHANNELS[one.channel].code,
            "days": f"{one.first} – {one.last}",
            "line": each.line_no,
            "request_no": self._numbers(one, place)[0],
            "supplier_ref": self._numbers(one, place)[1],
            "theirs_fen": each.theirs_fen,
            "ours_fen": each.ours_fen,
        }
        done: Settled | None = next((done for done in one.settled if done.place == place), None)
        if done is not None:
            detail |= {"settled": done.way, "said": SETTLED[done.way]}
        is_over = done is not None and done.way != "dispute"
        ended = (done.at, SETTLED[done.way]) if done is not None and is_over else (None, "")
        about = (f"statement_{each.verdict}", f"{subject}:{place + 1}", "resolved" if is_over else "open")
        return (*about, each.difference_fen, json.dumps(detail, ensure_ascii=False), one.imported_at, *ended)

    def _numbers(self, one: PlannedStatement, place: int) -> tuple[str | None, str | None]:
        """Our number and the supplier's, of a line or of the purchase that it lacks."""
        each = one.judged[place]
        if each.line_no is not None:
            line = one.said[each.line_no - 1]
            return line.request_no or None, line.supplier_ref or None
        purchase = each.purchase_id
        return (None if purchase is None else self._supplied.purchases[purchase].request_no), None

    def _line_rows(
        self, statement: int, one: PlannedStatement, keys: Sequence[int], cases: Mapping[int, int]
    ) -> Iterator[tuple[object, ...]]:
        for place, (key, each) in enumerate(zip(keys, one.judged, strict=True)):
            line = None if each.line_no is None else one.said[each.line_no - 1]
            stated = (line.kind if line else "charge", *self._numbers(one, place), line.amount if line else None)
            purchase = None if each.purchase_id is None else self._purchases[each.purchase_id]
            sums = (each.theirs_fen, each.ours_fen, each.difference_fen, each.verdict)
            yield (key, statement, each.line_no, *stated, *sums, purchase, cases.get(place), line.at if line else None)

    def _post(self, made: SupplierPostings, lines: Sequence[Sequence[int]]) -> None:
        """By time, and each supplier's balance as all of it leaves it."""
        postings: list[Posting] = [*made.of_purchases(), *made.of_claims(), *made.of_payments()]
        for one, keys in zip(self._statements, lines, strict=True):
            postings += made.of_differences(one, keys)
        postings.sort(key=_when)
        bulk.write(self._connection, postings, self._plan.zone)
        moves = balances.moves(postings)
        rows = ((move.supplier_id, move.prepaid_fen, move.payable_fen) for move in moves)
        copy_rows(self._connection, "supplier_balance", ("supplier_id", "prepaid_fen", "payable_fen"), rows)


def _when(posting: Posting) -> datetime:
    return posting.effective_at
