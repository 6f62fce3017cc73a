"""What purchases cost by the declared metrics, by the channels' scorecard, and by adding them up one by one."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import duckdb
import pytest

from mingsuan.semantics.compiler import Question, compiled
from mingsuan.settings import Settings
from pipelines.semantics import declared
from tests.warehouse.hand_fed import Shop, key_of, noon

pytestmark = pytest.mark.xdist_group("dbt")
OPEN, WRITTEN_OFF = ("submitted", "unknown"), ("written_off", "late_failed", "late_succeeded")
STATES = (*OPEN, *WRITTEN_OFF, "failed", *["succeeded"] * 5)
OWN_STOCK, CHANNELS = 3, (1, 2, 3)
COUNTED = (
    *("purchases", "ended_purchases", "purchased_codes", "good_units", "cost_of_successes", "unrecovered_losses"),
    *("replacement_costs", "supplier_credits", "purchase_success_rate", "bad_code_rate", "ended_unknown_share"),
    *("effective_unit_cost", "list_unit_cost"),
)
SCORED = (
    "n_purchases, n_ended, n_codes, good_units, cost_of_successes_fen, unrecovered_fen, replacement_fen, credited_fen,"
    " success_rate, defect_rate, unknown_rate, effective_unit_cost_fen, list_unit_cost_fen"
)


@dataclass(frozen=True)
class Bought:
    """One attempt; `replaced_fen` and `credited_fen` are of a bad code, 0 where nothing came."""

    channel: int
    state: str
    listed_fen: int
    cost_fen: int
    bad: bool
    replaced_fen: int
    credited_fen: int


def _at_random(chance: random.Random) -> Bought:
    state, listed = chance.choice(STATES), chance.randint(900, 1_100)
    bad = state == "succeeded" and chance.random() < 0.3
    replaced, credited = (chance.choice([0, fen]) if bad else 0 for fen in (950, 700))
    return Bought(chance.choice(CHANNELS), state, listed, listed + chance.randint(0, 50), bad, replaced, credited)


@pytest.fixture
def bought(small: duckdb.DuckDBPyConnection, hand_fed_settings: Settings) -> Iterator[list[Bought]]:
    """Purchases in place of the small shop's, with the fact and the scorecard stated over them; taken back after."""
    chance = random.Random(5)  # noqa: S311
    rows = [_at_random(chance) for _ in range(120)]
    small.begin()
    small.execute("delete from raw_current.purchase; delete from raw_current.purchase_event")
    shop = Shop(small)
    shop.add("supply_channel", id=OWN_STOCK, supplier_id=None, code="own", name="own", protocol="own_pool")
    for number, row in enumerate(rows, 1001):
        _add(shop, number, row)
    folder = hand_fed_settings.var / "dbt/target/compiled/mingsuan/models/marts/suppliers"
    for model in ("fct_supplier_purchases", "dim_channels", "mart_channel_scorecard"):
        sql = (folder / f"{model}.sql").read_text(encoding="utf-8")
        small.execute(f"create temp table stated as {sql}")
        small.execute(f"drop table {model}; create table {model} as select * from stated; drop table stated")
    yield rows
    small.rollback()


def _add(shop: Shop, number: int, row: Bought) -> None:
    money = {"cost_fen": row.cost_fen, "currency": "CNY", "exchange_rate": Decimal(1)}
    shop.add("fulfilment", id=number, order_item_id=11, unit_no=number, quantity=1, gross_fen=5000, discount_fen=0)
    shop.add(
        "purchase", id=number, fulfilment_id=number, attempt_no=1, channel_id=row.channel, request_no=f"R{number}",
        state=row.state, quantity=1, unit_cost=Decimal(row.listed_fen) / 100, prepaid=True, outcome_code="",
        created_at=noon(3), **money,
    )  # fmt: skip
    if row.bad:
        claim = {"state": "open", "claimed_fen": row.cost_fen, "opened_at": noon(4)}
        shop.add("defect_claim", id=number, purchase_id=number, credited_fen=row.credited_fen or None, **claim)
    if row.replaced_fen:
        shop.add("document_line", id=number, kind="code_lost", fulfilment_id=number, amount_fen=row.replaced_fen)


def _added_up(rows: list[Bought]) -> tuple[float, ...]:
    """The figures of `COUNTED`, by their definitions."""
    codes = [row for row in rows if row.state == "succeeded"]
    good = [row for row in codes if not row.bad or row.replaced_fen]
    ended = [row for row in rows if row.state not in OPEN]
    spent = sum(row.cost_fen for row in codes)
    lost = sum(row.cost_fen for row in rows if row.state == "written_off")
    replaced, credited = sum(row.replaced_fen for row in rows), sum(row.credited_fen for row in rows)
    rates = (
        len(codes) / len(ended),
        sum(row.bad for row in codes) / len(codes),
        sum(row.state in WRITTEN_OFF for row in ended) / len(ended),
        (spent + lost + replaced - credited) / len(good),
        sum(row.listed_fen for row in good) / len(good),
    )
    return (len(rows), len(ended), len(codes), len(good), spent, lost, replaced, credited, *rates)


def _asked(connection: duckdb.DuckDBPyConnection, question: Question) -> list[tuple[object, ...]]:
    asked = compiled(declared(), question)
    return connection.execute(asked.sql, asked.parameters).fetchall()


def test_metrics_the_scorecard_and_adding_up_agree_on_every_channel(
    small: duckdb.DuckDBPyConnection, bought: list[Bought]
) -> None:
    asked = {row[0]: row[1:] for row in _asked(small, Question(COUNTED, by=("supply_channel",)))}
    by_hand = {
        key_of("supply_channel", channel): _added_up([row for row in bought if row.channel == channel])
        for channel in CHANNELS
    }
    assert asked == by_hand
    scored = small.execute(f"select channel_key, {SCORED} from mart_channel_scorecard where period = 'all'").fetchall()
    own = key_of("supply_channel", OWN_STOCK)
    assert {row[0]: row[1:] for row in scored} == {key: row for key, row in asked.items() if key != own}


def test_effective_cost_is_that_of_all_purchases_and_not_the_mean_of_channels(
    small: duckdb.DuckDBPyConnection, bought: list[Bought]
) -> None:
    [(cost, to_list)] = _asked(small, Question(("effective_unit_cost", "effective_to_list")))
    whole = dict(zip(COUNTED, _added_up(bought), strict=True))
    assert cost == whole["effective_unit_cost"]
    assert to_list == pytest.approx(whole["effective_unit_cost"] / whole["list_unit_cost"], rel=1e-12)


def test_purchases_of_the_small_shop_can_be_cut_by_supplier_product_and_state(
    small: duckdb.DuckDBPyConnection,
) -> None:
    by = ("supplier__name", "supply_channel__code", "product__slug", "purchase_state")
    assert _asked(small, Question(("purchases", "ended_purchases", "effective_unit_cost"), by, "month")) == [
        (noon(0).date().replace(day=1), "Codes", "first", "games-card", "failed", 1, 1, None),
        (noon(0).date().replace(day=1), "Codes", "second", "games-card", "unknown", 1, 0, None),
    ]
