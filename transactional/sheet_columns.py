"""A sheet whose heading names its columns: finds them, reads their cells, and collects what is wrong with each. Pure.

What a row means belongs to the slices.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date

from mingsuan import money
from transactional import sheets
from transactional.errors import FieldProblem, RefusedFileError
from transactional.sheets import SheetRow, UnreadableSheetError

MOST_LINES = 100_000
MOST_PROBLEMS = 200
LONGEST = 200
EARLIEST = date(2000, 1, 1)
BEYOND_FEN = 10**13
TOTALS = frozenset({"合计", "总计", "汇总", "total", "sum"})
UNIT = re.compile(r"\s*[(（][^()（）]*[)）]$")
"""Behind a column's name: 消耗（元）."""
DAY = re.compile(r"(\d{4})(?:[-/.年](\d{1,2})[-/.月](\d{1,2})日?|(\d{2})(\d{2}))(?:[ T]\d{1,2}:\d{2}.*)?")
COUNT = re.compile(r"\d{1,15}")
ADORNED = re.compile(r"[,，¥￥元\s]")

NO_ROWS = "The sheet holds no rows below its heading."

Names = Mapping[str, Sequence[str]]
"""By column: what its heading may say, the best first."""


class SheetReader:
    """The rows of one file below its heading, sums aside. A bad cell is read as nothing and noted in `problems`."""

    def __init__(self, rows: Sequence[SheetRow], places: Mapping[str, int], currency: str, today: date) -> None:
        self.rows = [row for row in rows if not _is_total(row)]
        self.problems: list[FieldProblem] = []
        self._totals = [row for row in rows if _is_total(row)]
        self._places, self._currency, self._today = places, currency, today

    def refuse(self, row: SheetRow, column: str, reason: FieldProblem) -> None:
        """Notes what `reason` says at a cell; its own place is not looked at."""
        self.problems.append(FieldProblem(f"row {row.row}, column {column}", reason.reason, reason.values))

    def end(self, amounts: Sequence[int]) -> None:
        """Holds the sum of the lines' `amounts` (fen) against the file's own rows of totals.

        Raises RefusedFileError when any cell was refused, or there is no line.
        """
        if not self.problems:
            for row in self._totals:
                self._hold_total(row, sum(amounts))
        if self.problems:
            raise RefusedFileError(self.problems[:MOST_PROBLEMS])
        if not amounts:
            raise RefusedFileError([FieldProblem("file", NO_ROWS)])

    def cell(self, row: SheetRow, column: str) -> str:
        """Without the apostrophe that keeps a number a text; empty where the file has no such column."""
        at = self._places.get(column)
        return row.cells[at].removeprefix("'") if at is not None and at < len(row.cells) else ""

    def text(self, row: SheetRow, column: str, *, needed: bool = False) -> str:
        said = self.cell(row, column)
        if len(said) > LONGEST or not said.isprintable():
            self.refuse(row, column, FieldProblem("", "This is too long or has characters that do not belong here."))
            return ""
        if needed and not said:
            self.refuse(row, column, FieldProblem("", "This must not be empty."))
        return said

    def day(self, row: SheetRow, column: str) -> date:
        """A business date up to today; a time behind it is left aside."""
        found = day_of(self.cell(row, column))
        if found is None or not EARLIEST <= found <= self._today:
            self.refuse(row, column, FieldProblem("", "Must be a day up to today, written as 2026-12-31."))
            return EARLIEST
        return found

    def fen(self, row: SheetRow, column: str) -> int:
        """An amount in the shop's currency, negative for what was given back; ¥, 元 and thousands' commas may stand."""
        try:
            fen = money.parse(ADORNED.sub("", self.cell(row, column)), self._currency)
        except ValueError:
            fen = BEYOND_FEN
        if abs(fen) >= BEYOND_FEN:
            self.refuse(row, column, FieldProblem("", "This is not an amount, such as 12.30."))
            return 0
        return fen

    def count(self, row: SheetRow, column: str) -> int | None:
        """How many; None where the file does not say."""
        said = self.cell(row, column).replace(",", "")
        if said in ("", "-", "--"):
            return None
        if not COUNT.fullmatch(said):
            self.refuse(row, column, FieldProblem("", "Must be a whole number, 0 or more."))
            return None
        return int(said)

    def must_be(self, row: SheetRow, column: str, wanted: str, said: str | None) -> None:
        """Refuses a cell that names another sender or currency than the statement's; an empty one names none."""
        if self.cell(row, column) and said != wanted:
            self.refuse(
                row, column, FieldProblem("", "The statement is of “{wanted}”, not of another.", (("wanted", wanted),))
            )

    def _hold_total(self, row: SheetRow, total_fen: int) -> None:
        if self.fen(row, "amount") != total_fen:
            added = money.plain(total_fen, self._currency)
            reason = FieldProblem("", "The lines add up to {added}, not to this total.", (("added", added),))
            self.refuse(row, "amount", reason)


def opened(
    file_name: str, content: bytes, names: Names, needed: Sequence[str], currency: str, today: date
) -> SheetReader:
    """Of a file with a column "amount". Raises RefusedFileError when it cannot be read or lacks a `needed` column."""
    try:
        rows = sheets.rows(file_name, content, MOST_LINES + 2)
    except UnreadableSheetError as error:
        raise RefusedFileError([FieldProblem("file", str(error))]) from None
    if len(rows) < 2:
        raise RefusedFileError([FieldProblem("file", NO_ROWS)])
    if len(rows) > MOST_LINES + 1:
        raise RefusedFileError([FieldProblem("file", "More than {most} lines.", (("most", f"{MOST_LINES:,}"),))])
    return SheetReader(rows[1:], _places(rows[0], names, needed), currency, today)


def _is_total(row: SheetRow) -> bool:
    """Whether the row is the sum that exports end with."""
    return next(cell for cell in row.cells if cell).rstrip(":：").casefold() in TOTALS


def day_of(said: str) -> date | None:
    """2026-09-01, 2026/9/1, 2026年9月1日, 20260901, each with or without a time; None when it is no day."""
    found = DAY.fullmatch(said)
    if found is None:
        return None
    year, month, day, plain_month, plain_day = found.groups()
    try:
        return date(int(year), int(month or plain_month), int(day or plain_day))
    except ValueError:
        return None


def _places(heading: SheetRow, names: Names, needed: Sequence[str]) -> dict[str, int]:
    cells = [UNIT.sub("", cell).casefold() for cell in heading.cells]
    places = {
        column: cells.index(word)
        for column, known in names.items()
        if (word := next((each for each in known if each in cells), None)) is not None
    }
    problems = [
        FieldProblem(
            f"row {heading.row}, column {column}",
            "The heading must name this column: {words}.",
            (("words", " / ".join(names[column])),),
        )
        for column in needed
        if column not in places
    ]
    problems += [
        FieldProblem(f"row {heading.row}, column {column}", "Two columns have this name.")
        for column, at in places.items()
        if cells.count(cells[at]) > 1
    ]
    if problems:
        raise RefusedFileError(problems)
    return places
