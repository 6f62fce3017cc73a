"""Stock at the desk: looked over before it is taken, each act once and on record, and no code on any page."""

import csv
import io
from typing import Any
from uuid import UUID

import pytest
from openpyxl import Workbook

from mingsuan.postgres import DatabaseUrls
from tests.transactional.api_client import PASSWORD, Client
from tests.transactional.orders.goods import Market
from tests.transactional.web.seen import Seen
from tests.transactional.web.visits import HTML, check_cards, enter_desk, import_cards, send, visit
from transactional.shop import Shop

pytestmark = pytest.mark.anyio
CODES = [f"SECRET-CODE-{number:04}" for number in range(6)]
FILE = "\n".join(["code,secret", *(f"{code},{number}9" for number, code in enumerate(CODES))]).encode()


@pytest.fixture
async def market(shop: Shop) -> Market:
    market = Market(shop)
    await market.sku("A")
    return market


def xlsx(*rows: tuple[str, ...]) -> bytes:
    book, file = Workbook(), io.BytesIO()
    for row in rows:
        book.worksheets[0].append(row)
    book.save(file)
    return file.getvalue()


async def taken(client: Client, market: Market, content: bytes = FILE, **terms: str) -> UUID:
    answer = await import_cards(client, content, sku="A", **terms)
    assert answer.status_code == 303, Seen(answer.text).text
    [(batch,)] = await market.rows("select public_id from shop.card_batch order by id desc limit 1")
    assert answer.headers["location"].startswith(f"/desk/cards/{batch}?done=imported")
    return UUID(str(batch))


async def acts(market: Market) -> list[tuple[Any, ...]]:
    return await market.rows("select act, reason from shop.staff_act order by id")


async def test_every_bad_cell_is_named_before_anything_is_written(market: Market, fresh_database: DatabaseUrls) -> None:
    bad = b"code,secret,expires\nGOOD-1,1,\nGOOD-1,2,\n,3,\nGOOD-2,4,2001-01-01\n"
    async with Client(market.shop, fresh_database) as client:
        await enter_desk(client, market.shop, "buyer")
        looked = await check_cards(client, bad, sku="A", cost="80.01", supplier="First")
        seen = Seen(looked.text)
        assert "3 problems to mend" in seen.text
        for words in ("The same code as in row 2.", "The code is empty.", "expired already", "Cannot be imported yet"):
            assert words in seen.text
        assert "seen" not in seen.fields
        assert (seen.fields["supplier"], seen.fields["cost"], seen.faults) == ("First", "80.01", [])
        broken = Seen((await check_cards(client, b"PK\x03\x04", "cards.xlsx", sku="A")).text)
        assert "not a readable XLSX workbook" in broken.text
        nothing = await check_cards(client, FILE)
        assert (nothing.status_code, "Choose a SKU." in nothing.text) == (422, True)
    assert await market.one("select count(*) from shop.card") == 0
    assert await acts(market) == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cards.csv", FILE),
        ("cards.txt", "\n".join(f"{code}----{number}9" for number, code in enumerate(CODES)).encode()),
        ("cards.xlsx", xlsx(("code", "secret"), *((code, f"{number}9") for number, code in enumerate(CODES)))),
    ],
)
async def test_what_was_looked_over_is_taken_whole_and_once(
    market: Market, fresh_database: DatabaseUrls, name: str, content: bytes
) -> None:
    terms = {"sku": "A", "cost": "80.01", "supplier": "First", "expires": "2999-12-31"}
    async with Client(market.shop, fresh_database) as client:
        await enter_desk(client, market.shop)
        looked = Seen((await check_cards(client, content, name, **terms)).text)
        for words in ("Can be imported", "6 with a PIN", "SE••••00 … SE••••05", "¥80.01", "¥13.33 – ¥13.34"):
            assert words in looked.text
        assert await market.one("select count(*) from shop.card") == 0
        form = {**terms, "seen": looked.fields["seen"], "idempotency_key": looked.fields["idempotency_key"]}
        for _ in range(2):
            sent = {"data": form, "files": {"file": (name, content)}, "headers": HTML}
            answer = await client.post("/desk/cards/import", **sent)
            assert answer.headers["location"].endswith("?done=imported&n=6"), answer.text
        shown = await visit(client, answer.headers["location"])
        assert "In stock: 6" in shown.text
        assert shown.faults == []
    assert await market.rows("select cost_fen, expires_at::date::text from shop.card order by id") == (
        [(1334, "2999-12-31")] * 3 + [(1333, "2999-12-31")] * 3
    )
    assert await acts(market) == [("import_cards", "")]


