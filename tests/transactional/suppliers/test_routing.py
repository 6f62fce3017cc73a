"""Decisions in the database: what they weigh, what they write down, and that they can be made again from that."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from mingsuan import money
from mingsuan.i18n import LANGUAGES, translator
from tests.transactional.small_shop import Stocked, codes
from tests.transactional.suppliers.routed import NOON, Supplied
from transactional.db import reading, writing
from transactional.suppliers.models import ExchangeRate, RoutingDecision
from transactional.suppliers.routing.estimate_rules import Outcome
from transactional.suppliers.routing.records import replay
from transactional.suppliers.routing.wording import sentence

pytestmark = pytest.mark.anyio


@pytest.fixture
def supplied(stocked: Stocked) -> Supplied:
    return Supplied(stocked)


async def _rows(supplied: Supplied) -> list[RoutingDecision]:
    async with reading(supplied.stocked.shop.engine) as session:
        return list(await session.scalars(select(RoutingDecision).order_by(RoutingDecision.id)))


async def test_the_cheapest_of_equal_channels_is_chosen_and_written_down_with_all_others(supplied: Supplied) -> None:
    await supplied.channel("A", "46.10")
    cheap = await supplied.channel("B", "45.20")
    decided = await supplied.decide()
    assert (decided.outcome, decided.channel_id, decided.cost_fen) == ("chosen", cheap, 4520)
    assert (decided.unit_cost, decided.currency, decided.fen_per) == (Decimal("45.20"), "CNY", Decimal(100))
    [row] = await _rows(supplied)
    assert [(each["candidate"]["channel"], each["refusals"]) for each in row.candidates] == [
        ("Channel A", []),
        ("Channel B", []),
    ]
    assert row.reason_values["margin_fen"] == 480


async def test_a_cheap_channel_that_fails_is_left_for_a_dearer_one_and_found_again(supplied: Supplied) -> None:
    cheap, steady = await supplied.channel("CHEAP", "45.00"), await supplied.channel("STEADY", "45.30")
    assert (await supplied.decide()).channel_id == cheap
    failures = [Outcome("failed", NOON + timedelta(minutes=n), 20.0) for n in range(4)]
    await supplied.learn(cheap, *failures)
    assert (await supplied.decide(at=NOON + timedelta(minutes=5))).channel_id == steady
    assert (await supplied.decide(at=NOON + timedelta(days=20))).channel_id == cheap


async def test_a_cost_in_foreign_money_counts_at_the_rate_of_its_day(supplied: Supplied) -> None:
    async with writing(supplied.stocked.shop.engine) as session:
        session.add(ExchangeRate(currency="USD", rate_date=NOON.date(), rate=Decimal("7.1"), source="test"))
    dollars = await supplied.channel("USD", "6.20", currency="USD")
    await supplied.channel("CNY", "44.60")
    decided = await supplied.decide()
    assert (decided.channel_id, decided.cost_fen, decided.exchange_rate) == (dollars, 4402, Decimal("7.1"))


async def test_without_a_rate_a_foreign_cost_is_not_known_and_never_chosen(supplied: Supplied) -> None:
    await supplied.channel("USD", "0.10", currency="USD")
    decided = await supplied.decide()
    assert (decided.outcome, decided.reason_values["causes"]) == ("hold", "no_cost")


async def test_the_own_pool_costs_what_its_free_codes_cost(supplied: Supplied) -> None:
    own = await supplied.channel("OWN", "1", protocol="own_pool")
    assert (await supplied.decide()).reason_values["causes"] == "no_cost no_stock"
    await supplied.stocked.stock(codes(3), 12_001)
    dear = await supplied.channel("DEAR", "44.00")
    decided = await supplied.decide()
    assert (decided.channel_id, decided.cost_fen) == (own, 4001)
    assert (await supplied.decide(quantity=4, net_fen=20000)).channel_id == dear


@pytest.mark.parametrize(
    ("values", "cause"),
    [
        ({"state": "paused"}, "paused"),
        ({"breaker": "open", "breaker_until": NOON + timedelta(minutes=1)}, "breaker"),
        ({"offer_state": "quarantined"}, "quarantined"),
        ({"prepaid_fen": 4499}, "balance"),
        ({"stock": 0}, "no_stock"),
    ],
)
async def test_what_a_channel_cannot_supply_now_is_waited_for(
    supplied: Supplied, values: dict[str, object], cause: str
) -> None:
    await supplied.channel("A", "45.00", **values)  # type: ignore[arg-type]
    decided = await supplied.decide()
    assert (decided.outcome, decided.reason, decided.reason_values["causes"]) == ("hold", "unavailable", cause)


async def test_a_breaker_lets_the_next_purchase_through_when_its_pause_is_over(supplied: Supplied) -> None:
    channel = await supplied.channel("A", "45.00", breaker="open", breaker_until=NOON)
    assert (await supplied.decide()).channel_id == channel


async def test_a_decision_replayed_from_its_record_gives_the_same_choice_and_the_same_sentence(
    supplied: Supplied,
) -> None:
    await supplied.policy(floor_margin_per_myriad=300, explore_per_myriad=2000)
    cheap = await supplied.channel("A", "45.123456", prepaid_fen=100_000, stock=7)
    await supplied.channel("B", "45.20")
    await supplied.channel("C", "45.20")
    moments = [NOON + timedelta(minutes=7 * n) for n in range(30)]
    for n, at in enumerate(moments):
        await supplied.decide(at=at, net_fen=5000 - 9 * n)
        await supplied.learn(cheap, Outcome("failed" if n % 5 == 3 else "succeeded", at, 3.7 * n, 4513))
    rows = await _rows(supplied)
    assert {row.reason for row in rows} >= {"cheapest", "explored"}
    for row in rows:
        replayed = replay(row)
        assert replayed.agrees
        again = replayed.choice
        for language in LANGUAGES:
            then = _said(language, row.outcome, row.reason, row.reason_values)
            assert _said(language, again.outcome, again.reason, again.values) == then


def _said(language: str, outcome: str, reason: str, values: Mapping[str, int | str]) -> str:
    return sentence(translator(language, "shop"), lambda fen: money.text(fen, "CNY"), outcome, reason, values)


async def test_a_record_that_was_tampered_with_does_not_agree(supplied: Supplied) -> None:
    await supplied.channel("A", "45.00")
    await supplied.decide()
    [row] = await _rows(supplied)
    row.candidates[0]["candidate"]["cost_fen"] = 4400
    assert not replay(row).agrees
