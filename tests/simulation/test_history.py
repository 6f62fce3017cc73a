"""A simulated shop keeps its books like a real one, and its truth can be held against them."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from mingsuan import clock
from mingsuan.postgres import DatabaseUrls
from mingsuan.settings import Settings
from simulation.history import NotEmptyShopError, SimulatedHistory, simulate
from simulation.stock import FREE_AT_LEAST
from transactional.cards.sealed import DataKey, SealedCode
from transactional.cards.vault import Vault, key_files
from transactional.db import ReadSession, engine
from transactional.ledger import control_accounts
from transactional.ledger.check import CHECKS
from transactional.ledger.rules import COMPONENTS
from transactional.orders.history_import import import_orders

NOW = datetime(2026, 7, 1, 3, 0, tzinfo=UTC)
NOT_YET = {"draw_income", "draw_prizes"}
"""What a simulated past does not have: its draws are held in the running shop."""
DIGEST = """
select md5(string_agg(line, '|' order by line)) from (
    select concat_ws(' ', t.event, t.effective_at at time zone 'UTC', e.account, e.amount_fen) as line
    from shop.ledger_entry e join shop.ledger_transaction t on t.id = e.transaction_id
) as lines
"""


@dataclass(frozen=True)
class Shop:
    urls: DatabaseUrls
    settings: Settings

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.urls.app) as connection:
            return connection.execute(query).fetchall()

    def simulate(self) -> SimulatedHistory:
        with clock.at(NOW):
            return simulate(self.urls.app, self.settings, seed=7, days=60, customers=250)

    @property
    def truth(self) -> dict[str, Any]:
        file = self.settings.var / "simulation" / "truth.json"
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return found


def settings_in(folder: Path) -> Settings:
    return Settings(var=folder, timezone="Asia/Shanghai", currency="CNY")


@pytest.fixture(scope="module")
def shop(module_database: DatabaseUrls, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    made = Shop(module_database, settings_in(tmp_path_factory.mktemp("simulated")))
    assert made.simulate().orders > 300
    return made


def test_the_ledger_earns_each_day_what_the_cash_book_says(shop: Shop) -> None:
    profit = shop.rows(
        "select t.ledger_date::text, -sum(e.amount_fen)::bigint from shop.ledger_entry e"
        " join shop.ledger_transaction t on t.id = e.transaction_id"
        " join shop.ledger_account a on a.code = e.account where a.kind in ('income', 'expense') group by 1"
    )
    assert dict(profit) == {day: sums["profit_fen"] for day, sums in shop.truth["cash_book"].items()}


def test_each_component_of_each_day_is_that_of_the_cash_book(shop: Shop) -> None:
    found = shop.rows(
        "select t.ledger_date::text, d.component, sum(d.amount_fen)::bigint from shop.document_line d"
        " join shop.ledger_transaction t on t.id = d.transaction_id group by 1, 2"
    )
    expected = {
        (day, component, sums[f"{component}_fen"])
        for day, sums in shop.truth["cash_book"].items()
        for component in COMPONENTS
        if sums[f"{component}_fen"]
    }
    assert {each for each in found if each[2]} == expected
    assert {component for _, component, _ in expected} >= set(COMPONENTS) - NOT_YET


def test_every_transaction_balances_and_every_wallet_is_what_the_ledger_owes(shop: Shop) -> None:
    assert shop.rows("select transaction_id from shop.ledger_entry group by 1 having sum(amount_fen) <> 0") == []
    differing = shop.rows(
        "select w.customer_id from shop.wallet w left join (select customer_id, -sum(amount_fen) as owed_fen"
        " from shop.ledger_entry where account = 'customer_wallet' group by 1) l using (customer_id)"
        " where w.balance_fen <> coalesce(l.owed_fen, 0) or w.balance_fen < 0"
    )
    assert differing == []
    assert shop.rows("select count(*) from shop.wallet") == [(250,)]
    assert shop.rows("select sum(balance_fen) > 0 from shop.wallet") == [(True,)]


def test_the_inventory_account_holds_the_cost_of_the_codes_not_delivered(shop: Shop) -> None:
    [(booked,)] = shop.rows("select sum(amount_fen)::bigint from shop.ledger_entry where account = 'card_inventory'")
    [(on_shelf,)] = shop.rows("select sum(cost_fen)::bigint from shop.card where state = 'available'")
    assert booked == on_shelf > 0


@pytest.mark.anyio
async def test_the_shops_own_check_of_its_books_finds_nothing(shop: Shop) -> None:
    source = engine(shop.urls.app)
    async with ReadSession(source) as session:
        found = [each for check in CHECKS for each in await check.findings(session)]
        found += await control_accounts.findings(session)
    await source.dispose()
    assert found == []


def test_what_advertising_and_couriers_took_stands_line_by_line_in_their_statements(shop: Shop) -> None:
    lines = (("marketing", "ad_spend", "ad_statement"), ("delivery_costs", "courier_charge", "courier_statement"))
    for component, of_lines, of_statements in lines:
        booked = sum(sums[f"{component}_fen"] for sums in shop.truth["cash_book"].values())
        assert shop.rows(f"select sum(posted_fen)::bigint, sum(amount_fen)::bigint from shop.{of_lines}") == [
            (booked, booked)
        ]
        assert shop.rows(f"select sum(total_fen)::bigint from shop.{of_statements}") == [(booked,)]


def test_what_was_planted_in_the_bills_is_a_case_for_a_person_and_nothing_else_is(shop: Shop) -> None:
    cases = shop.rows(
        "select coalesce(detail ->> 'out_refund_no', detail ->> 'out_trade_no', subject), amount_fen"
        " from shop.review_case where not starts_with(kind, 'statement_') order by 1"
    )
    planted = shop.truth["planted_gateway_differences"]
    assert cases == sorted((one["number"], one["bill_fen"] or one["shop_fen"]) for one in planted)
    assert len(cases) == 5


def test_every_day_of_a_gateway_has_its_bill_and_no_bill_is_of_the_future(shop: Shop) -> None:
    days = shop.rows("select method, count(*), max(fetched_at) < '2026-07-01 03:00Z' from shop.gateway_bill group by 1")
    assert sorted(days) == [("alipay", 60, True), ("wechat", 60, True)]


def test_fulfilments_add_up_to_their_lines_and_lines_to_their_orders(shop: Shop) -> None:
    assert (
        shop.rows(
            "select i.id from shop.order_item i join shop.fulfilment f on f.order_item_id = i.id group by i.id"
            " having sum(f.gross_fen) <> i.gross_fen or sum(f.discount_fen) <> i.discount_fen"
            " or sum(f.quantity) <> i.quantity"
        )
        == []
    )
    assert (
        shop.rows(
            "select o.id from shop.orders o join shop.order_item i on i.order_id = o.id group by o.id"
            " having sum(i.gross_fen) <> o.gross_fen or sum(i.net_fen) <> o.net_fen"
        )
        == []
    )


def test_fees_of_a_payment_are_split_over_the_lines_of_its_order(shop: Shop) -> None:
    differing = shop.rows(
        "select p.id from shop.payment p join shop.order_item i on i.order_id = p.order_id"
        " join shop.document_line d on d.order_item_id = i.id and d.component = 'payment_fees'"
        " group by p.id having sum(d.amount_fen) <> p.fee_fen - coalesce((select sum(o.fee_returned_fen)"
        " from shop.refund_payout o where o.payment_id = p.id), 0)"
    )
    assert differing == []
    assert shop.rows("select count(*) > 100 from shop.payment where fee_fen > 0") == [(True,)]


def test_every_published_sku_has_sealed_codes_on_the_shelf_that_the_vault_opens(shop: Shop) -> None:
    free = shop.rows(
        "select s.code, count(*) from shop.sku s join shop.card c on c.sku_id = s.id"
        " where s.publish_state = 'published' and c.state = 'available' and c.free_at <= now()"
        " and c.ciphertext is not null group by 1"
    )
    assert len(free) == 40
    assert min(count for _, count in free) >= FREE_AT_LEAST
    vault = Vault(*(file.read_bytes() for file in key_files(shop.settings)))
    for state in ("available", "delivered"):
        [(card, key, wrapped, ciphertext, fingerprint)] = shop.rows(
            "select c.id, k.id, k.wrapped, c.ciphertext, c.fingerprint from shop.card c"
            f" join shop.data_key k on k.id = c.data_key_id where c.state = '{state}' order by c.id desc limit 1"
        )
        code = vault.open_code(SealedCode(card, DataKey(key, wrapped), ciphertext))
        assert vault.fingerprint(code.code) == fingerprint


def test_every_order_is_marked_as_simulated(shop: Shop) -> None:
    assert shop.rows("select distinct source from shop.orders") == [("simulation",)]
    assert shop.rows("select count(*) from shop.orders") == [(shop.truth["orders"],)]


def test_simulating_again_adds_nothing_and_keeps_the_truth(shop: Shop) -> None:
    before, truth = shop.rows(DIGEST), shop.truth
    assert shop.simulate().orders == 0
    assert shop.rows(DIGEST) == before
    assert shop.truth == truth


def test_the_same_seed_posts_the_same_amounts(shop: Shop, fresh_database: DatabaseUrls, tmp_path: Path) -> None:
    another = Shop(fresh_database, settings_in(tmp_path))
    another.simulate()
    assert another.rows(DIGEST) == shop.rows(DIGEST)
    assert another.truth == shop.truth


def test_a_shop_with_real_orders_is_not_mixed_with_simulated_ones(fresh_database: DatabaseUrls, tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    file = tmp_path / "orders.txt"
    file.write_text(" 00001 19970101  1   11.77\r\n", encoding="utf-8")
    import_orders(fresh_database.app, settings, file, "cdnow")
    with pytest.raises(NotEmptyShopError, match="has goods or orders of its own"):
        Shop(fresh_database, settings).simulate()
    assert not (tmp_path / "simulation").exists()
