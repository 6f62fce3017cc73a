"""A courier's statement (docs/statements.md) as lines, or every cell that keeps it out. Pure."""

from datetime import date

from transactional.errors import FieldProblem
from transactional.logistics.charge_rules import ChargeKey, StatedCharge
from transactional.logistics.couriers import courier_code, tracking_number
from transactional.sheet_columns import SheetReader, opened
from transactional.sheets import SheetRow

NAMES = {
    "date": ("charged_date", "date", "计费日期", "日期", "账单日期", "寄件日期", "寄件时间", "揽收时间"),
    "tracking_no": ("tracking_no", "tracking number", "运单号", "运单号码", "快递单号", "物流单号", "单号"),
    "kind": ("charge_kind", "kind", "费用类型", "费用名称", "类型"),
    "amount": ("amount", "金额", "应付金额", "应收金额", "费用", "运费"),
    "reference": ("reference", "流水号", "账单流水号", "明细号"),
    "courier": ("courier", "快递公司", "快递"),
    "currency": ("currency", "币种"),
}
NEEDED = ("date", "tracking_no", "amount")
KINDS = {
    **dict.fromkeys(("", "freight", "运费", "快递费", "基础运费"), "freight"),
    **dict.fromkeys(("return", "退回费", "退件费", "退回运费"), "return"),
    **dict.fromkeys(("insurance", "保价", "保价费"), "insurance"),
    **dict.fromkeys(("packing", "包装", "包装费", "耗材费"), "packing"),
    **dict.fromkeys(("surcharge", "附加费", "偏远附加费", "超重费", "续重费"), "surcharge"),
    **dict.fromkeys(("claim", "理赔", "赔付", "赔款"), "claim"),
    **dict.fromkeys(("other", "其他", "其他费用"), "other"),
}


def read(file_name: str, content: bytes, courier: str, currency: str, today: date) -> list[StatedCharge]:
    """The whole file, or none of it. Raises RefusedFileError, which names each bad cell."""
    reader = opened(file_name, content, NAMES, NEEDED, currency, today)
    lines: list[StatedCharge] = []
    seen: dict[ChargeKey, int] = {}
    for row in reader.rows:
        line = _line(reader, row, len(lines) + 1)
        if (first := seen.setdefault(line.key, row.row)) != row.row:
            reason = (
                "The same parcel and kind of charge as in row {row}; a reference of each line must tell them apart."
            )
            reader.refuse(row, "tracking_no", FieldProblem("", reason, (("row", first),)))
        reader.must_be(row, "courier", courier, courier_code(reader.cell(row, "courier")))
        reader.must_be(row, "currency", currency, reader.cell(row, "currency").upper())
        lines.append(line)
    reader.end([line.amount_fen for line in lines])
    return lines


def _line(reader: SheetReader, row: SheetRow, number: int) -> StatedCharge:
    kind, amount_fen = KINDS.get(reader.cell(row, "kind").casefold()), reader.fen(row, "amount")
    if kind is None:
        kinds = ", ".join(dict.fromkeys(KINDS.values()))
        reader.refuse(row, "kind", FieldProblem("", "Must be one of {kinds}.", (("kinds", kinds),)))
    elif kind == "claim" and amount_fen > 0:
        reader.refuse(row, "amount", FieldProblem("", "What the courier pays for a claim is negative."))
    written = tracking_number(reader.cell(row, "tracking_no"))
    if written is None:
        reader.refuse(row, "tracking_no", FieldProblem("", "Must be 6 to 40 letters, digits or hyphens."))
    return StatedCharge(
        number,
        row.row,
        written or f"row {row.row}",
        kind or "other",
        reader.text(row, "reference"),
        reader.day(row, "date"),
        amount_fen,
    )
