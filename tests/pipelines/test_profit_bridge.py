"""The profit bridge of a published version: cases computed by hand, and an independent computation in fractions."""

import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction

import duckdb
import pytest

from pipelines.published_macros import create_macros

INCOME = ("gross_sales", "draw_income", "membership_income", "other_income")
COSTS = (
    *("discounts", "refunds", "cogs", "payment_fees", "delivery_costs", "supplier_losses", "card_losses"),
    *("chargebacks", "commissions", "marketing", "goodwill", "draw_prizes"),
)
STEPS = {
    "volume": (),
    "mix": (),
    "list_price": ("gross_sales",),
    "discount": ("discounts",),
    "refunds": ("refunds",),
    "other_income": ("draw_income", "membership_income", "other_income"),
    "unit_cost": ("cogs",),
    "fees": ("payment_fees",),
    "delivery_and_losses": ("delivery_costs", "supplier_losses", "card_losses", "chargebacks"),
    "commissions": ("commissions",),
    "marketing_and_goodwill": ("marketing", "goodwill"),
    "prizes": ("draw_prizes",),
}
EARLIER, LATER = date(2026, 3, 1), date(2026, 4, 1)
Row = dict[str, int]
Day = tuple[date, str]


class Mart:
    """A daily mart by hand, kept in Python as well for the second computation."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        self.rows: dict[Day, Row] = {}
        columns = ", ".join(f"{name}_fen bigint" for name in (*INCOME, *COSTS, "cm3"))
        connection.execute(
            "create table mart_profit_sku_daily"
            f" (ledger_date date, sku_key varchar, product_key varchar, delivered_units bigint, {columns})"
        )

    def post(self, day: date, sku: str, units: int = 0, *, cost_known: bool = True, **fen: int) -> None:
        """A day of a SKU, whose product is its first letter; `fen` by component, each in its own direction."""
        amounts = {name: fen.get(name, 0) for name in (*INCOME, *COSTS)}
        cm3 = sum(amounts[name] for name in INCOME) - sum(amounts[name] for name in COSTS)
        shown = {**amounts, "cogs": amounts["cogs"] if cost_known else None}
        values = [day, sku, sku[0], units, *shown.values(), cm3]
        marks = ", ".join("?" * len(values))
        self.connection.execute(f"insert into mart_profit_sku_daily values ({marks})", values)
        self.rows[day, sku] = {**amounts, "units": units, "cm3": cm3}

    def bridge(self, *days: date) -> dict[str, int]:
        """Steps that are not zero, of the two months or of the periods given."""
        periods = days or (EARLIER, EARLIER + timedelta(days=30), LATER, LATER + timedelta(days=29))
        rows = self.connection.execute("select * from profit_bridge(?, ?, ?, ?)", list(periods)).fetchall()
        assert [row[:2] for row in rows] == list(enumerate(STEPS, 1))
        assert [row[2] for row in rows] == [after - before for _, _, _, before, after in rows]
        assert [row[3] for row in rows[1:]] == [row[4] for row in rows[:-1]]
        assert (rows[0][3], rows[-1][4]) == (self.cm3(*periods[:2]), self.cm3(*periods[2:]))
        return {step: fen for _, step, fen, *_ in rows if fen}

    def cm3(self, first: date, last: date) -> int:
        return sum(row["cm3"] for (day, _), row in self.rows.items() if first <= day <= last)


@pytest.fixture
def mart() -> Iterator[Mart]:
    with duckdb.connect() as connection:
        made = Mart(connection)
        create_macros(connection)
        yield made


def test_a_higher_list_price_alone_moves_the_list_price(mart: Mart) -> None:
    mart.post(EARLIER, "a", 10, gross_sales=10_000, discounts=500, cogs=6_000)
    mart.post(LATER, "a", 10, gross_sales=11_000, discounts=500, cogs=6_000)
    assert mart.bridge() == {"list_price": 1_000}


def test_more_of_everything_alone_moves_the_volume(mart: Mart) -> None:
    for day, times in ((EARLIER, 2), (LATER, 3)):
        mart.post(day, "a", 10 * times, gross_sales=1_000 * times, discounts=50 * times, cogs=600 * times)
        mart.post(day, "b", 5 * times, gross_sales=2_000 * times, cogs=1_900 * times)
    assert mart.bridge() == {"volume": 350 + 100}


def test_another_mix_of_as_many_units_alone_moves_the_mix(mart: Mart) -> None:
    # a earns 40 a unit, b 10: five units change over.
    for day, a in ((EARLIER, 10), (LATER, 15)):
        mart.post(day, "a", a, gross_sales=100 * a, cogs=60 * a)
        mart.post(day, "b", 20 - a, gross_sales=100 * (20 - a), cogs=90 * (20 - a))
    assert mart.bridge() == {"mix": 5 * 30}


def test_dearer_purchases_alone_move_the_unit_cost(mart: Mart) -> None:
    mart.post(EARLIER, "a", 10, gross_sales=1_000, cogs=600)
    mart.post(LATER, "a", 10, gross_sales=1_000, cogs=675)
    assert mart.bridge() == {"unit_cost": -75}


def test_a_deeper_discount_alone_moves_the_discount(mart: Mart) -> None:
    mart.post(EARLIER, "a", 10, gross_sales=1_000, discounts=10)
    mart.post(LATER, "a", 10, gross_sales=1_000, discounts=90)
    assert mart.bridge() == {"discount": -80}


def test_refunds_alone_move_the_refunds_even_of_a_product_no_longer_sold(mart: Mart) -> None:
    for day in (EARLIER, LATER):
        mart.post(day, "a", 10, gross_sales=1_000, cogs=600)
    mart.post(LATER, "b", refunds=300)
    mart.post(LATER + timedelta(days=1), "a", refunds=45)
    assert mart.bridge() == {"refunds": -345}


def test_a_new_product_beside_the_old_is_volume_and_mix_at_its_own_prices(mart: Mart) -> None:
    # 10 units at 40 and then 10 at 40 with 10 at 20: later units earn 30 on average, ten more of them 300;
    # the earlier ten at the later mix would have earned 300 and not 400.
    for day in (EARLIER, LATER):
        mart.post(day, "a", 10, gross_sales=1_000, cogs=600)
    mart.post(LATER, "b", 10, gross_sales=500, cogs=300)
    assert mart.bridge() == {"volume": 300, "mix": -100}


def test_a_dropped_product_is_volume_and_mix_at_its_last_prices(mart: Mart) -> None:
    # 20 units that earned 30 on average, then 10 that earn 40: ten fewer at 40, and the other ten are better by 10.
    for day in (EARLIER, LATER):
        mart.post(day, "a", 10, gross_sales=1_000, cogs=600)
    mart.post(EARLIER, "b", 10, gross_sales=500, cogs=300)
    assert mart.bridge() == {"volume": -400, "mix": 200}


def test_what_two_changes_bring_together_belongs_to_the_earlier_step(mart: Mart) -> None:
    # Units 10 → 12, price 100 → 110: of +320, 2 × 110 is volume and 10 × 10 the price.
    mart.post(EARLIER, "a", 10, gross_sales=1_000)
    mart.post(LATER, "a", 12, gross_sales=1_320)
    assert mart.bridge() == {"volume": 220, "list_price": 100}


def test_amounts_of_no_units_move_their_own_steps_only(mart: Mart) -> None:
    mart.post(EARLIER, "a", 10, gross_sales=1_000, cogs=600, payment_fees=6)
    mart.post(LATER, "a", 10, gross_sales=1_000, cogs=600, payment_fees=8, chargebacks=30, commissions=2)
    mart.post(LATER, "b", gross_sales=70, discounts=20, cogs=5)
    mart.post(EARLIER, "none", goodwill=40, draw_prizes=7, membership_income=11)
    mart.post(LATER, "none", marketing=90, draw_income=100, delivery_costs=1)
    assert mart.bridge() == {
        **{"list_price": 70, "discount": -20, "unit_cost": -5, "fees": -2, "delivery_and_losses": -31},
        **{"commissions": -2, "other_income": 89, "marketing_and_goodwill": -50, "prizes": 7},
    }


def test_another_choice_of_face_values_of_a_product_is_mix_and_no_price(mart: Mart) -> None:
    # a1 costs 100 and earns 40, a5 costs 500 and earns 150: two of ten change over.
    for day, large in ((EARLIER, 3), (LATER, 5)):
        mart.post(day, "a1", 10 - large, gross_sales=100 * (10 - large), cogs=60 * (10 - large))
        mart.post(day, "a5", large, gross_sales=500 * large, cogs=350 * large)
    assert mart.bridge() == {"mix": 2 * 110}
    periods = [EARLIER, EARLIER, LATER, LATER]
    rows = mart.connection.execute(
        "select product_key, earlier_units, later_units, amount_fen from profit_bridge_by_product(?, ?, ?, ?)"
        " where step = 'mix'",
        periods,
    )
    assert rows.fetchall() == [("a", 10, 10, 220)]


def test_from_or_to_a_period_without_units_all_margin_is_volume(mart: Mart) -> None:
    mart.post(LATER, "a", 10, gross_sales=1_000, cogs=600, payment_fees=6)
    assert mart.bridge() == {"volume": 400, "fees": -6}
    later, earlier = (LATER, LATER), (EARLIER, EARLIER)
    assert mart.bridge(*later, *earlier) == {"volume": -400, "fees": 6}
    assert mart.bridge(*earlier, *earlier) == {}


def test_cost_that_is_not_known_is_what_is_posted(mart: Mart) -> None:
    mart.post(EARLIER, "a", 10, gross_sales=1_000, cost_known=False)
    mart.post(LATER, "a", 10, gross_sales=1_000, cogs=600)
    assert mart.bridge() == {"unit_cost": -600}


def test_steps_add_up_exactly_and_equal_the_computation_in_fractions(mart: Mart, full_counts: bool) -> None:
    chance = random.Random(20260301)  # noqa: S311
    days = [EARLIER + timedelta(days=number) for number in range(60)]
    _random_history(mart, chance, days)
    for _ in range(200 if full_counts else 40):
        first, last, later_first, later_last = (chance.choice(days) for _ in range(4))
        periods = (*sorted((first, last)), *sorted((later_first, later_last)))
        steps = mart.bridge(*periods)
        assert sum(steps.values()) == mart.cm3(*periods[2:]) - mart.cm3(*periods[:2])
        exact = _in_fractions(mart.rows, *periods)
        by_sku, by_product = _parts(mart, "sku", *periods), _parts(mart, "product", *periods)
        for step, of_skus in exact.items():
            for sku, fen in of_skus.items():
                # At most four amounts of a step were rounded, once each.
                assert abs(by_sku[sku][step] - fen) <= 2
            for parts in (by_sku, by_product):
                assert steps.get(step, 0) == sum(amounts[step] for amounts in parts.values())


def _random_history(mart: Mart, chance: random.Random, days: list[date]) -> None:
    for day in days:
        for product in chance.sample(["a", "b1", "b2", "c", "d", "none"], chance.randint(0, 4)):
            units = 0 if product == "none" else chance.choice((0, 0, 1, 3, 17, 260))
            sales = {
                "gross_sales": units * chance.randint(0, 9_999),
                "discounts": units * chance.randint(0, 700),
                "cogs": units * chance.randint(0, 9_000) + chance.choice((0, 0, 0, 77)),
            }
            other = {name: chance.randint(-50, 5_000) for name in (*INCOME[1:], *COSTS) if chance.random() < 0.2}
            mart.post(day, product, units, **{**other, **sales})


def _parts(mart: Mart, what: str, *periods: date) -> dict[str, dict[str, int]]:
    """Amounts of the steps by SKU or by product; nothing for those without postings in both periods."""
    rows = mart.connection.execute(
        f"select {what}_key, step, amount_fen from profit_bridge_by_{what}(?, ?, ?, ?)", list(periods)
    ).fetchall()
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for part, step, fen in rows:
        found[part][step] = fen
    return found


def _in_fractions(rows: dict[Day, Row], *periods: date) -> dict[str, dict[str, Fraction]]:
    """Steps of SKUs by their definition: each factor put back to its earlier value, the first one last."""
    skus = sorted({sku for _, sku in rows})
    earlier, later = ({sku: _sums(rows, sku, *period) for sku in skus} for period in (periods[:2], periods[2:]))
    all_earlier, all_later = (sum(row["units"] for row in sums.values()) for sums in (earlier, later))
    steps: dict[str, dict[str, Fraction]] = {step: {} for step in STEPS}
    for sku in skus:
        old, new = earlier[sku], later[sku]
        rates, loose_old, loose_new = _per_unit(old, new)
        sold = new["units"]
        rescaled = Fraction(sold * all_earlier, all_later) if all_later else Fraction(old["units"])
        later_margin = rates["gross_sales"][1] - rates["discounts"][1] - rates["cogs"][1]
        steps["volume"][sku] = (sold - rescaled) * later_margin
        steps["mix"][sku] = (rescaled - old["units"]) * later_margin
        for step, components in list(STEPS.items())[2:]:
            moved = sum(
                (_direction(name) * (old["units"] * (new_rate - old_rate) + loose_new[name] - loose_old[name]))
                for name in components
                for old_rate, new_rate in [rates.get(name, (Fraction(0), Fraction(0)))]
            )
            steps[step][sku] = Fraction(moved)
    return steps


def _per_unit(old: Row, new: Row) -> tuple[dict[str, tuple[Fraction, Fraction]], Row, Row]:
    """Earlier and later amounts per unit, each taken from the other period where it has none, and what has no units."""
    loose_old, loose_new, rates = dict(old), dict(new), {}
    for name in ("gross_sales", "discounts", "cogs"):
        of_old = Fraction(old[name], old["units"]) if old["units"] else None
        of_new = Fraction(new[name], new["units"]) if new["units"] else None
        loose_old[name] = old[name] if of_old is None else 0
        loose_new[name] = new[name] if of_new is None else 0
        known = [rate for rate in (of_old, of_new) if rate is not None] or [Fraction(0)]
        rates[name] = (known[0], known[-1])
    return rates, loose_old, loose_new


def _sums(rows: dict[Day, Row], sku: str, first: date, last: date) -> Row:
    chosen = [row for (day, key), row in rows.items() if key == sku and first <= day <= last]
    return {name: sum(row[name] for row in chosen) for name in ("units", *INCOME, *COSTS)}


def _direction(component: str) -> int:
    return 1 if component in INCOME else -1
