"""Batches of codes: taken whole, or refused whole with row, column and reason, and never a code in the refusal."""

import io
import zipfile
from datetime import date

import pytest
from openpyxl import Workbook
from sqlalchemy import text

from mingsuan.settings import Settings
from tests.transactional.small_shop import codes, one_sku
from transactional.cards.card_import import import_batch
from transactional.cards.examination import BatchFile, RefusedBatchError
from transactional.cards.schemas import CardBatchView
from transactional.cards.vault import open_vault
from transactional.db import WriteSession
from transactional.errors import InvalidInputError, NotFoundError
from transactional.ledger import service as ledger

pytestmark = pytest.mark.anyio


@pytest.fixture
async def selling(session: WriteSession) -> WriteSession:
    """A session in which SKU STEAM-50 exists."""
    await one_sku(session)
    return session


async def take(
    session: WriteSession, settings: Settings, file: BatchFile, cost_fen: int | None = None, sku: str = "STEAM-50"
) -> CardBatchView:
    return await import_batch(session, await open_vault(session, settings), file, sku, cost_fen, " S ", settings.zone)


async def refusal(session: WriteSession, settings: Settings, file: BatchFile) -> list[str]:
    with pytest.raises(RefusedBatchError) as refused:
        await take(session, settings, file)
    return [str(problem) for problem in refused.value.problems]


def csv_file(*lines: str, name: str = "codes.csv") -> BatchFile:
    return BatchFile(name, "\r\n".join(lines).encode())


def xlsx_file(*rows: list[object]) -> BatchFile:
    book = Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    content = io.BytesIO()
    book.save(content)
    return BatchFile("codes.xlsx", content.getvalue())


def malformed(part: str, content: bytes = b"<broken") -> BatchFile:
    """A workbook with one of its parts replaced."""
    whole, changed = xlsx_file(["code"], ["A-1"]).content, io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as source, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(name, content if name == part else source.read(name))
    return BatchFile("codes.xlsx", changed.getvalue())


async def cards(session: WriteSession) -> list[tuple[int | None, str]]:
    rows = await session.execute(text("select cost_fen, state from shop.card order by id"))
    return [(row.cost_fen, row.state) for row in rows]


async def test_a_batchs_cost_is_split_to_the_fen_and_posted(selling: WriteSession, settings: Settings) -> None:
    batch = await take(selling, settings, csv_file("code", *codes(3)), 1000)
    assert (batch.card_count, batch.total_cost_fen, batch.supplier_name) == (3, 1000, "S")
    assert await cards(selling) == [(334, "available"), (333, "available"), (333, "available")]
    balances = {account.code: account.balance_fen for account in await ledger.trial_balance(selling)}
    assert balances == {"card_inventory": 1000, "supplier_payable": -1000}


async def test_an_unknown_cost_stays_unknown_and_posts_nothing(selling: WriteSession, settings: Settings) -> None:
    await take(selling, settings, csv_file(*codes(2)))
    assert await cards(selling) == [(None, "available"), (None, "available")]
    assert await ledger.trial_balance(selling) == ()


async def test_header_and_secret_column_are_optional_and_cells_are_trimmed(
    selling: WriteSession, settings: Settings
) -> None:
    assert (await take(selling, settings, csv_file(" A-1 ", "", "A-2", ", "))).card_count == 2
    assert (await take(selling, settings, csv_file("备注,卡密,密码", "x,B-1,9", "y,B-2,"))).card_count == 2
    known = await refusal(selling, settings, csv_file("A-1", "B-2", name="more.csv"))
    assert [line.split(": ")[0] for line in known] == ["row 1, column code", "row 2, column code"]


async def test_a_workbook_is_read_as_text_cells(selling: WriteSession, settings: Settings) -> None:
    assert (await take(selling, settings, xlsx_file(["Code", "PIN"], ["00123", "7"], ["00124", None]))).card_count == 2
    assert await refusal(selling, settings, xlsx_file(["code"], [123456], ["OK-1"], [date(2026, 1, 1)], ["=A3"])) == [
        "row 2, column code: The cell is a number, date or formula, which may lose digits: format the column as text.",
        "row 4, column code: The cell is a number, date or formula, which may lose digits: format the column as text.",
        "row 5, column code: The cell is a number, date or formula, which may lose digits: format the column as text.",
    ]


async def test_every_bad_row_is_named_and_nothing_is_written(selling: WriteSession, settings: Settings) -> None:
    await take(selling, settings, csv_file("KNOWN-1", name="first.csv"))
    problems = await refusal(
        selling,
        settings,
        csv_file(
            "code,secret", "GOOD-1,", ",9", "TWICE-1,", "TWICE-1,", "KNOWN-1,", "X" * 501, "BE\x07LL,", "A,\u200b1"
        ),
    )
    assert [problem.split(" UTC")[0][:78] for problem in problems] == [
        "row 3, column code: The code is empty.",
        "row 5, column code: The same code as in row 4.",
        problems[2].split(" UTC")[0][:78],
        "row 7, column code: Longer than 500 characters.",
        "row 8, column code: Contains a control or invisible character.",
        "row 9, column secret: Contains a control or invisible character.",
    ]
    assert problems[2].startswith("row 6, column code: Already in the pool: imported with “first.csv” at ")
    assert not any(code in problem for problem in problems for code in ("TWICE", "KNOWN", "XXX", "GOOD"))
    assert len(await cards(selling)) == 1


async def test_the_same_file_twice_is_refused_naming_the_earlier_batch(
    selling: WriteSession, settings: Settings
) -> None:
    batch = await take(selling, settings, csv_file(*codes(2)))
    [reason] = await refusal(selling, settings, csv_file(*codes(2), name="renamed.csv"))
    assert reason.startswith("file: This file was imported before, as “codes.csv” at ")
    assert str(batch.id) in reason


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (BatchFile("a.csv", b""), "The file holds no codes."),
        (BatchFile("a.csv", b"code,secret\n\n"), "The file holds no codes."),
        (BatchFile("a.csv", "卡密".encode("gb18030")), "A CSV or TXT file must be in UTF-8."),
        (BatchFile("a.csv", b'"open'), "The file is not well-formed CSV."),
        (BatchFile("a.xlsx", b"no workbook"), "The file is not a readable XLSX workbook."),
        (malformed("xl/worksheets/sheet1.xml"), "The file is not a readable XLSX workbook."),
        (malformed("xl/styles.xml"), "The file is not a readable XLSX workbook."),
        (malformed("docProps/app.xml", b" " * 2**27), "The workbook is too large when unpacked."),
        (xlsx_file(["code"], ["A"] * 101), "The workbook has too many columns."),
    ],
)
async def test_an_unreadable_file_is_refused(
    selling: WriteSession, settings: Settings, file: BatchFile, reason: str
) -> None:
    assert await refusal(selling, settings, file) == [f"file: {reason}"]


async def test_a_batch_for_no_sku_or_at_a_negative_cost_is_refused(selling: WriteSession, settings: Settings) -> None:
    with pytest.raises(NotFoundError):
        await take(selling, settings, csv_file("A"), sku="NOTHING")
    with pytest.raises(InvalidInputError):
        await take(selling, settings, csv_file("A"), -1)
