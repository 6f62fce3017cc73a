"""What a file would bring in, told before anything is written; expiry and TXT files; units of physical goods."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text

from mingsuan.settings import Settings
from tests.transactional.cards.test_card_import import csv_file, xlsx_file
from tests.transactional.small_shop import one_sku
from transactional.cards.card_import import add_stock_units, import_batch, masked, preview_batch
from transactional.cards.errors import WrongKindError
from transactional.cards.examination import BatchFile, RefusedBatchError, end_of
from transactional.cards.schemas import BatchPreview, NewStockUnits
from transactional.cards.vault import Code, open_vault
from transactional.db import WriteSession
from transactional.errors import InvalidInputError
from transactional.ledger import service as ledger

pytestmark = pytest.mark.anyio
NEW_YEAR = datetime(2098, 12, 31, 16, tzinfo=UTC)  # midnight in Shanghai


@pytest.fixture
async def selling(session: WriteSession) -> WriteSession:
    await one_sku(session)
    return session


async def take(session: WriteSession, settings: Settings, file: BatchFile, end: datetime | None = None) -> None:
    vault = await open_vault(session, settings)
    await import_batch(session, vault, file, "STEAM-50", None, "", settings.zone, expires_at=end)


async def preview(
    session: WriteSession, settings: Settings, file: BatchFile, cost_fen: int | None = None
) -> BatchPreview:
    return await preview_batch(session, await open_vault(session, settings), file, "STEAM-50", cost_fen, settings.zone)


async def expiries(session: WriteSession) -> list[datetime | None]:
    return list(await session.scalars(text("select expires_at from shop.card order by id")))


async def test_a_preview_counts_masks_and_sums_and_writes_nothing(selling: WriteSession, settings: Settings) -> None:
    found = await preview(selling, settings, csv_file("code,secret", "ABCD-1111,1", "B,", "WXYZ-9999,"), 1000)
    assert (found.card_count, found.with_secret_count, found.problem_count) == (3, 1, 0)
    assert (found.first_code, found.last_code) == ("AB••••11", "WX••••99")
    assert (found.least_unit_cost_fen, found.greatest_unit_cost_fen) == (333, 334)
    for table in ("card", "card_batch", "data_key"):
        assert await selling.scalar(text(f"select count(*) from shop.{table}")) == 0


async def test_a_preview_names_what_is_wrong_and_repeats_no_code(selling: WriteSession, settings: Settings) -> None:
    await take(selling, settings, csv_file("KNOWN-CODE-1", name="old.csv"))
    found = await preview(selling, settings, csv_file("NEW-CODE-1", "KNOWN-CODE-1", "NEW-CODE-1", "BE\x07LL"))
    assert (found.repeated_count, found.known_count, found.problem_count) == (1, 1, 3)
    assert [problem.place for problem in found.problems] == [f"row {row}, column code" for row in (2, 3, 4)]
    assert not any(word in found.model_dump_json() for word in ("KNOWN-CODE", "NEW-CODE", "LL"))


async def test_a_file_known_already_is_named_whole(selling: WriteSession, settings: Settings) -> None:
    await take(selling, settings, csv_file("A-1"))
    found = await preview(selling, settings, csv_file("A-1", name="renamed.csv"))
    assert ([problem.place for problem in found.problems], found.known_count) == (["file"], 1)


def test_a_short_code_shows_nothing_of_itself() -> None:
    assert [masked(Code(code)) for code in ("1234567", "12345678")] == ["••••", "12••••78"]


async def test_a_txt_file_has_a_code_a_line_and_its_pin_behind(selling: WriteSession, settings: Settings) -> None:
    lines = b"A-1----11\r\nA-2\t22\nA-3,33\n\n  A-4  \n"
    await take(selling, settings, BatchFile("codes.TXT", lines))
    same = csv_file("code,secret", "A-1,11", "A-2,22", "A-3,33", "A-4,")
    assert (await preview(selling, settings, same)).known_count == 4


async def test_a_tsv_file_is_apart_by_tabs_alone(selling: WriteSession, settings: Settings) -> None:
    await take(selling, settings, BatchFile("codes.tsv", b"code\tsecret\nA,1\t11\n"))
    assert (await preview(selling, settings, csv_file("code,secret", '"A,1",11'))).known_count == 1


async def test_a_rows_expiry_comes_before_the_batchs(selling: WriteSession, settings: Settings) -> None:
    file = csv_file("code,有效期", "A-1,2098-12-31", "A-2,", "A-3,2098/12/31", "A-4,2098-12-31T12:00:00+00:00")
    whole = datetime(2090, 1, 1, tzinfo=UTC)
    await take(selling, settings, file, whole)
    assert await expiries(selling) == [NEW_YEAR, whole, NEW_YEAR, datetime(2098, 12, 31, 12, tzinfo=UTC)]
    batch = await selling.scalar(text("select expires_at from shop.card_batch"))
    assert batch == whole


async def test_a_workbooks_date_is_an_expiry(selling: WriteSession, settings: Settings) -> None:
    await take(selling, settings, xlsx_file(["code", "expires"], ["A-1", date(2098, 12, 31)], ["A-2", None]))
    assert await expiries(selling) == [NEW_YEAR, None]


async def test_what_has_expired_or_is_no_date_is_refused(selling: WriteSession, settings: Settings) -> None:
    file = csv_file("code,expires", "A-1,2001-01-01", "A-2,soon", "A-3,9999-12-31")
    with pytest.raises(RefusedBatchError) as refused:
        await take(selling, settings, file)
    assert [str(problem) for problem in refused.value.problems] == [
        "row 2, column expires: The code has expired already.",
        "row 3, column expires: Not a date: write it as 2026-12-31.",
        "row 4, column expires: Not a date: write it as 2026-12-31.",
    ]
    with pytest.raises(InvalidInputError):
        await take(selling, settings, csv_file("A-1"), datetime(2001, 1, 1, tzinfo=UTC))


def test_the_last_good_day_ends_at_the_shops_midnight() -> None:
    assert end_of(date(2098, 12, 31), Settings().zone) == NEW_YEAR


class TestPhysicalUnits:
    async def test_units_have_no_code_and_share_the_cost(self, selling: WriteSession, settings: Settings) -> None:
        await selling.execute(text("update shop.product set kind = 'physical'"))
        new = NewStockUnits(sku_code="STEAM-50", count=3, total_cost_fen=1000)
        view = await add_stock_units(selling, new, settings.zone, None, None)
        rows = await selling.execute(text("select ciphertext, fingerprint, data_key_id, cost_fen from shop.card"))
        assert sorted(tuple(row) for row in rows) == [
            (None, None, None, 333),
            (None, None, None, 333),
            (None, None, None, 334),
        ]
        assert (view.card_count, view.file_name) == (3, "")
        balances = {one.code: one.balance_fen for one in await ledger.trial_balance(selling)}
        assert balances == {"card_inventory": 1000, "supplier_payable": -1000}
        await add_stock_units(selling, new, settings.zone, None, None)

    async def test_codes_and_units_do_not_mix(self, selling: WriteSession, settings: Settings) -> None:
        new = NewStockUnits(sku_code="STEAM-50", count=1)
        with pytest.raises(WrongKindError):
            await add_stock_units(selling, new, settings.zone, None, None)
        await selling.execute(text("update shop.product set kind = 'physical'"))
        with pytest.raises(WrongKindError):
            await take(selling, settings, csv_file("A-1"))
        with pytest.raises(WrongKindError):
            await preview(selling, settings, csv_file("A-1"))
