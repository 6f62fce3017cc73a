"""Reads a day's trade bill of WeChat Pay (type ALL) strictly: whole and consistent, or not at all. Pure.

A refund stands on the day on which it was accepted; it may still have been on its way when the bill was made.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from hashlib import sha256

from mingsuan import money
from transactional.payments.gateways.interface import Bill, BillLine
from transactional.payments.gateways.wechat_words import ZONE

QUOTE = "`"
SUMS = ("总交易单数", "退款总金额", "手续费总金额", "订单总金额", "申请退款总金额")
CELLS = (
    "交易时间",
    "商户号",
    "微信订单号",
    "商户订单号",
    "交易状态",
    "货币种类",
    "商户退款单号",
    "退款金额",
    "退款状态",
    "手续费",
    "订单金额",
    "申请退款金额",
)
REFUNDS_THAT_COUNT = ("SUCCESS", "PROCESSING")
REFUNDS_THAT_FAILED = ("FAIL", "CHANGE", "CLOSED", "ABNORMAL")


class BillFormatError(ValueError):
    """The bill is not what its format promises; the message names the line."""


def read(content: bytes, day: date, mchid: str) -> Bill:
    """Raises BillFormatError: nothing of such a bill may be used."""
    try:
        lines = content.decode("utf-8-sig").replace("\r\n", "\n").removesuffix("\n").split("\n")
    except UnicodeDecodeError as error:
        raise BillFormatError(f"not UTF-8: {error}") from error
    if len(lines) < 3:
        raise BillFormatError("a bill has at least three lines")
    header, *rows, sums_header, sums = lines
    named = _named(header, rows, 2, CELLS)
    (totals,) = _named(sums_header, [sums], len(lines), SUMS)
    read_lines = [_line(row, number, day, mchid) for number, row in enumerate(named, 2)]
    _check_sums(named, totals)
    return Bill(day, sha256(content).digest(), tuple(line for line in read_lines if line is not None))


def empty(day: date) -> Bill:
    """The bill of a day on which nothing happened: WeChat Pay makes no file of it."""
    return Bill(day, sha256(b"").digest(), ())


def _named(header: str, rows: Sequence[str], first: int, wanted: Sequence[str]) -> list[dict[str, str]]:
    """The wanted cells of each row by the header's names; the gateway may put more columns between them."""
    names = header.split(",")
    missing = [name for name in wanted if names.count(name) != 1]
    if missing:
        raise BillFormatError(f"the header above line {first} has not exactly one column {missing[0]}")
    found = []
    for number, row in enumerate(rows, first):
        cells = row.removeprefix(QUOTE).split(f",{QUOTE}")
        if not row.startswith(QUOTE) or len(cells) != len(names):
            raise BillFormatError(f"line {number}: {len(cells)} cells under {len(names)} names")
        given = dict(zip(names, cells, strict=True))
        found.append({name: given[name] for name in wanted})
    return found


def _line(row: Mapping[str, str], number: int, day: date, mchid: str) -> BillLine | None:
    """None for a refund that did not happen after all."""
    if row["商户号"] != mchid or row["货币种类"] != "CNY":
        raise BillFormatError(f"line {number}: of another merchant or currency")
    at = _instant(row["交易时间"], number)
    if at.astimezone(ZONE).date() != day:
        raise BillFormatError(f"line {number}: of another day")
    fee, numbers = _fen(row["手续费"], number), (row["商户订单号"], row["微信订单号"])
    if row["交易状态"] == "SUCCESS":
        return BillLine("payment", *numbers, None, _positive(row["订单金额"], number), fee, at)
    if row["交易状态"] != "REFUND" or row["退款状态"] not in REFUNDS_THAT_COUNT + REFUNDS_THAT_FAILED:
        raise BillFormatError(f"line {number}: an unknown state")
    if row["退款状态"] in REFUNDS_THAT_FAILED:
        return None
    return BillLine("refund", *numbers, row["商户退款单号"], _positive(row["申请退款金额"], number), fee, at)


def _check_sums(rows: Sequence[Mapping[str, str]], totals: Mapping[str, str]) -> None:
    """The bill's own sums must agree, so that a file cut short or altered is seen."""
    if totals["总交易单数"] != str(len(rows)):
        raise BillFormatError("the number of lines is not the one that the bill tells")
    pairs = (
        ("退款金额", "退款总金额"),
        ("手续费", "手续费总金额"),
        ("订单金额", "订单总金额"),
        ("申请退款金额", "申请退款总金额"),
    )
    for cell, total in pairs:
        if sum(_fen(row[cell], number) for number, row in enumerate(rows, 2)) != _fen(totals[total], len(rows) + 3):
            raise BillFormatError(f"the lines do not add up to {total}")


def _fen(text: str, number: int) -> int:
    try:
        return money.parse(text, "CNY")
    except ValueError as error:
        raise BillFormatError(f"line {number}: {error}") from error


def _positive(text: str, number: int) -> int:
    fen = _fen(text, number)
    if fen <= 0:
        raise BillFormatError(f"line {number}: an amount that is not positive")
    return fen


def _instant(text: str, number: int) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=ZONE).astimezone(UTC)
    except ValueError as error:
        raise BillFormatError(f"line {number}: {text!r} is not an instant") from error
