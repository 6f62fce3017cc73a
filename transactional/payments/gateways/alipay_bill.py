"""Alipay's daily trade bill (业务明细): a zip of GBK CSV files, read strictly. Downloading it belongs to alipay.py."""

import csv
import hashlib
import io
import re
import zipfile
from collections.abc import Sequence
from datetime import date

from transactional.payments.gateways import alipay_words as words
from transactional.payments.gateways.interface import Bill, BillLine

TITLE = "#支付宝业务明细查询"
COLUMNS = [
    "支付宝交易号",
    "商户订单号",
    "业务类型",
    "商品名称",
    "创建时间",
    "完成时间",
    "门店编号",
    "门店名称",
    "操作员",
    "终端号",
    "对方账户",
    "订单金额（元）",
    "商家实收（元）",
    "支付宝红包（元）",
    "集分宝（元）",
    "支付宝优惠（元）",
    "商家优惠（元）",
    "券核销金额（元）",
    "券名称",
    "商家红包消费金额（元）",
    "卡消费金额（元）",
    "退款批次号/请求号",
    "服务费（元）",
    "分润（元）",
    "备注",
]
LIST_BEGINS = re.compile(r"#-+业务明细列表-+")
LIST_ENDS = re.compile(r"#-+业务明细列表结束-+")
ACCOUNT = re.compile(r"#账号：\[(\d+)\]")
PERIOD = re.compile(r"#起始日期：\[(\d{4})年(\d\d)月(\d\d)日 00:00:00\]\s+终止日期：\[.*\]")
TOTALS = re.compile(r"#+(交易|退款)合计：(\d+)笔，商家实收(?:退款)?共(-?[0-9.]+)元.*")
KINDS = {"交易": "payment", "退款": "refund"}
UNPACKED_AT_MOST = 256 * 1024 * 1024


def read(packed: bytes, seller_id: str, day: date) -> Bill:
    """The bill in the zip. Raises ValueError for anything that is not this merchant's whole bill of that day."""
    lines = _detail(packed).decode("gbk").splitlines()
    account, period = ACCOUNT.fullmatch(lines[1].strip()), PERIOD.fullmatch(lines[2].strip())
    if account is None or not account[1].startswith(seller_id):
        raise ValueError("the bill is another merchant's")
    if period is None or date(*map(int, period.groups())) != day:
        raise ValueError(f"the bill is not that of {day}")
    if not LIST_BEGINS.fullmatch(lines[3].strip()):
        raise ValueError("the bill has no list")
    end = next((i for i, line in enumerate(lines) if LIST_ENDS.fullmatch(line.strip())), None)
    if end is None:
        raise ValueError("the bill is cut off")
    rows = list(csv.reader(lines[4:end], strict=True))
    if not rows or rows[0] != COLUMNS:
        raise ValueError("the bill has other columns")
    cells = [dict(zip(COLUMNS, (cell.strip() for cell in row), strict=True)) for row in rows[1:]]
    _check_totals(lines[end + 1 :], cells)
    return Bill(day, hashlib.sha256(packed).digest(), tuple(_line(row) for row in cells))


def _detail(packed: bytes) -> bytes:
    """The file of the list; the other one sums up. Names are GBK without saying so, so the content decides."""
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > UNPACKED_AT_MOST:
                raise ValueError("the bill is too large")
            contents = [archive.read(entry) for entry in archive.infolist() if not entry.is_dir()]
    except (zipfile.BadZipFile, zipfile.LargeZipFile, RuntimeError, NotImplementedError) as error:
        raise ValueError(f"the bill cannot be unpacked: {error}") from error
    details = [content for content in contents if content.startswith(TITLE.encode("gbk"))]
    if len(details) != 1:
        raise ValueError(f"{len(details)} lists in the bill")
    return details[0]


def _check_totals(footer: Sequence[str], rows: Sequence[dict[str, str]]) -> None:
    told = {match[1]: (int(match[2]), words.fen(match[3])) for line in footer if (match := TOTALS.fullmatch(line))}
    for kind in KINDS:
        of_kind = [words.fen(row["商家实收（元）"]) for row in rows if row["业务类型"] == kind]
        if told.get(kind) != (len(of_kind), sum(of_kind)):
            raise ValueError(f"the bill's {kind} lines do not add up to its total")


def _line(row: dict[str, str]) -> BillLine:
    """Amounts are signed from the merchant's side. What the merchant bears of a discount counts as a fee, so that
    amount less fee is what Alipay owes."""
    if row["业务类型"] not in KINDS:
        raise ValueError(f"unknown kind of line {row['业务类型']!r}")
    amount, received = words.fen(row["订单金额（元）"]), words.fen(row["商家实收（元）"])
    is_refund = row["业务类型"] == "退款"
    if (amount < 0) != is_refund or amount == 0:
        raise ValueError(f"{row['业务类型']} of {row['订单金额（元）']}")
    if is_refund and not row["退款批次号/请求号"]:
        raise ValueError("a refund without its number")
    return BillLine(
        "refund" if is_refund else "payment",
        row["商户订单号"],
        row["支付宝交易号"],
        row["退款批次号/请求号"] if is_refund else None,
        abs(amount),
        amount - received - words.fen(row["服务费（元）"]),
        words.instant(row["完成时间"]),
    )
