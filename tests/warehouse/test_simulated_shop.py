"""On the simulated shop three books agree to the fen: documents, ledger, and the simulation's own cash book.

What was planted in the gateways' bills is found, each difference once, and none is invented. To the past comes a day on
which a draw with stakes is held for real.
"""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import duckdb
import psycopg
import pytest

from mingsuan import clock
from mingsuan.postgres import DatabaseUrls
from mingsuan.settings import Settings
from pipelines import warehouse
from pipelines.build import build
from pipelines.dbt_run import run_dbt
from pipelines.ingest import ingest
from simulation.cash_book import INCOME
from simulation.history import CUSTOMERS, DAYS, simulate
from tests.warehouse import simulated_draw
from transactional.ledger.rules import COMPONENTS

pytestmark = [pytest.mark.xdist_group("dbt"), pytest.mark.enable_socket]
NOW = datetime(2026, 7, 1, 3, 0, tzinfo=UTC)
SEED = 12
SMALL_DAYS, SMALL_CUSTOMERS = 60, 250
SUMS_A_DAY = {
    "ledger_entry": "select t.ledger_date, count(*), sum(abs(e.amount_fen))::bigint from {shop}.ledger_entry e"
    " join {shop}.ledger_transaction t on t.id = e.transaction_id group by 1 order by 1",
    "payment": "select cast(paid_at at time zone 'Asia/Shanghai' as date), count(*), sum(amount_fen)::bigint"
    " from {shop}.payment group by 1 order by 1",
    "refund": "select cast(refunded_at at time zone 'Asia/Shanghai' as date), count(*), sum(amount_fen)::bigint"
    " from {shop}.refund group by 1 order by 1",
    "gateway_bill_line": "select cast(happened_at at time zone 'Asia/Shanghai' as date), count(*),"
    " sum(amount_fen + fee_fen)::bigint from {shop}.gateway_bill_line group by 1 order by 1",
}


@dataclass(frozen=True)
class SimulatedShop:
    """A shop with a simulated past, ingested and built; its connection is to the models."""

    urls: DatabaseUrls
    settings: Settings
    warehouse: duckdb.DuckDBPyConnection

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.warehouse.execute(query).fetchall()

    @property
    def truth(self) -> dict[str, Any]:
        file = self.settings.var / "simulation" / "truth.json"
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return found

    @property
    def cash_book(self) -> dict[str, dict[str, int]]:
        """Fen by business date and component, the draw's day among them; 0 is left out."""
        past = self.truth["cash_book"].items()
        days = {day: {name: sums[f"{name}_fen"] for name in COMPONENTS if sums[f"{name}_fen"]} for day, sums in past}
        return days | {NOW.date().isoformat(): dict(simulated_draw.CASH)}


@pytest.fixture(scope="module")
def settings(module_database: DatabaseUrls, tmp_path_factory: pytest.TempPathFactory, full_counts: bool) -> Settings:
    made = Settings(var=tmp_path_factory.mktemp("simulated"), timezone="Asia/Shanghai", currency="CNY", as_of_date=None)
    days, customers = (DAYS, CUSTOMERS) if full_counts else (SMALL_DAYS, SMALL_CUSTOMERS)
    with clock.at(NOW):
        assert simulate(module_database.app, made, seed=SEED, days=days, customers=customers).orders > customers
    asyncio.run(simulated_draw.hold(module_database.app, made, NOW))
    ingest(made, module_database.reader)
    result = build(made)
    assert result.publishable, result.summary()
    return made


@pytest.fixture
def shop(module_database: DatabaseUrls, settings: Settings) -> Iterator[SimulatedShop]:
    with warehouse.owned(settings, "test"), warehouse.connect(settings) as connection:
        connection.execute("use warehouse.analytics; set timezone = 'UTC'")
        yield SimulatedShop(module_database, settings, connection)


def test_documents_ledger_and_cash_book_earn_the_same_each_day(shop: SimulatedShop) -> None:
    book = {
        day: sum(fen if name in INCOME else -fen for name, fen in sums.items()) for day, sums in shop.cash_book.items()
    }
    days = shop.rows("select cast(ledger_date as varchar), cm3_fen, ledger_profit_fen from mart_profit_daily")
    lines = shop.rows(
        "select cast(ledger_date as varchar), cast(sum(profit_fen) as bigint) from fct_margin_lines group by 1"
    )
    assert {day: cm3 for day, cm3, _ in days} == book
    assert {day: profit for day, _, profit in days} == book
    assert dict(lines) == book


