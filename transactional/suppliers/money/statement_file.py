"""A supplier's statement file (docs/suppliers.md) as lines, or every cell that keeps it out. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from transactional import sheets
from transactional.errors import FieldProblem
from transactional.sheets import SheetRow, UnreadableSheetError
from transactional.suppliers.errors import RefusedStatementError

MOST_LINES = 100_000
MOST_PROBLEMS = 200
LONGEST = 200
SLACK = timedelta(days=1)
NAMES: Mapping[str, frozenset[str]] = {
    "kind": frozenset({"kind", "type", "类型", "业务类型"}),
    "request_no": frozenset({"request_no", "order_no", "out_trade_no", "商户订单号", "外部订单号", "订单号"}),
    "supplier_ref": frozenset({"supplier_ref", "transaction_id", "trade_no", "平台订单号", "供应商单号", "流水号"}),
    "amount": frozenset({"amount", "金额", "扣款金额", "实付金额"}),
    "currency": frozenset({"currency", "币种"}),
    "happened_at": frozenset({"happened_at", "time", "date", "时间", "交易时间"}),
}
KINDS = {
    **dict.fromkeys(("charge", "purchase", "消费", "扣款", "采购"), "charge"),
    **dict.fromkeys(("refund", "退款", "退回"), "refund"),
    **dict.fromkeys(("credit", "赔付", "补偿"), "credit"),
    **dict.fromkeys(("fee", "手续费", "服务费"), "fee"),
}
GIVES_BACK = frozenset({"refund", "credit"})


@dataclass(frozen=True, slots=True)
class StatedLine:
    """One line. `amount` is what the supplier takes, in its currency: negative for a refund or credit."""

    line_no: int
    kind: str
    request_no: str
    supplier_ref: str
    amount: Decimal
    happened_at: datetime | None


@dataclass(frozen=True, slots=True)
class StatementLines:
    """A readable statement and the days, both included, that it is of."""

    from_date: date
    to_date: date
    lines: tuple[StatedLine, ...]


def read(
    file_name: str, content: bytes, currency: str, zone: ZoneInfo, days: tuple[date, date] | None = None
) -> StatementLines:
    """The whole file, or none of it. Without `days` they are those of its first and last line.

    Times without a zone are the supplier's, in `zone`. Raises RefusedStatementError, which names each bad cell.
    """
    try:
        rows = sheets.rows(file_name, content, MOST_LINES + 2)
    except UnreadableSheetError as error:
        raise RefusedStatementError([FieldProblem("file", str(error))]) from None
    if not rows:
        raise RefusedStatementError([FieldProblem("file", "The file is empty.")])
    if len(rows) > MOST_LINES + 1:
        raise RefusedStatementError([FieldProblem("file", "More than {most} lines.", (("most", f"{MOST_LINES:,}"),))])
    reader = _Reader(_columns(rows[0]), currency, zone)
    lines = tuple(reader.line(number, row) for number, row in enumerate(rows[1:], start=1))
    span = days or _days_of(lines, zone)
    if span and not reader.problems:
        reader.refuse_outside(lines, rows[1:], span)
    if reader.problems or span is None:
        lacking = [] if span or reader.problems else [FieldProblem("file", "Say which days the statement is of.")]
        raise RefusedStatementError([*reader.problems[:MOST_PROBLEMS], *lacking])
    return StatementLines(*span, lines)


def _columns(header: SheetRow) -> dict[str, int]:
    """Where each known column is. Raises RefusedStatementError when one that is needed is not there."""
    cells = [cell.casefold() for cell in header.cells]
    found = {name: at for name, known in NAMES.items() for at, cell in enumerate(cells) if cell in known}
    lacking = [
        FieldProblem(f"row {header.row}", "There is no column “{name}”.", (("name", name),))
        for name, is_there in (
            ("amount", "amount" in found),
            ("request_no", found.keys() & {"request_no", "supplier_ref"}),
        )
        if not is_there
    ]
    if lacking:
        raise RefusedStatementError(lacking)
    return found


def _days_of(lines: Sequence[StatedLine], zone: ZoneInfo) -> tuple[date, date] | None:
    """None when no line says when it happened."""
    days = [line.happened_at.astimezone(zone).date() for line in lines if line.happened_at]
    return (min(days), max(days)) if days else None


class _Reader:
    """Reads lines and collects what is wrong with them; a bad cell is read as nothing."""

    def __init__(self, columns: Mapping[str, int], currency: str, zone: ZoneInfo) -> None:
        self._columns, self._currency, self._zone = columns, currency, zone
        self.problems: list[FieldProblem] = []

    def line(self, number: int, row: SheetRow) -> StatedLine:
        kind = self._kind(row)
        line = StatedLine(
            number,
            kind,
            self._text(row, "request_no"),
            self._text(row, "supplier_ref"),
            self._amount(row, kind),
            self._instant(row),
        )
        if kind != "fee" and not (line.request_no or line.supplier_ref):
            self._refuse(row, "request_no", "A line must name an order, ours or the supplier's.")
        if (currency := self._cell(row, "currency")) and currency.upper() != self._currency:
            self._refuse(row, "currency", "The channel's supplier is paid in {currency}.", currency=self._currency)
        return line

    def refuse_outside(self, lines: Sequence[StatedLine], rows: Sequence[SheetRow], days: tuple[date, date]) -> None:
        """Lines that are not of the statement's days; one day more for suppliers who live by another clock."""
        for line, row in zip(lines, rows, strict=True):
            if line.happened_at is not None:
                day = line.happened_at.astimezone(self._zone).date()
                if not days[0] - SLACK <= day <= days[1] + SLACK:
                    self._refuse(row, "happened_at", "This is not one of the statement's days.")

    def _refuse(self, row: SheetRow, column: str, reason: str, **values: object) -> None:
        self.problems.append(FieldProblem(f"row {row.row}, column {column}", reason, tuple(values.items())))

    def _cell(self, row: SheetRow, name: str) -> str:
        at = self._columns.get(name)
        return row.cells[at] if at is not None and at < len(row.cells) else ""

    def _text(self, row: SheetRow, name: str) -> str:
        text = self._cell(row, name)
        if len(text) > LONGEST or not text.isprintable():
            self._refuse(row, name, "This is too long or has characters that do not belong here.")
            return ""
        return text

    def _kind(self, row: SheetRow) -> str:
        said = self._cell(row, "kind")
        if said and said.casefold() not in KINDS:
            self._refuse(row, "kind", "Must be charge, refund, credit or fee.")
        return KINDS.get(said.casefold(), "charge")

    def _amount(self, row: SheetRow, kind: str) -> Decimal:
        try:
            amount = Decimal(self._cell(row, "amount").replace(",", ""))
        except InvalidOperation:
            amount = Decimal("NaN")
        if not amount.is_finite() or abs(amount) >= Decimal(10) ** 12 or _decimals(amount) > 6:
            self._refuse(row, "amount", "This is not an amount, such as 12.30.")
            return Decimal(0)
        if (amount > 0) if kind in GIVES_BACK else (amount < 0):
            self._refuse(row, "amount", "What the supplier takes is positive, what it gives back negative.")
        return amount

    def _instant(self, row: SheetRow) -> datetime | None:
        said = self._cell(row, "happened_at").replace("/", "-")
        if not said:
            return None
        try:
            found = datetime.fromisoformat(said)
        except ValueError:
            self._refuse(row, "happened_at", "This is not a time, such as 2026-09-01 13:05:00.")
            return None
        return found if found.tzinfo else found.replace(tzinfo=self._zone)


def _decimals(amount: Decimal) -> int:
    exponent = amount.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
