"""The checks of the published version, on small tables: which day they judge, what they count, that they only warn."""

from datetime import date, timedelta

import duckdb
import pytest

from orchestration import anomaly
from orchestration.defs import checks
from orchestration.defs.checks import RATIOS, Published

pytestmark = [pytest.mark.xdist_group("dagster"), pytest.mark.filterwarnings("ignore")]
LAST = date(2026, 11, 21)
PER_DAY = 100


@pytest.fixture
def shop() -> Published:
    """Eight weeks of 100 orders a day, each of one item: 4 refunded, 10 without cost, 20 payments failed beside."""
    connection = duckdb.connect()
    first = LAST - timedelta(days=7 * anomaly.WEEKS)
    connection.execute(
        "create table fct_order_items as select d::date as ordered_date, n::varchar || d as order_id,"
        " (n % 2)::varchar as customer_key, case when n < 4 then 500 else 0 end as refunds_fen, n >= 10 as"
        " has_known_cost, 1 as delivered_units"
        " from generate_series(cast(? as timestamp), cast(? as timestamp), interval 1 day) as days(d),"
        " range(100) as items(n)",
        [first, LAST],
    )
    connection.execute(
        "create table dim_customers as select '0' as customer_key, 'douyin' as acquisition_channel"
        " union all select '1', 'search'"
    )
    connection.execute(
        "create table fct_payments as select (ordered_date + interval 17 hour)::timestamp at time zone 'UTC' as"
        " created_at, case when n < 20 then 'failed' else 'succeeded' end as state"
        " from (select distinct ordered_date from fct_order_items), range(120) as payments(n)"
    )
    return Published(connection, "Asia/Shanghai", LAST)


def test_a_day_like_all_others_is_usual_in_every_respect(shop: Published) -> None:
    judged = {ratio.name: checks.ratio_of(shop, ratio) for ratio in RATIOS}
    assert {name: round(each.value, 4) for name, each in judged.items()} == {
        "refund_share": 0.04,
        "cost_coverage": 0.9,
        "payment_failures": 0.1667,
    }
    assert checks.volume_of(shop).expected == PER_DAY
    told = [*judged.values(), checks.volume_of(shop), *checks.channels_of(shop).values()]
    assert all(each.z == pytest.approx(0, abs=0.2) for each in told)


def test_payments_belong_to_the_shops_day(shop: Published) -> None:
    """Begun at 17:00 UTC, which is the next day in Shanghai."""
    shop.connection.execute(
        "update fct_payments set state = 'failed' where created_at::date = ?", [LAST - timedelta(days=1)]
    )
    (failures,) = [ratio for ratio in RATIOS if ratio.name == "payment_failures"]
    assert checks.ratio_of(shop, failures).value == 1
    assert checks.ratio_of(shop, failures).is_odd


def test_each_change_of_the_last_day_is_seen_by_its_own_check_and_warns(shop: Published) -> None:
    shop.connection.execute(
        "insert into fct_order_items select * replace ('x' || order_id as order_id) from fct_order_items"
        " where ordered_date = ?",
        [LAST],
    )
    shop.connection.execute(
        "update fct_order_items set refunds_fen = 1, customer_key = '0' where ordered_date = ?", [LAST]
    )
    assert checks.volume_of(shop).is_odd
    assert {ratio.name for ratio in RATIOS if checks.ratio_of(shop, ratio).is_odd} == {"refund_share"}
    channels = checks.channels_of(shop)
    assert {name for name, each in channels.items() if each.is_odd} == {"douyin", "search"}
    result = checks._result(shop, channels)
    assert (result.passed, result.severity.value) == (False, "WARN")
    assert "douyin 1 where 0.5 is usual" in (result.description or "")


def test_a_young_shop_is_not_judged(shop: Published) -> None:
    shop.connection.execute("delete from fct_order_items where ordered_date < ?", [LAST - timedelta(days=40)])
    assert checks.volume_of(shop).z is None
