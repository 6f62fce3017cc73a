"""An order history is imported whole or not at all, once, through the ledger, with its costs unknown."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest

from mingsuan.postgres import DatabaseUrls
from mingsuan.settings import Settings
from transactional.orders.history import WRITERS_LOCK
from transactional.orders.history_import import ImportResult, RefusedFileError, import_orders

HEADER = "order_no,customer,ordered_at,sku,title,quantity,line_total,discount\n"
ORDER_17 = "17,ann,2026-01-05,BOOK-1,A book,3,10.00,1.00\n17,ann,2026-01-05,BOOK-2,Another,1,5.00,\n"
ORDER_18 = "18,bob,2026-01-06 10:00:00,BOOK-1,A book,1,4.00,0\n"
COUNTS = {
    table: f"select count(*) from shop.{table}"
    for table in (
        "customer",
        "orders",
        "order_item",
        "fulfilment",
        "payment",
        "order_event",
        "order_import",
        "ledger_transaction",
        "ledger_entry",
        "document_line",
        "sku",
    )
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(var=tmp_path / "var", timezone="Asia/Shanghai")


def rows(urls: DatabaseUrls, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(urls.app) as connection:
        return connection.execute(query).fetchall()


def counts(urls: DatabaseUrls) -> dict[str, int]:
    return {table: rows(urls, query)[0][0] for table, query in COUNTS.items()}


def run(urls: DatabaseUrls, settings: Settings, text: str, mapping: str = "generic_csv") -> ImportResult:
    settings.var.mkdir(exist_ok=True)
    file = settings.var / "orders.txt"
    file.write_text(text, encoding="utf-8")
    return import_orders(urls.app, settings, file, mapping)


def refusal(urls: DatabaseUrls, settings: Settings, text: str, mapping: str = "generic_csv") -> list[str]:
    with pytest.raises(RefusedFileError) as refused:
        run(urls, settings, text, mapping)
    return [str(problem) for problem in refused.value.problems]


def test_an_imported_order_is_paid_by_bank_delivered_on_its_date_and_of_unknown_cost(
    fresh_database: DatabaseUrls, settings: Settings
) -> None:
    assert run(fresh_database, settings, HEADER + ORDER_17 + ORDER_18) == ImportResult(3, 2, 0, 2)
    assert rows(
        fresh_database,
        "select order_no, state, gross_fen, discount_fen, net_fen, delivered_at::text, source, source_ref"
        " from shop.orders order by id",
    ) == [
        ("generic_csv-17", "completed", 1500, 100, 1400, "2026-01-04 16:00:00+00", "generic_csv", "17"),
        ("generic_csv-18", "completed", 400, 0, 400, "2026-01-06 02:00:00+00", "generic_csv", "18"),
    ]
    assert rows(
        fresh_database,
        "select i.line_no, s.code, i.quantity, i.gross_fen, f.quantity, f.gross_fen, f.discount_fen, f.cost_fen,"
        " f.state from shop.order_item i join shop.sku s on s.id = i.sku_id"
        " join shop.fulfilment f on f.order_item_id = i.id"
        " order by i.id",
    ) == [
        (1, "BOOK-1", 3, 1000, 3, 1000, 100, None, "delivered"),
        (2, "BOOK-2", 1, 500, 1, 500, 0, None, "delivered"),
        (1, "BOOK-1", 1, 400, 1, 400, 0, None, "delivered"),
    ]
    assert rows(
        fresh_database,
        "select ledger_date::text, account, sum(amount_fen)::bigint from shop.ledger_entry e"
        " join shop.ledger_transaction t on t.id = e.transaction_id group by 1, 2"
        " having sum(amount_fen) <> 0 order by 1, 2",
    ) == [
        ("2026-01-05", "bank", 1400),
        ("2026-01-05", "discounts", 100),
        ("2026-01-05", "sales", -1500),
        ("2026-01-06", "bank", 400),
        ("2026-01-06", "sales", -400),
    ]
    assert rows(fresh_database, "select method, state, amount_fen from shop.payment order by id") == [
        ("bank", "succeeded", 1400),
        ("bank", "succeeded", 400),
    ]
    assert rows(fresh_database, "select distinct publish_state from shop.sku") == [("withdrawn",)]


def test_importing_the_same_file_again_changes_nothing(fresh_database: DatabaseUrls, settings: Settings) -> None:
    run(fresh_database, settings, HEADER + ORDER_17 + ORDER_18)
    before = counts(fresh_database)
    assert run(fresh_database, settings, HEADER + ORDER_18 + ORDER_17) == ImportResult(3, 0, 2, 0)
    assert counts(fresh_database) == before


def test_a_known_order_number_with_other_values_is_refused(fresh_database: DatabaseUrls, settings: Settings) -> None:
    run(fresh_database, settings, HEADER + ORDER_17 + ORDER_18)
    before = counts(fresh_database)
    changed = [
        ORDER_18.replace("4.00", "4.01"),
        ORDER_18.replace("bob", "ann"),
        ORDER_18 + ORDER_18.replace("4.", "5."),
    ]
    for text in changed:
        assert refusal(fresh_database, settings, HEADER + ORDER_17 + text) == [
            "line 4: order '18' was imported before with other values"
        ]
    assert counts(fresh_database) == before


def test_an_order_number_that_contradicts_itself_is_refused(fresh_database: DatabaseUrls, settings: Settings) -> None:
    assert refusal(fresh_database, settings, HEADER + ORDER_17 + ORDER_17.replace("ann", "bob")) == [
        "line 4: order '17' has another customer or date on line 2",
        "line 5: order '17' has another customer or date on line 2",
    ]


CDNOW = " 00001 19970101  1   11.77\r\n 00002 19970112  1   12.00\r\n 00002 19970112  1   12.00\r\n"


def test_equal_rows_are_told_apart_by_counting_so_a_longer_file_adds_only_what_is_new(
    fresh_database: DatabaseUrls, settings: Settings
) -> None:
    assert run(fresh_database, settings, CDNOW, "cdnow") == ImportResult(3, 3, 0, 2)
    longer = " 00003 19970201  2    7.00\r\n 00002 19970112  1   12.00\r\n" + CDNOW
    assert run(fresh_database, settings, longer, "cdnow") == ImportResult(5, 2, 3, 1)
    assert run(fresh_database, settings, longer, "cdnow") == ImportResult(5, 0, 5, 0)
    assert rows(fresh_database, "select count(*), sum(net_fen)::bigint from shop.orders") == [
        (5, 1177 + 3 * 1200 + 700)
    ]


def test_a_line_of_value_zero_is_an_order_without_payment_or_postings(
    fresh_database: DatabaseUrls, settings: Settings
) -> None:
    run(fresh_database, settings, " 00001 19970101  1    0.00\r\n", "cdnow")
    found = counts(fresh_database)
    assert (found["orders"], found["fulfilment"], found["payment"]) == (1, 1, 0)
    assert (found["ledger_transaction"], found["ledger_entry"], found["document_line"]) == (0, 0, 0)
    assert rows(fresh_database, "select state, paid_at is not null from shop.orders") == [("completed", True)]


def test_a_customer_registers_with_their_first_order_in_the_file(
    fresh_database: DatabaseUrls, settings: Settings
) -> None:
    run(fresh_database, settings, " 00001 19970301  1    1.00\r\n 00001 19970201  1    1.00\r\n", "cdnow")
    assert rows(
        fresh_database, "select source, external_ref, acquisition_channel, registered_at::text from shop.customer"
    ) == [("cdnow", "00001", "imported", "1997-01-31 16:00:00+00")]


def test_a_file_with_a_bad_cell_writes_nothing(fresh_database: DatabaseUrls, settings: Settings) -> None:
    assert refusal(fresh_database, settings, CDNOW + " 00009 19971301  1    1.00\r\n", "cdnow") == [
        "line 4, column 'date': '19971301' is not a date (%Y%m%d)"
    ]
    assert set(counts(fresh_database).values()) == {0}
    assert rows(fresh_database, "select * from shop.shop_profile") == []


def test_the_first_import_fixes_the_currency_and_another_is_refused(
    fresh_database: DatabaseUrls, settings: Settings
) -> None:
    run(fresh_database, settings, CDNOW, "cdnow")
    assert rows(fresh_database, "select currency, timezone from shop.shop_profile") == [("USD", "Asia/Shanghai")]
    assert refusal(fresh_database, settings, HEADER + ORDER_17) == [
        "this shop keeps its accounts in USD, and amounts in CNY cannot be added to them (mapping 'generic_csv')"
    ]


def test_a_shop_that_has_no_money_yet_takes_the_currency_of_its_first_import(
    fresh_database: DatabaseUrls, settings: Settings
) -> None:
    with psycopg.connect(fresh_database.app) as connection:
        connection.execute("insert into shop.shop_profile (id, currency, timezone) values (1, 'CNY', 'Asia/Shanghai')")
    run(fresh_database, settings, CDNOW, "cdnow")
    assert rows(fresh_database, "select currency from shop.shop_profile") == [("USD",)]


def test_a_simulated_shop_takes_no_real_orders(fresh_database: DatabaseUrls, settings: Settings) -> None:
    with psycopg.connect(fresh_database.app) as connection:
        connection.execute(
            "with c as (insert into shop.customer (display_name) values ('x') returning id)"
            " insert into shop.orders (order_no, customer_id, state, gross_fen, net_fen, source)"
            " select 'S1', id, 'delivered', 0, 0, 'simulation' from c"
        )
    [problem] = refusal(fresh_database, settings, CDNOW, "cdnow")
    assert "simulated history" in problem


def test_two_imports_at_once_write_every_order_once(fresh_database: DatabaseUrls, settings: Settings) -> None:
    settings.var.mkdir()
    file = settings.var / "orders.txt"
    file.write_text("".join(f" {n:05} 19970101  1   11.77\r\n" for n in range(500)), encoding="utf-8")
    both_ready = threading.Barrier(2)

    def start(step: str, _done: int | None = None, _total: int | None = None) -> None:
        if step.startswith("reading"):
            both_ready.wait(timeout=30)

    with ThreadPoolExecutor(2) as pool:
        running = [pool.submit(import_orders, fresh_database.app, settings, file, "cdnow", start) for _ in range(2)]
        results = sorted(one.result().new_orders for one in running)
    assert results == [0, 500]
    assert counts(fresh_database)["orders"] == 500


def test_an_import_waits_for_another_writer_of_histories_and_says_so(
    fresh_database: DatabaseUrls, settings: Settings
) -> None:
    settings.var.mkdir()
    file = settings.var / "orders.txt"
    file.write_text(CDNOW, encoding="utf-8")
    waits = threading.Event()

    def watch(step: str, _done: int | None = None, _total: int | None = None) -> None:
        if "waiting for it to end" in step:
            waits.set()

    with ThreadPoolExecutor(1) as pool, psycopg.connect(fresh_database.app) as other:
        other.execute("select pg_advisory_xact_lock(%s)", (WRITERS_LOCK,))
        running = pool.submit(import_orders, fresh_database.app, settings, file, "cdnow", watch)
        assert waits.wait(timeout=30)
        assert counts(fresh_database)["orders"] == 0
        other.rollback()
        assert running.result(timeout=60).new_orders == 3


@pytest.mark.real_data
def test_the_real_history_of_cdnow_arrives_to_the_cent_and_once(
    fresh_database: DatabaseUrls, settings: Settings, real_data: Path, full_counts: bool
) -> None:
    """Its first 6,000 lines, at the full counts all 69,659 (which the warehouse's tests import every time)."""
    text = (real_data / "cdnow" / "CDNOW_master.txt").read_text(encoding="utf-8")
    heading, *lines = text.splitlines(keepends=True)
    lines = lines if full_counts else lines[:6_000]
    cells = [line.split() for line in lines]
    customers, quantity = len({customer for customer, *_ in cells}), sum(int(count) for _, _, count, _ in cells)
    cents = sum(int(dollars.replace(".", "")) for *_, dollars in cells)
    if full_counts:
        assert (len(lines), customers, quantity, cents) == (69_659, 23_570, 167_881, 250_031_563)
    settings.var.mkdir()
    file = settings.var / "CDNOW_master.txt"
    file.write_text(heading + "".join(lines), encoding="utf-8")
    first = ImportResult(len(lines), len(lines), 0, customers)
    assert import_orders(fresh_database.app, settings, file, "cdnow") == first
    assert import_orders(fresh_database.app, settings, file, "cdnow") == ImportResult(len(lines), 0, len(lines), 0)
    assert rows(
        fresh_database, "select count(*), sum(gross_fen)::bigint, sum(quantity)::bigint from shop.order_item"
    ) == [(len(lines), cents, quantity)]
    assert rows(
        fresh_database,
        "select account, sum(amount_fen)::bigint from shop.ledger_entry group by 1 order by 1",
    ) == [("bank", cents), ("sales", -cents), ("unearned_sales", 0)]
    free = sum(dollars == "0.00" for *_, dollars in cells)
    assert rows(fresh_database, "select count(*) from shop.orders where net_fen = 0") == [(free,)]
