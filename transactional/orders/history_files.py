"""Files of order history into rows of cells: CSV, TSV, fixed width and XLSX. What a cell means is decided elsewhere."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import openpyxl

from transactional.orders.history_mapping import Mapping
from transactional.orders.history_problems import Problem

Cell = str | date | datetime
"""Text as it stands; a spreadsheet's dates keep their type, its numbers become plain decimals."""


@dataclass(frozen=True, slots=True)
class Record:
    """The cells of one row and the line where it ends."""

    line: int
    cells: Sequence[Cell]


def read_records(file: Path, mapping: Mapping) -> Iterator[Record | Problem]:
    """Rows that are not blank, header lines included; a line that cannot be read comes as its problem."""
    if mapping.format == "xlsx":
        yield from _sheet(file, mapping.sheet, mapping.skip_lines)
        return
    with file.open("rb") as opened:
        lines = _Lines(opened, mapping.encoding, mapping.skip_lines)
        yield from _fixed(lines, mapping) if mapping.format == "fixed" else _separated(lines, mapping)


class _Lines:
    """Decoded lines with their line ends. `bad` holds the problem of the latest line that could not be decoded."""

    def __init__(self, file: BinaryIO, encoding: str, skip: int) -> None:
        self._file = file
        self._encoding = encoding
        self.number = sum(1 for _ in islice(file, skip))
        self.bad: Problem | None = None

    def __iter__(self) -> Iterator[str]:
        for raw in self._file:
            self.number += 1
            yield self._decoded(raw)

    def _decoded(self, raw: bytes) -> str:
        try:
            text = raw.decode(self._encoding)
        except UnicodeDecodeError as error:
            byte = f"byte 0x{raw[error.start]:02x} at position {error.start + 1}"
            self.bad = Problem(f"{byte} is not {self._encoding}", self.number)
            text = raw.decode(self._encoding, "replace")
        return text.removeprefix("\ufeff") if self.number == 1 else text

    def taken(self) -> Problem | None:
        """The problem since the last call."""
        problem, self.bad = self.bad, None
        return problem


def _separated(lines: _Lines, mapping: Mapping) -> Iterator[Record | Problem]:
    reader = csv.reader(lines, delimiter="\t" if mapping.format == "tsv" else mapping.delimiter, strict=True)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Problem(f"is not {mapping.format.upper()}: {error}", lines.number)
            return
        if problem := lines.taken():
            yield problem
        elif any(cell.strip() for cell in row):
            yield Record(lines.number, row)


def _fixed(lines: _Lines, mapping: Mapping) -> Iterator[Record | Problem]:
    spans = [column for column in mapping.columns.used.values() if isinstance(column, tuple)]
    for text in lines:
        line = text.rstrip("\r\n")
        if problem := lines.taken():
            yield problem
        elif line.strip():
            yield Record(lines.number, [line[first - 1 : last] for first, last in spans] if spans else line.split())


def _sheet(file: Path, name: str | None, skip: int) -> Iterator[Record | Problem]:
    try:
        book = openpyxl.load_workbook(io.BytesIO(file.read_bytes()), read_only=True, data_only=True)
        if name is not None and name not in book.sheetnames:
            yield Problem(f"{file.name} has no sheet {name!r}, only {', '.join(map(repr, book.sheetnames))}")
            return
        sheet = book[name or book.sheetnames[0]]
        for number, row in enumerate(sheet.iter_rows(min_row=skip + 1, values_only=True), skip + 1):
            cells = [_plain(value) for value in row]
            while cells and cells[-1] == "":
                cells.pop()
            if cells:
                yield Record(number, cells)
    except Exception:  # noqa: BLE001  (openpyxl raises whatever a malformed part makes it stumble over)
        yield Problem(f"{file.name} is not a readable XLSX workbook")


def _plain(value: object) -> Cell:
    if value is None:
        return ""
    if isinstance(value, date):
        return value
    if isinstance(value, float):  # a sheet keeps 15 significant digits; more are binary noise
        return format(Decimal(f"{value:.15g}"), "f")
    return re.sub(r"\s+", " ", str(value)).strip()
