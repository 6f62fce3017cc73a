"""Quote sheets and files of rates: taken whole, or refused with row, column and reason."""

import io
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from openpyxl import Workbook

from tests.transactional.small_shop import Stocked
from tests.transactional.suppliers.fake_supply import Supplied, fact, supplied
from transactional.db import writing
from transactional.errors import InvalidInputError, RefusedFileError
from transactional.suppliers.models import SupplyChannel
from transactional.suppliers.offers import quote_rows, quote_sheet, rate_sheet
from transactional.suppliers.offers.quote_rows import Quote
from transactional.suppliers.offers.rates import NewRate

pytestmark = pytest.mark.anyio
TODAY = date(2026, 11, 22)


@pytest.fixture
async def world(stocked: Stocked, monkeypatch: pytest.MonkeyPatch) -> Supplied:
    return await supplied(stocked, monkeypatch)


def csv(*rows: str, heading: str = "货号,本店SKU,成本,币种,库存,名称") -> bytes:
    return "\n".join([heading, *rows]).encode()


def refused(file: bytes, name: str = "q.csv") -> list[str]:
    with pytest.raises(RefusedFileError) as error:
        quote_rows.read(name, file, "CNY")
    return [str(each) for each in error.value.problems]


def test_a_sheet_is_read_in_any_order_of_columns_and_by_either_names() -> None:
    english = csv("12.5,A-1,STEAM-50", heading="Cost,supplier_sku,SKU")
    assert quote_rows.read("q.csv", english, "USD") == [Quote(2, "A-1", "STEAM-50", Decimal("12.5"), "USD", None)]
    chinese = csv("A-1,STEAM-50,¥ 1234.5,usd,7,名字").decode().encode("gb18030")
    assert quote_rows.read("q.csv", chinese, "CNY") == [
        Quote(2, "A-1", "STEAM-50", Decimal("1234.5"), "USD", 7, "名字")
    ]


def test_a_workbook_is_read_like_its_csv() -> None:
    book, written = Workbook(), io.BytesIO()
    for row in (["货号", "本店SKU", "成本", "库存"], ["A-1", "STEAM-50", 48.1, 3], [], ["A-2", "STEAM-50", 47, None]):
        book.active.append(row)
    book.save(written)
    read = quote_rows.read("q.xlsx", written.getvalue(), "CNY")
    assert [(each.row, each.supplier_sku, each.cost, each.stock) for each in read] == [
        (2, "A-1", Decimal("48.1"), 3),
        (4, "A-2", Decimal("47"), None),
    ]
    assert quote_rows.read("q.csv", quote_rows.as_csv(read).encode(), "CNY") == [
        Quote(line, each.supplier_sku, each.sku_code, each.cost, "CNY", each.stock) for line, each in enumerate(read, 2)
    ]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (",STEAM-50,1", "row 2, column supplier_sku: Must not be empty."),
        ("A,,1", "row 2, column sku: Must not be empty."),
        ("A,S,", "row 2, column cost: Not an amount, such as 12.30."),
        ("A,S,NaN", "row 2, column cost: Not an amount, such as 12.30."),
        ("A,S,0", "row 2, column cost: A cost is more than zero; leave the row out when there is none."),
        ("A,S,-3", "row 2, column cost: A cost is more than zero; leave the row out when there is none."),
        ("A,S,0.0000004", "row 2, column cost: A cost is more than zero; leave the row out when there is none."),
        ("A,S,1,yuan", "row 2, column currency: A currency is three letters, such as CNY."),
        ("A,S,1,CNY,1.5", "row 2, column stock: Must be a whole number, or empty when it is not known."),
        ("A,S,1,CNY,-1", "row 2, column stock: Must be a whole number, or empty when it is not known."),
        (
            "A\u200b,S,1",
            "row 2, column supplier_sku: Longer than 200 characters, or with characters that cannot be shown.",
        ),
        (
            "A,S,1,CNY,1," + "n" * 201,
            "row 2, column name: Longer than 200 characters, or with characters that cannot be shown.",
        ),
    ],
)
def test_each_bad_cell_is_named(row: str, problem: str) -> None:
    assert refused(csv(row)) == [problem]


def test_all_bad_cells_are_named_at_once_in_the_order_of_the_sheet() -> None:
    found = refused(csv("A,S,0", "B,S,1", "A,S,2", "B,S,3", ",S,x"))
    assert [each.partition(":")[0] for each in found] == [
        "row 2, column cost",
        "row 5, column supplier_sku",
        "row 6, column supplier_sku",
        "row 6, column cost",
    ]
    assert refused(csv("B,S,1", "B,S,3")) == ["row 3, column supplier_sku: The same good as in row 2."]


def test_a_sheet_without_a_column_rows_or_form_is_refused() -> None:
    [missing] = refused(csv("A,S", heading="货号,本店SKU"))
    assert missing.startswith("row 1, column cost: The heading must name this column: cost")
    assert refused(b"") == refused(csv()) == ["file: The sheet holds no rows below its heading."]
    assert refused(b"\xff\xfe\x00", "q.csv") == ["file: A CSV file must be text in UTF-8 or GB 18030."]
    assert refused(b"nothing", "q.xlsx") == ["file: The file is not a readable XLSX workbook."]
    assert refused(csv(*(f"A{n},S,1" for n in range(5001)))) == ["file: At most 5000 rows at once."]


