"""Files say exactly what the page says, to the fen, and what it is about."""

import csv
import io
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pandas as pd
from openpyxl import load_workbook

from dashboards.export import Column, Export, csv_zip, xlsx

AT = datetime(2026, 6, 30, 4, 10, tzinfo=UTC)
FRAME = pd.DataFrame(
    {
        "name": ["=HYPERLINK(1)", "点卡", "bell\x07"],
        "fen": pd.array([123456789012345, -5, None], dtype="Int64"),
        "n": [1, 2, 3],
        "part": [0.125, None, 1.0],
        "day": [date(2026, 6, 30)] * 3,
        "at": [AT] * 3,
    }
)
COLUMNS = (
    Column("name", "商品"),
    Column("fen", "金额", "money"),
    Column("n", "件数", "count"),
    Column("part", "比例", "rate"),
    Column("day", "日期", "date"),
    Column("at", "时间", "instant"),
)


def made(currency: str = "CNY") -> Export:
    about = (("期间", "2026-06-01 – 2026-06-30"), ("注", "-1+1"))
    return Export("利润:按商品", COLUMNS, FRAME, about, "说明", currency, ZoneInfo("Asia/Shanghai"))


def test_a_workbook_holds_true_numbers_with_formats_and_says_what_they_are() -> None:
    book = load_workbook(io.BytesIO(xlsx(made())))
    data, about = book.worksheets
    assert (data.title, about.title) == ("利润-按商品", "说明")
    assert [cell.value for cell in data[1]] == ["商品", "金额", "件数", "比例", "日期", "时间"]
    assert data["B2"].value == 1234567890123.45
    assert data["B3"].value == -0.05
    assert data["B4"].value is None
    assert data["B2"].number_format == "#,##0.00;[Red]-#,##0.00"
    assert (data["C2"].value, data["D2"].value, data["D2"].number_format) == (1, 0.125, "0.0%")
    assert data["E2"].value.date() == date(2026, 6, 30)
    assert data["F2"].value == "2026-06-30 12:10 Asia/Shanghai (UTC+08:00)"
    assert data.freeze_panes == "A2"
    assert [[cell.value for cell in row] for row in about] == [["期间", "2026-06-01 – 2026-06-30"], ["注", "-1+1"]]


def test_text_that_looks_like_a_formula_stays_text_and_control_characters_go() -> None:
    data = load_workbook(io.BytesIO(xlsx(made()))).worksheets[0]
    assert (data["A2"].value, data["A2"].data_type) == ("=HYPERLINK(1)", "s")
    assert data["A4"].value == "bell"


def test_a_currency_without_minor_unit_has_no_decimals() -> None:
    data = load_workbook(io.BytesIO(xlsx(made("JPY")))).worksheets[0]
    assert (data["B2"].value, data["B2"].number_format) == (123456789012345, "#,##0;[Red]-#,##0")


def test_csv_is_data_only_with_its_metadata_in_a_second_file() -> None:
    with zipfile.ZipFile(io.BytesIO(csv_zip(made(), "profit"))) as archive:
        assert archive.namelist() == ["profit.csv", "about.csv"]
        raw = archive.read("profit.csv")
        rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))
        about = list(csv.reader(io.StringIO(archive.read("about.csv").decode("utf-8-sig"))))
    assert raw.startswith(b"\xef\xbb\xbf")
    assert [Decimal(row[1]) if row[1] else None for row in rows[1:]] == [
        Decimal("1234567890123.45"),
        Decimal("-0.05"),
        None,
    ]
    assert rows[1][0] == "'=HYPERLINK(1)"
    assert about == [["期间", "2026-06-01 – 2026-06-30"], ["注", "'-1+1"]]


def test_the_same_figures_give_the_same_csv_bytes() -> None:
    assert csv_zip(made(), "profit") == csv_zip(made(), "profit")
