"""An advertising platform's statement (docs/statements.md) as lines, or every cell that keeps it out. Pure."""

from datetime import date

from transactional.errors import FieldProblem
from transactional.marketing.platforms import platform_code
from transactional.marketing.rules import StatedSpend
from transactional.sheet_columns import SheetReader, opened
from transactional.sheets import SheetRow

NAMES = {
    "date": ("date", "spend_date", "日期", "统计日期", "时间"),
    "campaign": (
        "campaign_code",
        "campaign",
        "campaign_id",
        "计划id",
        "计划编号",
        "计划",
        "推广计划",
        "广告计划",
        "计划名称",
    ),
    "channel": ("acquisition_channel", "channel", "获客渠道", "渠道", "来源"),
    "amount": ("amount", "spend", "cost", "消耗", "总消耗", "花费", "总花费", "消费", "金额"),
    "clicks": ("clicks", "点击", "点击数", "点击量"),
    "impressions": ("impressions", "展现", "展示", "展现数", "展示数", "展现量", "展示量", "曝光", "曝光量"),
    "platform": ("platform", "平台", "广告平台"),
    "currency": ("currency", "币种"),
}
NEEDED = ("date", "campaign", "amount")


def read(file_name: str, content: bytes, platform: str, currency: str, today: date) -> list[StatedSpend]:
    """The whole file, or none of it; a line without a channel is of the platform's own code.

    Raises RefusedFileError, which names each bad cell.
    """
    reader = opened(file_name, content, NAMES, NEEDED, currency, today)
    lines: list[StatedSpend] = []
    seen: dict[tuple[date, str, str], int] = {}
    for row in reader.rows:
        line = _line(reader, row, len(lines) + 1, platform)
        first = seen.setdefault((line.day, line.campaign, line.channel), row.row)
        if first != row.row:
            reason = "The same day, campaign and channel as in row {row}."
            reader.refuse(row, "campaign", FieldProblem("", reason, (("row", first),)))
        reader.must_be(row, "platform", platform, platform_code(reader.cell(row, "platform")))
        reader.must_be(row, "currency", currency, reader.cell(row, "currency").upper())
        lines.append(line)
    reader.end([line.amount_fen for line in lines])
    return lines


def _line(reader: SheetReader, row: SheetRow, number: int, platform: str) -> StatedSpend:
    return StatedSpend(
        number,
        reader.day(row, "date"),
        reader.text(row, "campaign", needed=True),
        reader.text(row, "channel") or platform,
        reader.fen(row, "amount"),
        reader.count(row, "clicks"),
        reader.count(row, "impressions"),
    )