async def test_a_look_says_what_changes_and_writes_nothing(world: Supplied) -> None:
    await world.observe(fact("A", "40"))
    looks = await look(world, "A,STEAM-50,41", "B,STEAM-50,51", "C,STEAM-50,1,USD")
    assert [(each.before, each.cost_fen, each.price_fen, each.is_new, each.is_doubted) for each in looks] == [
        (Decimal(40), 4100, 5000, False, False),
        (None, 5100, 5000, True, False),
        (None, None, 5000, True, False),
    ]
    [doubted] = await look(world, "A,STEAM-50,401")
    assert doubted.is_doubted
    assert await world.stocked.rows("select count(*) from shop.offer") == [(1,)]


async def test_a_sheet_with_a_sku_that_nobody_sells_is_refused_whole(world: Supplied) -> None:
    with pytest.raises(RefusedFileError) as error:
        await take(world, "A,STEAM-50,41", "B,STEAM-500,51")
    assert [str(each) for each in error.value.problems] == ["row 3, column sku: There is no SKU “STEAM-500”."]
    assert await world.stocked.rows("select count(*) from shop.offer") == [(0,)]


async def test_a_sheet_makes_offers_history_quarantine_and_alerts(world: Supplied) -> None:
    await world.observe(fact("A", "40"), fact("B", "4"))
    assert await take(world, "A,STEAM-50,52", "B,STEAM-50,41", "N,STEAM-50,45,CNY,0") == 3
    assert (await world.offer("A"))[0] == "active"
    assert (await world.offer("B"))[:2] == ("quarantined", "jump")
    assert (await world.offer("N"))[:2] == ("withdrawn", "not_on_sale")
    assert {kind for kind, _ in await world.alerts()} == {"cost_inversion", "offer_quarantined"}
    recorded = await world.stocked.rows("select distinct source, recorded_by from shop.offer_observation where id > 2")
    assert [source for source, _ in recorded] == ["sheet"]
    assert await take(world, "A,STEAM-50,52") == 0


def rates(*rows: str, heading: str = "币种,日期,汇率", name: str = "r.csv") -> list[NewRate]:
    return rate_sheet.read(name, "\n".join([heading, *rows]).encode(), "CNY", TODAY)


def test_a_file_of_rates_is_read_whole() -> None:
    assert rates("usd,2026-11-22,7.123456789", "EUR,2026/11/21,8") == [
        NewRate("USD", TODAY, Decimal("7.12345679")),
        NewRate("EUR", TODAY - timedelta(days=1), Decimal(8)),
    ]


def test_every_bad_cell_of_a_file_of_rates_is_named() -> None:
    with pytest.raises(RefusedFileError) as error:
        rates("CNY,2026-11-22,1", "USD,2026-11-23,7", "US,2026-02-30,0", "USD,2026-11-22,0.000000001")
    assert [each.place for each in error.value.problems] == [
        "row 2, column currency",
        "row 3, column date",
        "row 4, column currency",
        "row 4, column date",
        "row 4, column rate",
        "row 5, column rate",
    ]
    for file in ({"heading": "币种,日期"}, {"name": "r.xlsx"}, {}):
        with pytest.raises(RefusedFileError):
            rates(*(["USD,2026-11-22,7"] if file else []), **file)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        (("usd ", "2026-11-22", "7"), ""),
        (("USD", "", "7"), "date"),
        (("CNY", "2026-11-22", "1"), "currency"),
        (("USD", "2026-11-22", "Infinity"), "rate"),
    ],
)
def test_a_typed_rate_is_checked_field_by_field(typed: tuple[str, str, str], field: str) -> None:
    if not field:
        assert rate_sheet.typed(*typed, "CNY", TODAY) == NewRate("USD", TODAY, Decimal(7))
        return
    with pytest.raises(InvalidInputError) as error:
        rate_sheet.typed(*typed, "CNY", TODAY)
    assert [each.place for each in error.value.problems] == [field]


async def look(world: Supplied, *rows: str) -> list[quote_sheet.Look]:
    quotes = quote_rows.read("q.csv", csv(*rows), "CNY")
    async with writing(world.stocked.shop.engine) as session:
        return await quote_sheet.looked_over(session, await _channel(session, world), quotes)


async def take(world: Supplied, *rows: str) -> int:
    quotes = quote_rows.read("q.csv", csv(*rows), "CNY")
    insert = "insert into shop.staff (email, password_hash, display_name, role) values (:email, 'x', 'B', 'buyer')"
    [[staff]] = await world.stocked.rows(f"{insert} returning id", email=f"{uuid4().hex}@example.com")
    async with writing(world.stocked.shop.engine) as session:
        return len(await quote_sheet.take(session, await _channel(session, world), quotes, staff))


async def _channel(session: Any, world: Supplied) -> SupplyChannel:
    found: SupplyChannel = await session.get_one(SupplyChannel, world.channel_id)
    return found
