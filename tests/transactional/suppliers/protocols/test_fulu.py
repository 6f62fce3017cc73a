"""A Fulu channel against the simulated gateway over HTTP: what is bought, what is proven, what nobody knows."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import httpx
import pytest

from mingsuan import clock
from simulation.suppliers.account import Account
from simulation.suppliers.fulu_signing import seal, sign_text
from simulation.suppliers.misbehaviour import Fault
from tests.simulation.suppliers.served import World, served
from tests.transactional.suppliers.protocols.fulu_shop import CREDENTIALS, card, channel, spec
from transactional.outcomes import UnknownOutcomeError
from transactional.suppliers.protocols import fulu_words as words
from transactional.suppliers.protocols.configured import ConfigurationError, supply
from transactional.suppliers.protocols.fulu import FuluSupply
from transactional.suppliers.protocols.interface import (
    FieldSpec,
    StatementNotReadyError,
    SupplierRefusedError,
    SupplyAsk,
)

ORDER = {
    "order_id": "1",
    "customer_order_no": "P12",
    "order_status": "success",
    "order_type": 3,
    "buy_num": 1,
    "order_price": Decimal("18.35"),
    "finish_time": "2026-11-22 18:00:00",
}
pytestmark = [pytest.mark.enable_socket, pytest.mark.anyio]


@pytest.fixture
def world() -> Iterator[World]:
    with served([spec()]) as world:
        yield world


@pytest.fixture
def account(world: World) -> Account:
    return world.accounts["fulu-a"]


async def test_the_goods_come_with_price_stock_version_and_the_fields_of_a_top_up(world: World) -> None:
    async with channel(world) as fulu:
        cards, points, credit = await fulu.offers()
        assert (cards.supplier_sku, cards.unit_cost, cards.stock, cards.price_version) == (
            "10000587", Decimal("18.35"), 500, "1",
        )  # fmt: skip
        assert cards.on_sale
        assert cards.fields == ()
        assert points.fields == (
            FieldSpec("charge_account", "充值账号"),
            FieldSpec("charge_game_region", "区服", choices=("电信一区", "网通二区")),
        )
        assert points.stock is None
        assert credit.supplier_sku == "mobile:100"
        assert await fulu.offers(["10000587", "no such good"]) == (cards,)
        assert await fulu.offers(["mobile:100", "10000585"]) == (points, credit)


async def test_a_cost_that_is_missing_or_zero_is_told_as_it_is(world: World, account: Account) -> None:
    account.misbehaviour.plan("missing_cost")
    async with channel(world) as fulu:
        assert (await fulu.offers(["10000587"]))[0].unit_cost is None
        account.misbehaviour.plan("zero_cost")
        assert (await fulu.offers(["10000587"]))[0].unit_cost == 0
    assert account.misbehaviour.counts == {"missing_cost": 1, "zero_cost": 1}


async def test_acceptance_is_not_success_and_the_cards_come_with_the_query(world: World, account: Account) -> None:
    async with channel(world) as fulu:
        taken = await fulu.submit(card("P1", quantity=2))
        assert (taken.state, taken.codes, taken.cost) == ("processing", (), None)
        assert (await fulu.query("P1", taken.supplier_ref)).state == "processing"
        order = account.book.by_ref(taken.supplier_ref or "")
        account.finish(order)
        got = await fulu.query("P1", taken.supplier_ref)
        assert (got.state, got.cost, got.currency, got.good_quantity) == ("succeeded", Decimal("36.7"), "CNY", 2)
        assert [code.content for code in got.codes] == [code.content for code in account.book.codes(order.order_ref)]
        assert got.codes[0].expires_at is not None
        balance = await fulu.balance()
        assert balance is not None
        assert balance.amount == account.book.balance() == Decimal("963.3")


async def test_top_ups_go_to_whom_they_are_for_by_template_or_by_face_value(world: World, account: Account) -> None:
    fields = {"account": "player-7", "charge_game_region": "电信一区"}
    async with channel(world) as fulu:
        await fulu.submit(SupplyAsk("P2", "10000585", 1, "CNY", Decimal(10), fields))
        await fulu.submit(SupplyAsk("P3", "mobile:100", 1, "CNY", Decimal(100), {"phone": "13900000000"}))
        points, credit = account.book.orders()
        assert '"charge_account": "player-7"' in points.told
        assert (credit.supplier_sku, credit.kind) == ("20000100", "mobile")
        account.finish(points)
        got = await fulu.query("P2", None)
        assert (got.state, got.codes, got.cost) == ("succeeded", (), Decimal("9.4"))


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (card("R1", supplier_sku="404"), "3001"),
        (card("R2", quantity=501), "3003"),
        (card("R3", quantity=0), "3004"),
        (card("R4", quantity=99), "3005"),
        (card("R5", max_unit_cost=Decimal("18.34")), "5008"),
        (SupplyAsk("R6", "10000585", 1, "CNY", Decimal(10), {"account": "x"}), "1000"),
        (SupplyAsk("R7", "10000585", 1, "CNY", Decimal(10), {"shoe_size": "44"}), "fields"),
        (SupplyAsk("R8", "mobile:100", 2, "CNY", Decimal(100), {"phone": "1"}), "fields"),
    ],
)
async def test_a_clear_no_is_proof_that_nothing_was_bought(
    world: World, account: Account, ask: SupplyAsk, code: str
) -> None:
    async with channel(world) as fulu:
        with pytest.raises(SupplierRefusedError) as refused:
            await fulu.submit(ask)
    assert refused.value.code == code
    assert account.book.orders() == []
    assert account.book.balance() == 1000


async def test_a_price_that_jumped_since_it_was_looked_at_is_refused_as_a_loss(world: World, account: Account) -> None:
    account.misbehaviour.plan("price_jump", "P9")
    async with channel(world) as fulu:
        with pytest.raises(SupplierRefusedError, match="5008"):
            await fulu.submit(card("P9"))
        (now,) = await fulu.offers(["10000587"])
    assert now.unit_cost is not None
    assert now.unit_cost > Decimal("18.35")
    assert now.price_version == "2"


@pytest.mark.parametrize(
    "fault", ["timeout_after_accept", "error_after_accept", "duplicate_number", "unknown_state", "early_callback"]
)
async def test_an_order_that_stands_is_never_read_as_failed_whatever_its_answer_was(
    world: World, account: Account, fault: Fault
) -> None:
    account.misbehaviour.plan(fault, "P4")
    async with channel(world) as fulu:
        if fault == "early_callback":
            assert (await fulu.submit(card("P4"))).state == "processing"
            assert [sent.name for sent in account.outbox.sent] == [f"order:{account.book.orders()[0].order_ref}"]
        else:
            with pytest.raises(UnknownOutcomeError):
                await fulu.submit(card("P4"))
        (order,) = account.book.orders()
        account.finish(order)
        assert account.book.bought() == {"P4": 1}
        if fault == "unknown_state":
            with pytest.raises(UnknownOutcomeError, match="501"):
                await fulu.query("P4", None)
            account.now = a_minute_later
        assert (await fulu.query("P4", None)).state == "succeeded"
    assert account.misbehaviour.counts[fault] == 1


@pytest.mark.parametrize("code", [-16, -22, -23, -99, 1004, 501, 7, 1006])
async def test_codes_that_prove_nothing_leave_the_outcome_open(code: int) -> None:
    with pytest.raises(UnknownOutcomeError):
        await answering(code).submit(card("P5"))


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1003, 3003, 3005, 5008, -16, 501, 7])
async def test_a_refused_question_says_nothing_of_the_order(code: int) -> None:
    with pytest.raises(UnknownOutcomeError):
        await answering(code).query("P5", None)


async def test_an_unknown_number_is_told_as_such_and_final_only_after_a_while(world: World, account: Account) -> None:
    async with channel(world) as fulu:
        assert fulu.not_found_is_final_after_s == 60
        assert (await fulu.query("P6", None)).state == "not_found"
        account.misbehaviour.plan("late_not_found", "P6")
        await fulu.submit(card("P6"))
        assert (await fulu.query("P6", None)).state == "not_found"
        assert account.book.spent("P6") == Decimal("18.35")
    async with channel(world, not_found_final_s=600) as fulu:
        assert fulu.not_found_is_final_after_s == 600


async def test_a_number_is_refused_while_open_and_bought_anew_after_it_failed(world: World, account: Account) -> None:
    """Why `may_resubmit` is False."""
    async with channel(world) as fulu:
        assert not fulu.may_resubmit
        first = await fulu.submit(card("P7"))
        with pytest.raises(UnknownOutcomeError, match="-16"):
            await fulu.submit(card("P7"))
        account.finish(account.book.orders()[0], succeeded=False)
        failed = await fulu.query("P7", first.supplier_ref)
        assert (failed.state, failed.cost) == ("failed", None)
        assert account.book.spent("P7") == 0
        with pytest.raises(UnknownOutcomeError, match="-16"):
            await fulu.submit(card("P7"))
        account.now = a_minute_later
        second = await fulu.submit(card("P7"))
        assert second.supplier_ref != first.supplier_ref
        assert [order.attempt for order in account.book.orders()] == [1, 2]


async def test_a_partial_fill_has_fewer_goods_and_costs_no_more_than_they(world: World, account: Account) -> None:
    account.misbehaviour.plan("partial_fill", "P8/1")
    async with channel(world) as fulu:
        await fulu.submit(card("P8", quantity=3))
        account.finish(account.book.orders()[0])
        got = await fulu.query("P8", None)
    assert (got.state, got.good_quantity, len(got.codes), got.cost) == ("succeeded", 2, 2, Decimal("36.7"))
    assert account.book.spent("P8") == Decimal("36.7")


async def test_during_an_outage_nothing_is_known_and_nothing_bought(world: World, account: Account) -> None:
    account.down = True
    async with channel(world) as fulu:
        with pytest.raises(UnknownOutcomeError, match="502"):
            await fulu.submit(card("P10"))
        with pytest.raises(UnknownOutcomeError):
            await fulu.offers()
    assert account.book.orders() == []
    assert account.misbehaviour.counts["outage"] == 2


async def test_bad_codes_are_reported_once_and_statements_come_by_themselves(world: World, account: Account) -> None:
    async with channel(world) as fulu:
        await fulu.submit(card("P11"))
        number = await fulu.report_defect("P11", None, "已被使用")
        assert number == await fulu.report_defect("P11", None, "已被使用")
        assert account.defects == {"P11": "已被使用"}
        with pytest.raises(StatementNotReadyError):
            await fulu.statement(date(2026, 11, 22))


@pytest.mark.parametrize("told", ["unsigned", "tampered", "html", "another order"])
async def test_an_answer_that_cannot_be_trusted_leaves_the_outcome_open(told: str) -> None:
    assert (await answering(0).submit(card("P12"))).state == "processing"
    with pytest.raises(UnknownOutcomeError):
        await answering(0, told).submit(card("P12"))


@pytest.mark.parametrize("told", ["unsigned", "tampered"])
async def test_a_refusal_that_is_badly_signed_is_none(told: str) -> None:
    with pytest.raises(SupplierRefusedError):
        await answering(3003).submit(card("P12"))
    with pytest.raises(UnknownOutcomeError):
        await answering(3003, told).submit(card("P12"))


def test_a_success_without_its_cards_is_not_at_its_end_yet() -> None:
    told = {**ORDER, "order_type": 3, "cards": []}
    assert words.fact(told, "CNY", CREDENTIALS["app_secret"]).state == "processing"
    direct = words.fact({**told, "order_type": 4}, "CNY", CREDENTIALS["app_secret"])
    assert (direct.state, direct.cost, direct.good_quantity) == ("succeeded", Decimal("18.35"), 1)


def test_a_success_of_nothing_is_a_failure_if_all_was_given_back_and_unreadable_if_not() -> None:
    nothing = {**ORDER, "finish_num": 0, "order_price": 0}
    assert words.fact(nothing, "CNY", CREDENTIALS["app_secret"]).state == "failed"
    with pytest.raises(ValueError, match="not all given back"):
        words.fact({**nothing, "order_price": Decimal("18.35")}, "CNY", CREDENTIALS["app_secret"])


def test_a_card_of_number_and_password_is_delivered_as_both() -> None:
    sealed = {"card_number": seal("N-1", CREDENTIALS["app_secret"]), "card_pwd": seal("P-1", CREDENTIALS["app_secret"])}
    cards = [{**sealed, "card_deadline": "2027-01-31 23:59:59"}]
    (code,) = words.fact({**ORDER, "cards": cards}, "CNY", CREDENTIALS["app_secret"]).codes
    assert code.content == "N-1 P-1"
    assert code.expires_at == datetime(2027, 1, 31, 15, 59, 59, tzinfo=UTC)
    assert "P-1" not in repr(code)


async def test_an_order_that_never_left_is_refused_for_certain() -> None:
    fulu = FuluSupply.from_channel("http://127.0.0.1:9", CREDENTIALS, {}, 2)
    with pytest.raises(SupplierRefusedError, match="not_sent"):
        await fulu.submit(card("P13"))
    await fulu.aclose()


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("app_secret", {"credentials": {"app_key": "k", "app_secret": "short"}}),
        ("app_key", {"credentials": {"app_secret": CREDENTIALS["app_secret"]}}),
        ("base_url", {"base_url": "http://supplier.example/api"}),
        ("base_url", {"base_url": "https://supplier.example/api?x=1"}),
        ("currency", {"options": {"currency": "yuan"}}),
        ("not_found_final_s", {"options": {"not_found_final_s": "soon"}}),
        ("protocol", {"protocol": "manual"}),
        ("patience_s", {"patience_s": 0}),
    ],
)
def test_settings_that_cannot_work_are_named(field: str, changes: dict[str, object]) -> None:
    right: dict[str, object] = {
        "protocol": "fulu",
        "base_url": "https://supplier.example/api/getway",
        "credentials": CREDENTIALS,
        "options": {},
        "patience_s": 15,
    }
    with pytest.raises(ConfigurationError) as refused:
        supply(**{**right, **changes})  # type: ignore[arg-type]
    assert refused.value.field == field


def a_minute_later() -> datetime:
    return clock.now() + timedelta(seconds=61)


def answering(code: int, told: str = "right") -> FuluSupply:
    """A channel whose gateway answers everything so, without a network."""
    number = "P9999" if told == "another order" else "P12"
    result = f'{{"order_id":"1","customer_order_no":"{number}"}}'

    def answer(_: httpx.Request) -> httpx.Response:
        if told == "html":
            return httpx.Response(200, text="<html>")
        sign = sign_text(result + "x" * (told == "tampered"), CREDENTIALS["app_secret"])
        said: dict[str, object] = {"code": code, "message": "", "result": result, "sign": sign}
        if told == "unsigned":
            del said["sign"]
        return httpx.Response(200, json=said)

    transport = httpx.MockTransport(answer)
    return FuluSupply.from_channel("https://supplier.example", CREDENTIALS, {}, 2, transport)
