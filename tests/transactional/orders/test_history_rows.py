"""Files of every format become the same rows, and every bad cell is named with its line and column."""

import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mingsuan import money
from transactional.orders.history_cells import amount_of, instant_of, whole_of
from transactional.orders.history_files import read_records
from transactional.orders.history_mapping import Mapping
from transactional.orders.history_problems import RefusedFileError
from transactional.orders.history_rows import HistoryRow, parse_rows

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 1, tzinfo=UTC)
COLUMNS = {"customer": "who", "ordered_at": "date", "quantity": "units", "line_total": "total", "discount": "off"}
NAMES = ["who", "date", "units", "total", "off"]


def mapping(**changes: Any) -> Mapping:
    base: dict[str, Any] = {
        "source": "mine",
        "format": "csv",
        "currency": "CNY",
        "columns": COLUMNS,
        "goods": {
            "category_slug": "c",
            "category_zh": "类",
            "category_en": "C",
            "sku": "s",
            "title_zh": "货",
            "title_en": "G",
        },
    }
    return Mapping.model_validate(base | changes)


def rows_of(file: Path, of: Mapping) -> list[HistoryRow]:
    return parse_rows(read_records(file, of), of, SHANGHAI, NOW)


def problems_of(file: Path, of: Mapping) -> list[str]:
    with pytest.raises(RefusedFileError) as refused:
        rows_of(file, of)
    return [str(problem) for problem in refused.value.problems]


def written(tmp_path: Path, content: str | bytes) -> Path:
    file = tmp_path / "history"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def sheet(tmp_path: Path, *rows: list[Any]) -> Path:
    book = openpyxl.Workbook()
    active = book.active
    assert active is not None
    for row in rows:
        active.append(row)
    book.save(tmp_path / "history.xlsx")
    return tmp_path / "history.xlsx"


def figures(rows: list[HistoryRow]) -> list[tuple[str | None, str, int, int, int]]:
    return [(r.customer, r.ordered_at.isoformat(), r.quantity, r.gross_fen, r.discount_fen) for r in rows]


EXPECTED = [("A7", "2026-01-30T16:00:00+00:00", 2, 1999, 100), ("B", "2026-02-01T16:00:00+00:00", 1, 0, 0)]


def test_a_csv_is_read_with_quotes_crlf_and_byte_order_mark(tmp_path: Path) -> None:
    file = written(
        tmp_path, b'\xef\xbb\xbfwho,date,units,total,off\r\n"A7",2026-01-31,2,19.99,1.00\r\n\r\nB,2026-02-02,1,0,\r\n'
    )
    assert figures(rows_of(file, mapping())) == EXPECTED


def test_a_tsv_is_read(tmp_path: Path) -> None:
    file = written(tmp_path, "who\tdate\tunits\ttotal\toff\nA7\t2026-01-31\t2\t19.99\t1.00\nB\t2026-02-02\t1\t0.00\t\n")
    assert figures(rows_of(file, mapping(format="tsv"))) == EXPECTED


def test_fixed_widths_are_cut_by_positions(tmp_path: Path) -> None:
    file = written(tmp_path, "A7 20260131 2  19.99 1\nB  20260202 1   0.00 0\n")
    positions = {
        "customer": [1, 2],
        "ordered_at": [4, 11],
        "quantity": [13, 13],
        "line_total": [15, 20],
        "discount": [22, 22],
    }
    of = mapping(format="fixed", header="none", columns=positions, dates={"formats": ["%Y%m%d"]})
    assert figures(rows_of(file, of)) == EXPECTED


@pytest.mark.parametrize("first", ["", "who date units total off\r\n"])
def test_columns_between_blanks_are_read_with_and_without_a_header(tmp_path: Path, first: str) -> None:
    file = written(tmp_path, f"{first} A7 2026-01-31  2   19.99 1\r\n B 2026-02-02  1    0.00 0\r\n")
    assert figures(rows_of(file, mapping(format="fixed", header="optional", names=NAMES))) == EXPECTED


def test_a_workbook_with_typed_cells_reads_like_text(tmp_path: Path) -> None:
    file = sheet(
        tmp_path,
        NAMES,
        ["A7", date(2026, 1, 31), 2, 19.99, 1],
        [None, None, None],
        ["B", datetime(2026, 2, 2), 1.0, "0", None],  # noqa: DTZ001  (a spreadsheet knows no zones)
    )
    assert figures(rows_of(file, mapping(format="xlsx"))) == EXPECTED


def test_binary_noise_of_a_computed_cell_is_not_money(tmp_path: Path) -> None:
    file = sheet(tmp_path, NAMES, ["A", "2026-01-31", 1, 0.1 + 0.2, 0], ["B", "2026-01-31", 1, 1e-05, 0])
    assert problems_of(file, mapping(format="xlsx")) == [
        "line 3, column 'total': '0.00001' has fractions finer than the minor unit of CNY"
    ]


