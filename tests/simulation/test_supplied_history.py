"""Suppliers of a simulated past: rows that the shop itself could have written, and books that are whole."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from mingsuan import clock
from mingsuan.postgres import DatabaseUrls
from mingsuan.progress import silent
from mingsuan.settings import Settings
from simulation.history import simulate
from simulation.plan import Plan, plan_history
from simulation.shop_rows import ShopRows
from simulation.supplied_law import CHANNELS
from simulation.supplier_statements import PlannedStatement
from transactional.cards.sealed import DataKey
from transactional.cards.service import delivery_place
from transactional.cards.vault import Vault, key_files, open_vault
from transactional.db import engine, reading, writing
from transactional.ledger import command_line
from transactional.profile_row import fix_profile
from transactional.suppliers.models import RoutingDecision, SupplierStatement, SupplierStatementLine, SupplyChannel
from transactional.suppliers.money.statements import NewStatement, take_in
from transactional.suppliers.purchases.rules import TRANSITIONS
from transactional.suppliers.routing.records import replay

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 7, 1, 3, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Shop:
    urls: DatabaseUrls
    settings: Settings

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.urls.owner) as connection:
            return connection.execute(query).fetchall()

    def decisions(self) -> Sequence[RoutingDecision]:
        source = create_engine(self.urls.owner)
        with Session(source) as session:
            found = session.scalars(select(RoutingDecision)).all()
        source.dispose()
        return found

    @property
    def truth(self) -> dict[str, Any]:
        file = self.settings.var / "simulation" / "truth.json"
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return found


def settings_in(folder: Path) -> Settings:
    return Settings(var=folder, timezone="Asia/Shanghai", currency="CNY")


@pytest.fixture(scope="module")
def shop(module_database: DatabaseUrls, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    settings = settings_in(tmp_path_factory.mktemp("supplied"))
    with clock.at(NOW):
        simulate(module_database.app, settings, seed=11, days=62, customers=400)
    return Shop(module_database, settings)


def test_the_shops_own_checks_find_nothing(shop: Shop) -> None:
    assert command_line.findings(shop.urls.app, shop.settings) == []


def test_the_shop_comes_to_each_decision_again_from_its_row_alone(shop: Shop) -> None:
    decisions = shop.decisions()
    assert len(decisions) > 300
    assert all(replay(row).agrees for row in decisions)
    assert {"cheapest", "below_floor", "overridden"} <= {row.reason for row in decisions}


def test_each_purchase_is_made_where_its_decision_chose_and_at_the_price_of_that_instant(shop: Shop) -> None:
    wrong = shop.rows(
        "select p.id from shop.purchase p join shop.routing_decision d on d.id = p.decision_id where"
        " (p.channel_id, p.offer_id, p.fulfilment_id) is distinct from (d.channel_id, d.offer_id, d.fulfilment_id)"
    )
    assert wrong == []
    wrong = shop.rows(
        "select p.id from shop.purchase p cross join lateral (select unit_cost from shop.offer_observation o"
        " where o.offer_id = p.offer_id and o.observed_at <= p.created_at order by observed_at desc limit 1) o"
        " where o.unit_cost <> p.unit_cost"
    )
    assert wrong == []


def test_purchases_moved_as_the_table_of_moves_allows(shop: Shop) -> None:
    events = shop.rows(
        "select purchase_id, from_state, to_state, happened_at from shop.purchase_event order by purchase_id, id"
    )
    ends = dict(shop.rows("select id, state from shop.purchase"))
    for purchase, group in groupby(events, key=lambda row: row[0]):
        moves = list(group)
        assert moves[0][1:3] == (None, "created")
        for before, after in pairwise(moves):
            assert after[1] == before[2]
            assert after[2] in TRANSITIONS[before[2]]
            assert after[3] >= before[3]
        assert moves[-1][2] == ends.pop(purchase)
    assert ends == {}


def test_a_delivery_costs_what_its_purchase_did_and_names_its_channel(shop: Shop) -> None:
    differing = shop.rows(
        "select f.id from shop.fulfilment f join shop.purchase p on p.fulfilment_id = f.id and p.state = 'succeeded'"
        " left join shop.ledger_transaction t on t.reference = 'delivery:' || f.id"
        " left join shop.document_line l on l.transaction_id = t.id and l.component = 'cogs'"
        " where (f.cost_fen, f.delivered_at, l.amount_fen, l.channel_id)"
        " is distinct from (p.cost_fen, p.ended_at, p.cost_fen, p.channel_id)"
    )
    assert differing == []
    without = shop.rows(
        "select p.id from shop.purchase p where p.state = 'succeeded' and not exists (select from shop.purchased_code c"
        " join shop.sealed_delivery s on s.id = c.sealed_delivery_id and s.fulfilment_id = p.fulfilment_id"
        " where c.purchase_id = p.id)"
    )
    assert without == []


def test_a_bought_code_opens_for_its_owner_and_is_known_by_its_fingerprint(shop: Shop) -> None:
    master, fingerprints = (file.read_bytes() for file in key_files(shop.settings))
    vault = Vault(master, fingerprints)
    [(fulfilment, key, wrapped, sealed, fingerprint)] = shop.rows(
        "select s.fulfilment_id, k.id, k.wrapped, s.ciphertext, c.fingerprint from shop.sealed_delivery s"
        " join shop.data_key k on k.id = s.data_key_id join shop.purchased_code c on c.sealed_delivery_id = s.id"
        " limit 1"
    )
    code = vault.open_bytes(DataKey(key, wrapped), delivery_place(fulfilment), sealed).decode()
    assert vault.fingerprint(code) == fingerprint


def test_the_statements_lines_differ_exactly_as_the_truth_tells(shop: Shop) -> None:
    found = shop.rows(
        "select s.file_name, l.verdict, l.request_no, l.difference_fen from shop.supplier_statement_line l"
        " join shop.supplier_statement s on s.id = l.statement_id where l.verdict <> 'matched'"
    )
    planted = [
        (one["file_name"], one["verdict"], one["request_no"], one["difference_fen"])
        for one in shop.truth["supply"]["statement_differences"]
    ]
    assert Counter(found) == Counter(planted)
    assert len(found) >= 6


def test_the_truth_counts_what_the_rows_say(shop: Shop) -> None:
    rows = shop.rows(
        "select c.code, count(*), coalesce(sum(p.cost_fen) filter (where p.state = 'succeeded'), 0)::bigint,"
        " count(*) filter (where p.state = 'succeeded')"
        " from shop.purchase p join shop.supply_channel c on c.id = p.channel_id group by 1"
    )
    for code, purchases, cost_fen, succeeded in rows:
        sums = shop.truth["supply"]["channels"][code]["sums"]
        assert (sums["purchases"], sums["cost_of_successes_fen"]) == (purchases, cost_fen)
        assert sums["states"].get("succeeded", 0) == succeeded
    credited = shop.rows(
        "select c.code, sum(credited_fen)::bigint from shop.defect_claim d"
        " join shop.supply_channel c on c.id = d.channel_id where d.state = 'accepted' group by 1"
    )
    assert credited
    for code, fen in credited:
        assert shop.truth["supply"]["channels"][code]["sums"]["credits_fen"] == fen


@pytest.mark.anyio
async def test_the_shops_importer_comes_to_the_same_verdicts(fresh_database: DatabaseUrls, tmp_path: Path) -> None:
    """The same history without statements; then their files are taken in one after another, as they came."""
    plan = plan_history(11, date(2026, 6, 30), 62, 250, SHANGHAI)
    statements = plan.supply.statements
    settings = settings_in(tmp_path)
    bare = replace(plan, supply=replace(plan.supply, statements=()))
    source = engine(fresh_database.app)
    async with reading(source) as session:
        vault = await open_vault(session, settings)
    with psycopg.connect(fresh_database.app) as connection:
        fix_profile(connection, "CNY", "Asia/Shanghai")
        ShopRows(connection, bare, vault, silent).write()
    for one in statements:
        with clock.at(one.imported_at):
            async with writing(source) as session:
                code = CHANNELS[one.channel].code
                channel = await session.scalar(select(SupplyChannel.id).where(SupplyChannel.code == code))
                days = (one.first, one.last)
                new = NewStatement(channel or 0, one.file_name, one.content(), "inbox", days)
                taken = await take_in(session, new, SHANGHAI, "CNY")
        assert taken.difference_count == len(one.planted)
    async with reading(source) as session:
        lines = select(SupplierStatement.file_name, SupplierStatementLine).join(SupplierStatement)
        rows = (await session.execute(lines)).all()
        found = Counter((name, row.line_no, row.request_no, row.verdict, row.difference_fen) for name, row in rows)
    await source.dispose()
    assert found == Counter(_planned(statements, plan))


def _planned(statements: Sequence[PlannedStatement], plan: Plan) -> Iterator[tuple[object, ...]]:
    for one in statements:
        for each in one.judged:
            number = one.said[each.line_no - 1].request_no or None if each.line_no else None
            if each.line_no is None and each.purchase_id is not None:
                number = plan.supply.supplied.purchases[each.purchase_id].request_no
            yield one.file_name, each.line_no, number, each.verdict, each.difference_fen