async def test_another_file_or_other_terms_than_those_looked_over_are_not_taken(
    market: Market, fresh_database: DatabaseUrls
) -> None:
    terms = {"sku": "A", "cost": "80"}
    async with Client(market.shop, fresh_database) as client:
        await enter_desk(client, market.shop)
        seen = Seen((await check_cards(client, FILE, **terms)).text).fields["seen"]
        for content, changed, name in (
            (FILE + b"NEW-CODE-1,1\n", {}, seen),
            (FILE, {"cost": "8"}, seen),
            (FILE, {}, ""),
        ):
            form = {**terms, **changed, "seen": name, "idempotency_key": "12345678"}
            answer = await client.post(
                "/desk/cards/import", data=form, files={"file": ("a.csv", content)}, headers=HTML
            )
            assert answer.status_code == 422
            assert "nothing was imported" in answer.text
            assert "Can be imported" in answer.text
    assert await market.one("select count(*) from shop.card_batch") == 0


async def test_the_account_of_a_batch_is_what_was_done_with_it_to_the_fen(
    market: Market, fresh_database: DatabaseUrls
) -> None:
    sku = await market.sku("B")
    async with Client(market.shop, fresh_database) as client:
        await enter_desk(client, market.shop, "operator")
        await enter_desk(client, market.shop, "buyer")
        answer = await import_cards(client, FILE, sku="B", cost="60")
        batch = answer.headers["location"].partition("?")[0]
        await market.pay(await market.order(await market.customer("li"), (sku, 2)))
        forms: list[tuple[str, dict[str, str]]] = [
            ("/void", {"count": "1", "reason": "withdrawn"}),
            ("/cost", {"cost": "66", "reason": "the invoice says so"}),
            ("/credit", {"amount": "5.50", "reason": "goodwill of theirs"}),
        ]
        for address, form in forms:
            for _ in range(2):
                done = await send(client, f"{batch}{address}", idempotency_key=f"key-{address}", **form)
                assert done.status_code == 303, Seen(done.text).text
        shown = await visit(client, batch)
        listed = await visit(client, "/desk/cards?sku=B&state=left")
        assert "No batch fits" in (await visit(client, "/desk/cards?state=expired")).text
        assert "No batch fits" in (await visit(client, "/desk/cards?sku=A")).text
    assert shown.faults == listed.faults == []
    for words in ("¥66.00", "¥5.50", "withdrawn", "the invoice says so", "¥60.00 → ¥66.00"):
        assert words in shown.text
    assert "¥12.10" in shown.text  # (66.00 − 5.50) ÷ the 5 codes that worked or may
    assert "3 / 6" in listed.text
    assert await acts(market) == [
        ("import_cards", ""),
        ("void_cards", "withdrawn"),
        ("correct_cost", "the invoice says so"),
        ("credit_batch", "goodwill of theirs"),
    ]
    balances = await market.balances()
    assert (balances["card_inventory"], balances["cogs"], balances["card_losses"]) == (3300, 2200, 1100 - 550)
    assert not any(code in text for code in CODES for text in (shown.text, listed.text))