def test_each_component_of_each_day_is_that_of_the_cash_book(shop: SimulatedShop) -> None:
    found = shop.rows(
        "select cast(ledger_date as varchar), component, cast(sum(amount_fen) as bigint)"
        " from fct_margin_lines group by 1, 2"
    )
    expected = {(day, name, fen) for day, sums in shop.cash_book.items() for name, fen in sums.items()}
    assert {each for each in found if each[2]} == expected
    assert {name for _, name, _ in expected} == set(COMPONENTS)


def test_units_handed_over_each_day_are_those_of_the_cash_book(shop: SimulatedShop) -> None:
    found = shop.rows("select cast(ledger_date as varchar), delivered_units from mart_profit_daily")
    expected = {day: sums["delivered_units"] for day, sums in shop.truth["cash_book"].items()}
    assert dict(found) == expected | {NOW.date().isoformat(): 0}


def test_costs_still_unknown_at_the_end_lower_the_coverage_and_are_no_zeros(shop: SimulatedShop) -> None:
    [(unknown, days)] = shop.rows(
        "select sum(unknown_cost_units), count(case when cost_coverage < 1 then 1 end) from mart_profit_daily"
    )
    [(units,)] = shop.rows(
        "select count(*) from stg_shop__fulfilments where delivered_at is not null and cost_fen is null"
    )
    assert unknown == units
    assert days > 0
    assert units > 0


def test_the_gateways_differ_from_the_shop_by_what_was_planted_and_by_nothing_else(shop: SimulatedShop) -> None:
    found = shop.rows(
        "select difference_kind, method, cast(bill_date as varchar), number, shop_fen, bill_fen"
        " from mart_gateway_differences order by all"
    )
    planted = [
        tuple(one[name] for name in ("kind", "method", "day", "number", "shop_fen", "bill_fen"))
        for one in shop.truth["planted_gateway_differences"]
    ]
    assert found == sorted(planted)
    assert len({kind for kind, *_ in found}) == 5


def test_every_day_of_every_gateway_closes_with_its_differences(shop: SimulatedShop) -> None:
    days = shop.rows(
        "select has_bill, unexplained_bill_fen, unexplained_ledger_fen, ledger_difference_fen, count(*),"
        " sum(difference_count) from mart_gateway_reconciliation group by all"
    )
    truth = shop.truth
    every = 2 * ((date.fromisoformat(truth["last_date"]) - date.fromisoformat(truth["first_date"])).days + 1)
    assert days == [(True, 0, 0, 0, every, len(truth["planted_gateway_differences"]))]


def test_fees_that_bills_changed_are_on_the_payments_and_in_the_ledger(shop: SimulatedShop) -> None:
    [(corrected, bill_fen, shop_fen)] = shop.rows(
        "select count(case when l.fee_difference_fen <> 0 then 1 end), cast(sum(m.bill_fee_fen) as bigint),"
        " cast(sum(m.record_fee_fen) as bigint) from int_gateway_matches as m join stg_shop__gateway_bill_lines as l"
        " on l.gateway_bill_line_key = m.match_key where m.record_kind is not null"
    )
    assert corrected > 10
    assert bill_fen == shop_fen


def test_the_draw_of_the_last_day_verifies_and_agrees_with_the_books(shop: SimulatedShop) -> None:
    assert shop.rows("select verdict, is_verified from mart_draw_audit") == [("TEST", True)]


def test_source_and_warehouse_hold_the_same_rows_and_the_same_sums_of_each_day(shop: SimulatedShop) -> None:
    assert shop.rows("select table_name from mart_source_reconciliation where difference_rows is distinct from 0") == []
    with psycopg.connect(shop.urls.reader) as source:
        for table, query in SUMS_A_DAY.items():
            there = source.execute(query.format(shop="shop").encode()).fetchall()
            assert len(there) > 10, table
            assert shop.rows(query.format(shop="warehouse.raw_current")) == there, table


def test_one_fen_in_one_line_of_a_bill_or_in_one_payment_is_found_and_named(shop: SimulatedShop) -> None:
    [(line, billed, _), (_, paid, payment)] = shop.rows(
        "select id, out_trade_no, payment_id from raw_current.gateway_bill_line"
        " where verdict = 'agrees' and kind = 'payment' order by id limit 2"
    )
    before = shop.rows("select difference_key from mart_gateway_differences order by 1")
    _change(shop, "gateway_bill_line", line, +1)
    _change(shop, "payment", payment, +1)
    _again(shop.settings)
    new = shop.rows(
        "select difference_kind, number, bill_fen - shop_fen, ledger_fen - shop_fen, difference_fen"
        f" from mart_gateway_differences where difference_key not in {tuple(key for (key,) in before)!r} order by 1, 2"
    )
    _change(shop, "gateway_bill_line", line, -1)
    _change(shop, "payment", payment, -1)
    _again(shop.settings)
    assert sorted(new) == sorted(
        [
            ("amount_differs", billed, 1, 0, 1),
            ("amount_differs", paid, -1, -1, -1),
            ("ledger_differs", paid, -1, -1, -1),
        ]
    )
    assert shop.rows("select difference_key from mart_gateway_differences order by 1") == before