def test_a_file_with_five_bad_cells_has_exactly_five_problems(tmp_path: Path) -> None:
    lines = ["who,date,units,total,off", *(f"A{n},2026-01-01,1,5.00,0" for n in range(2, 31))]
    lines[16] = "A17,19971301,1,5.00,0"
    lines[18] = "A19,2026-01-01,-2,5.00,0"
    lines[20] = "A21,2026-01-01,1,five,0"
    lines[22] = ",2026-01-01,1,5.00,-1"
    assert problems_of(written(tmp_path, "\n".join(lines)), mapping()) == [
        "line 17, column 'date': '19971301' is not a date (%Y-%m-%d)",
        "line 19, column 'units': '-2' is not at least 1",
        "line 21, column 'total': 'five' is not an amount of money",
        "line 23, column 'who': is empty",
        "line 23, column 'off': '-1' is negative",
    ]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "the file holds no rows"),
        ("who,date,units,total,off\n", "the file holds no rows"),
        ("who,date,units,total,off\nA,2026-01-01,1,5\n", "line 2: 4 columns where 5 are expected"),
        ("who,date,units,total,off\nA,2026-01-01,1,5,0,9\n", "line 2: 6 columns where 5 are expected"),
        ("who,date,units,off\nA,2026-01-01,1,5\n", "line 1: the header needs column 'total' exactly once"),
        ("who,date,units,total,off\nA,2026-01-01,1,5,6\n", "line 2, column 'off': is more than the line's total"),
        ("who,date,units,total,off\nA,2027-01-01,1,5,0\n", "line 2, column 'date': '2027-01-01' lies in the future"),
        ("who,date,units,total,off\nA,0001-01-01,1,5,0\n", "line 2, column 'date': '0001-01-01' lies before 1900"),
        (
            "who,date,units,total,off\nA,2026-01-01,1,1.005,0\n",
            "'1.005' has fractions finer than the minor unit of CNY",
        ),
        ("who,date,units,total,off\nA,2026-01-01,1,NaN,0\n", "'NaN' is not an amount of money"),
        ("who,date,units,total,off\nA,2026-01-01,1,1e3,0\n", "'1e3' is not an amount of money"),
        ("who,date,units,total,off\nA\x00,2026-01-01,1,5,0\n", "line 2, column 'who': 'A\\x00' has control characters"),
        ('who,date,units,total,off\n"A,2026-01-01,1,5,0\n', "line 2: is not CSV: unexpected end of data"),
        (b"who,date,units,total,off\nA\xff,2026-01-01,1,5,0\n", "line 2: byte 0xff at position 2 is not utf-8"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(tmp_path: Path, content: str | bytes, problem: str) -> None:
    [found] = problems_of(written(tmp_path, content), mapping())
    assert problem in found


def test_a_file_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    assert problems_of(written(tmp_path, "who,date\n"), mapping(format="xlsx")) == [
        "history is not a readable XLSX workbook"
    ]
    broken = sheet(tmp_path, NAMES)
    with zipfile.ZipFile(broken, "w") as archive:
        archive.writestr("[Content_Types].xml", "<broken")
    assert problems_of(broken, mapping(format="xlsx")) == ["history.xlsx is not a readable XLSX workbook"]


def test_a_sheet_that_is_not_there_is_refused(tmp_path: Path) -> None:
    of = mapping(format="xlsx", sheet="Orders")
    assert problems_of(sheet(tmp_path, NAMES), of) == ["history.xlsx has no sheet 'Orders', only 'Sheet'"]


def test_another_encoding_is_honoured(tmp_path: Path) -> None:
    file = written(tmp_path, "who,date,units,total,off\n张三,2026-01-31,2,19.99,1\n".encode("gb18030"))
    assert rows_of(file, mapping(encoding="gb18030"))[0].customer == "张三"


def test_a_hopeless_file_stops_after_a_thousand_problems(tmp_path: Path) -> None:
    file = written(tmp_path, "who,date,units,total,off\n" + "x,x,1,1,0\n" * 3000)
    problems = problems_of(file, mapping())
    assert (len(problems), problems[-1]) == (1001, "reading stopped after 1000 problems")


def test_a_unit_price_makes_the_line_total_and_a_paid_total_gets_its_discount_back(tmp_path: Path) -> None:
    file = written(tmp_path, "who,date,units,total,off\nA,2026-01-31,3,1.50,0.50\n")
    each, paid = (
        rows_of(file, mapping(columns={k: v for k, v in COLUMNS.items() if k != "line_total"} | {field: "total"}))[0]
        for field in ("unit_price", "paid_total")
    )
    assert (each.gross_fen, each.discount_fen) == (450, 50)
    assert (paid.gross_fen, paid.discount_fen) == (200, 50)


@pytest.mark.parametrize(
    ("text", "decimal", "thousands", "fen"),
    [("1.234,50", ",", ".", 123450), ("1,234.5", ".", ",", 123450), ("1 234", ".", " ", 123400), ("0", ".", "", 0)],
)
def test_decimal_styles(text: str, decimal: str, thousands: str, fen: int) -> None:
    assert amount_of(text, "EUR", decimal, thousands) == fen


@pytest.mark.parametrize(
    ("text", "decimal", "thousands"), [("1,23.50", ".", ","), ("1.234", ",", ""), ("12 34", ".", "")]
)
def test_an_amount_in_another_style_is_refused_rather_than_guessed(text: str, decimal: str, thousands: str) -> None:
    with pytest.raises(ValueError, match="is not an amount of money"):
        amount_of(text, "EUR", decimal, thousands)


@given(st.integers(0, 10**15))
def test_every_amount_survives_being_written_and_read(fen: int) -> None:
    assert amount_of(money.plain(fen, "USD"), "USD") == fen


def test_a_date_without_separators_must_have_all_its_digits() -> None:
    with pytest.raises(ValueError, match="'1997131' is not a date"):
        instant_of("1997131", ["%Y%m%d"], SHANGHAI, NOW)


def test_instants_keep_their_time_and_their_zone() -> None:
    formats = ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d"]
    texts = ["2026-01-31 09:30", "2026-01-31T09:30:00-05:00", "2026-01-31"]
    assert [instant_of(text, formats, SHANGHAI, NOW).astimezone(UTC).isoformat()[:16] for text in texts] == [
        "2026-01-31T01:30",
        "2026-01-31T14:30",
        "2026-01-30T16:00",
    ]


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "x", "", "9" * 12])
def test_what_is_not_a_quantity_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"whole number|at least 1|is empty|too large"):
        whole_of(text)