async def test_bad_codes_are_reported_together_or_not_at_all_and_never_shown_again(
    market: Market, fresh_database: DatabaseUrls
) -> None:
    sku = await market.sku("B")
    async with Client(market.shop, fresh_database) as client:
        await enter_desk(client, market.shop, "buyer")
        await import_cards(client, FILE, sku="B")
        await market.pay(await market.order(await market.customer("li"), (sku, 5)))
        half = {"codes": f"{CODES[0]}\nSECRET-OTHER", "reason": "dead", "idempotency_key": "12345678"}
        unknown = await send(client, "/desk/cards/defects", **half)
        assert (unknown.status_code, "Line 2: this code was never in stock" in unknown.text) == (422, True)
        short = await send(client, "/desk/cards/defects", **{**half, "codes": "\n".join(CODES[:3])})
        assert "No other code of this product is free" in short.text
        for answer in (unknown, short):
            assert "SECRET" not in answer.text
        assert await market.one("select count(*) from shop.card_defect") == 0
        [free] = [code for code in CODES if await _is_free(market, code)]
        for _ in range(2):
            good = {"codes": f" {free} \n", "reason": "dead", "idempotency_key": "87654321"}
            done = await send(client, "/desk/cards/defects", **good)
            assert done.headers["location"] == "/desk/cards/defects?done=defects&n=1"
    assert await market.rows("select state, count(*) from shop.card group by 1 order by 1") == [
        ("defective", 1),
        ("delivered", 5),
    ]
    assert await acts(market) == [("import_cards", ""), ("report_defect", "dead")]


async def _is_free(market: Market, code: str) -> bool:
    sql = "select state = 'available' from shop.card where fingerprint = :fingerprint"
    return bool(await market.one(sql, fingerprint=market.shop.vault.fingerprint(code)))


async def test_codes_leave_in_a_file_alone_for_an_owner_who_proved_it_with_a_reason(
    market: Market, fresh_database: DatabaseUrls
) -> None:
    form = {"reason": "audit", "idempotency_key": "12345678"}
    async with Client(market.shop, fresh_database) as client:
        await enter_desk(client, market.shop)
        batch = await taken(client, market)
        address = f"/desk/cards/{batch}"
        assert (await send(client, f"{address}/export", **{**form, "reason": " "})).status_code == 422
        for _ in range(2):
            file = await send(client, f"{address}/export", **form)
            assert file.headers["cache-control"] == "no-store"
            rows = list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"))))
            assert [(row["code"], row["state"]) for row in rows] == [(code, "available") for code in CODES]
        await market.rows("update shop.session set confirmed_at = confirmed_at - interval '1 hour' returning 1")
        away = await send(client, f"{address}/export", **{**form, "idempotency_key": "other-key"})
        assert away.headers["location"] == f"/desk/confirm?next=%2Fdesk%2Fcards%2F{batch}"
        back = await send(client, "/desk/confirm", password=PASSWORD, next=address)
        assert back.headers["location"] == address
        await enter_desk(client, market.shop, "operator")
        assert (await send(client, f"{address}/export", **form)).status_code == 403
    assert [act for act, _ in await acts(market)] == ["import_cards", "export_cards", "confirm_identity"]


async def test_who_only_looks_at_stock_is_offered_nothing_and_changes_nothing(
    market: Market, fresh_database: DatabaseUrls
) -> None:
    async with Client(market.shop, fresh_database) as client:
        await enter_desk(client, market.shop)
        batch = await taken(client, market)
        await enter_desk(client, market.shop, "auditor")
        seen = await visit(client, f"/desk/cards/{batch}")
        assert "Take out of stock" not in seen.text
        assert "Import cards" not in (await visit(client, "/desk/cards")).text
        for act in ("void", "cost", "credit", "export"):
            answer = await send(client, f"/desk/cards/{batch}/{act}", reason="x", idempotency_key="12345678")
            assert answer.status_code == 403, act
        for address in ("/desk/cards/import", "/desk/cards/units", "/desk/cards/defects"):
            assert (await client.get(address, headers=HTML)).status_code == 403
        unknown = await client.get(f"/desk/cards/{UUID(int=0)}", headers=HTML)
        assert unknown.status_code == 404


async def test_units_are_counted_into_stock_with_their_cost(market: Market, fresh_database: DatabaseUrls) -> None:
    await market.sku("U", "physical")
    async with Client(market.shop, fresh_database) as client:
        await enter_desk(client, market.shop, "buyer")
        form = {"sku": "U", "count": "1,000", "cost": "1000.01", "idempotency_key": "12345678"}
        wrong = await send(client, "/desk/cards/units", **{**form, "count": "many"})
        assert "Must be a whole number" in wrong.text
        for _ in range(2):
            assert (await send(client, "/desk/cards/units", **form)).status_code == 303
    assert await market.one("select sum(cost_fen) from shop.card") == 100_001
    assert await market.one("select count(*) from shop.card") == 1000
    assert await acts(market) == [("import_cards", "")]