def _change(shop: SimulatedShop, table: str, number: int, by_fen: int) -> None:
    changed = f"update raw_current.{table} set amount_fen = amount_fen + ? where id = ?"
    shop.warehouse.execute(changed, [by_fen, number])


def _again(settings: Settings, selection: str = "int_gateway_records+") -> None:
    outcome = run_dbt(settings, "run", "--full-refresh", "--select", selection)
    assert [node.name for node in outcome.results if node.status != "success"] == []


def test_statements_of_suppliers_differ_by_what_was_planted_and_by_nothing_else(shop: SimulatedShop) -> None:
    found = shop.rows(
        "select channel_code, cast(from_date as varchar), cast(to_date as varchar), difference_kind, request_no,"
        " difference_fen from mart_supplier_differences"
    )
    names = ("channel", "from_date", "to_date", "verdict", "request_no", "difference_fen")
    planted = [tuple(one[name] for name in names) for one in shop.truth["supply"]["statement_differences"]]
    assert sorted(found, key=str) == sorted(planted, key=str)
    assert {kind for *_, kind, _, _ in found} == {"ours_only", "theirs_only", "amount_differs"}


def test_every_statement_of_a_supplier_closes_with_its_differences(shop: SimulatedShop) -> None:
    [(statements, faulty, difference_fen)] = shop.rows(
        "select count(*), count(case when unexplained_fen <> 0 or missing_lines <> 0 then 1 end),"
        " cast(sum(difference_fen) as bigint) from mart_supplier_reconciliation"
    )
    assert statements > 10
    assert faulty == 0
    assert difference_fen == sum(one["difference_fen"] for one in shop.truth["supply"]["statement_differences"])


def test_a_fen_that_the_ledger_has_and_no_statement_answers_for_is_found(shop: SimulatedShop) -> None:
    [(entry, request_no)] = shop.rows(
        "select e.ledger_entry_id, p.request_no from stg_shop__ledger_entries as e"
        " join int_supplier_bookings as b on b.taken_fen = -e.amount_fen"
        " join fct_ledger_entries as f on f.ledger_entry_id = e.ledger_entry_id and f.reference = b.reference"
        " join stg_shop__purchases as p on p.purchase_row_id = b.purchase_row_id"
        " where e.account = 'supplier_payable' and p.state = 'succeeded' order by b.booked_date, 1 limit 1"
    )
    _change(shop, "ledger_entry", entry, -1)
    _again(shop.settings, "fct_ledger_entries+")
    new = shop.rows(
        "select request_no, difference_fen from mart_supplier_differences where difference_kind = 'ledger_differs'"
    )
    _change(shop, "ledger_entry", entry, +1)
    _again(shop.settings, "fct_ledger_entries+")
    assert new == [(request_no, -1)]


def test_channels_cost_and_deliver_what_the_simulations_own_sums_say(shop: SimulatedShop) -> None:
    found = shop.rows(
        "select channel_code, n_purchases, good_units, cost_of_successes_fen, unrecovered_fen, credited_fen,"
        " effective_unit_cost_fen, code_p50_seconds, code_p95_seconds, code_p99_seconds"
        " from mart_channel_scorecard where period = 'all' order by 1"
    )
    assert found == sorted(
        (code, *_sums(channel["sums"]))
        for code, channel in shop.truth["supply"]["channels"].items()
        if channel["sums"]["purchases"]
    )


def _sums(sums: dict[str, Any]) -> tuple[Any, ...]:
    seconds = (sums[f"seconds_to_code_{label}"] for label in ("p50", "p95", "p99"))
    return (
        sums["purchases"],
        sums["good_units"],
        sums["cost_of_successes_fen"],
        sums["written_off_fen"] - sums["written_off_back_fen"],
        sums["credits_fen"],
        sums["effective_unit_cost_fen"],
        *(None if each is None else int(each) for each in seconds),
    )


def test_each_move_of_a_price_is_counted_and_no_other(shop: SimulatedShop) -> None:
    found = shop.rows(
        "select c.code || '/' || s.code, count(case when change_share <> 0 then 1 end) from fct_offer_prices"
        " join dim_channels as c using (channel_key) join dim_skus as s using (sku_key) group by 1"
    )
    assert dict(found) == shop.truth["supply"]["price_moves"]
