"""Files of advertising spend as platforms export them, and every cell that keeps one out."""

from collections.abc import Sequence
from datetime import date

import pytest

from tests.transactional.statements.files import Rows, as_csv, as_xlsx
from transactional.errors import RefusedFileError
from transactional.marketing import spend_file
from transactional.marketing.rules import StatedSpend

TODAY = date(2026, 9, 30)
EXPORT: Rows = [
    ("日期", "计划ID", "计划名称", "获客渠道", "消耗（元）", "展示数", "点击数"),
    ("2026-09-01", "A1", "开学季", "douyin", "1,234.50", "90,000", "1,200"),
    ("2026/9/2", "A1", "开学季", "", "¥0.50", "--", ""),
    ("总计", "", "", "", "1,235.00", "", ""),
]
LINES = [
    StatedSpend(1, date(2026, 9, 1), "A1", "douyin", 123450, 1200, 90000),
    StatedSpend(2, date(2026, 9, 2), "A1", "oceanengine", 50, None, None),
]


def read(content: bytes, name: str = "spend.csv") -> list[StatedSpend]:
    return spend_file.read(name, content, "oceanengine", "CNY", TODAY)


def refused(rows: Sequence[Sequence[object]]) -> list[str]:
    with pytest.raises(RefusedFileError) as refusal:
        read(as_csv(rows))
    return [str(problem) for problem in refusal.value.problems]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_chinese_export_is_read_in_any_encoding_of_its_spreadsheets(encoding: str) -> None:
    assert read(as_csv(EXPORT, encoding)) == LINES


def test_a_workbook_with_dates_and_numbers_says_the_same_as_its_csv() -> None:
    rows = [
        EXPORT[0],
        (date(2026, 9, 1), "A1", "开学季", "douyin", 1234.5, 90000, 1200),
        ("2026年9月2日", "A1", "开学季", None, 0.5, None, None),
    ]
    assert read(as_xlsx(rows), "spend.xlsx") == LINES


def test_every_bad_cell_is_named_and_none_of_the_file_is_taken() -> None:
    assert refused(
        [
            ("日期", "计划", "消耗", "点击数", "平台", "币种"),
            ("昨天", "A1", "十元", "-3", "巨量引擎", "CNY"),
            ("2026-10-01", "", "1.005", "1.5", "百度", "USD"),
            ("2026-09-31", "A2", "1e3", "", "", ""),
        ]
    ) == [
        "row 2, column date: Must be a day up to today, written as 2026-12-31.",
        "row 2, column amount: This is not an amount, such as 12.30.",
        "row 2, column clicks: Must be a whole number, 0 or more.",
        "row 3, column date: Must be a day up to today, written as 2026-12-31.",
        "row 3, column campaign: This must not be empty.",
        "row 3, column amount: This is not an amount, such as 12.30.",
        "row 3, column clicks: Must be a whole number, 0 or more.",
        "row 3, column platform: The statement is of “oceanengine”, not of another.",
        "row 3, column currency: The statement is of “CNY”, not of another.",
        "row 4, column date: Must be a day up to today, written as 2026-12-31.",
        "row 4, column amount: This is not an amount, such as 12.30.",
    ]


def test_lines_that_do_not_add_up_to_the_files_own_total_are_refused() -> None:
    assert refused([*EXPORT[:3], ("合计", "", "", "", "1,235.01")]) == [
        "row 4, column amount: The lines add up to 1235.00, not to this total."
    ]
    assert refused([EXPORT[0], ("合计", "", "", "", "0.00")]) == ["file: The sheet holds no rows below its heading."]


def test_a_campaigns_day_and_channel_stands_once_in_a_file() -> None:
    line = ("2026-09-01", "A1", "", "douyin", "1.00")
    assert refused([EXPORT[0], line, line]) == [
        "row 3, column campaign: The same day, campaign and channel as in row 2."
    ]


def test_a_heading_that_lacks_a_column_or_names_one_twice_is_refused() -> None:
    assert refused([("日期", "计划", "点击"), ("2026-09-01", "A1", "3")]) == [
        "row 1, column amount: The heading must name this column: amount / spend / cost / 消耗 / 总消耗 / 花费 /"
        " 总花费 / 消费 / 金额."
    ]
    assert refused([("日期", "计划", "消耗", "消耗(元)"), ("2026-09-01", "A1", "3", "4")]) == [
        "row 1, column amount: Two columns have this name."
    ]
