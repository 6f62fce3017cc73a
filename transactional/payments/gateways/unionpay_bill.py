"""The day's file of a UnionPay-style gateway: deflated UTF-8 CSV with a closing line of totals, read strictly."""

import base64
import binascii
import csv
import hashlib
import zlib
from collections.abc import Sequence
from datetime import date

from transactional.payments.gateways import unionpay_words as words
from transactional.payments.gateways.interface import Bill, BillLine

COLUMNS = ["txnType", "orderId", "queryId", "origOrderId", "origQryId", "txnAmt", "fee", "txnTime", "merId"]
"""Amounts in fen; `fee` is negative when it is given back; a refund's orderId is its own, origOrderId its payment's."""
TOTAL = "TOTAL"
UNPACKED_AT_MOST = 256 * 1024 * 1024


def read(content: str, merchant_id: str, day: date) -> Bill:
    """The bill in `fileContent`. Raises ValueError for anything that is not this merchant's whole bill of the day."""
    try:
        packed = base64.b64decode(content, validate=True)
        unpacking = zlib.decompressobj()
        text = unpacking.decompress(packed, UNPACKED_AT_MOST)
    except (binascii.Error, zlib.error) as error:
        raise ValueError(f"the bill cannot be unpacked: {error}") from error
    if not unpacking.eof:
        raise ValueError("the bill is cut off or too large")
    rows = list(csv.reader(text.decode("utf-8").splitlines(), strict=True))
    if len(rows) < 2 or rows[0] != COLUMNS or any(len(row) != len(COLUMNS) for row in rows[1:-1]):
        raise ValueError("the bill has other columns")
    lines = tuple(_line(row, merchant_id, day) for row in rows[1:-1])
    _check_total(rows[-1], lines)
    return Bill(day, hashlib.sha256(text).digest(), lines)


def _line(row: Sequence[str], merchant_id: str, day: date) -> BillLine:
    told = dict(zip(COLUMNS, row, strict=True))
    happened_at = words.instant(told["txnTime"])
    if told["merId"] != merchant_id:
        raise ValueError("the bill is another merchant's")
    if happened_at.astimezone(words.BEIJING).date() != day:
        raise ValueError(f"a line of {told['txnTime']} in the bill of {day}")
    amount_fen, fee_fen = words.fen(told["txnAmt"]), int(told["fee"])
    if told["txnType"] == words.PAY:
        return BillLine("payment", told["orderId"], told["queryId"], None, amount_fen, fee_fen, happened_at)
    if told["txnType"] == words.REFUND:
        payment, refund = (told["origOrderId"], told["origQryId"]), told["orderId"]
        return BillLine("refund", *payment, refund, amount_fen, fee_fen, happened_at)
    raise ValueError(f"unknown txnType {told['txnType']!r}")


def _check_total(row: Sequence[str], lines: Sequence[BillLine]) -> None:
    """`TOTAL,<lines>,<fen of payments less refunds>,<fees in fen>`"""
    paid_fen = sum(line.amount_fen if line.kind == "payment" else -line.amount_fen for line in lines)
    if list(row) != [TOTAL, str(len(lines)), str(paid_fen), str(sum(line.fee_fen for line in lines))]:
        raise ValueError("the bill does not add up to its total")
