"""A channel of a Reloadly-like supplier against the simulated one over HTTP: tokens, orders, cards, what is proven."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal

import httpx
import pytest
from openpyxl import load_workbook

from mingsuan import clock
from simulation.suppliers.account import Account
from simulation.suppliers.misbehaviour import Fault
from simulation.suppliers.statements import ZONE
from tests.simulation.suppliers.served import World, served
from tests.transactional.suppliers.protocols.reloadly_shop import CREDENTIALS, NAME, authority, card, channel, spec
from transactional.outcomes import UnknownOutcomeError
from transactional.suppliers.protocols import reloadly_token
from transactional.suppliers.protocols.configured import ConfigurationError, supply
from transactional.suppliers.protocols.interface import StatementNotReadyError, SupplierRefusedError, SupplyAsk
from transactional.suppliers.protocols.reloadly import ReloadlySupply

pytestmark = [pytest.mark.enable_socket, pytest.mark.anyio]


@pytest.fixture(autouse=True)
def _no_tokens_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reloadly_token, "_kept", {})


@pytest.fixture
def world() -> Iterator[World]:
    with served([spec()]) as world:
        yield world


@pytest.fixture
def account(world: World) -> Account:
    return world.accounts[NAME]


def finished(account: Account, request_no: str) -> list[str]:
    """Ends an order as planned; the codes that the supplier's book says were sold."""
    order = account.book.order(request_no)
    assert order is not None
    account.finish(order)
    return [code.content for code in account.book.codes(order.order_ref)]


async def test_one_token_serves_every_channel_of_a_client_until_it_is_taken_back(
    world: World, account: Account
) -> None:
    for _ in range(3):
        async with channel(world) as supply:
            await supply.balance()
    assert authority(account).given == 1
    authority(account).take_all_back()
    async with channel(world) as supply:
        await supply.balance()
        assert (await supply.submit(card("T1"))).state == "processing"
    assert authority(account).given == 2
    assert len(account.book.orders()) == 1


async def test_a_token_is_renewed_before_it_ends(world: World, account: Account) -> None:
    authority(account).lasts = timedelta(seconds=100)
    now = clock.now()
    for seconds, given in ((0, 1), (39, 1), (41, 2)):
        with clock.at(now + timedelta(seconds=seconds)):
            async with channel(world, audience=account.base_url) as supply:
                await supply.balance()
        assert authority(account).given == given


async def test_a_token_of_another_audience_is_not_to_be_had_and_nothing_is_sent(world: World, account: Account) -> None:
    for how in ({"audience": "https://another.test"}, {"credentials": {**CREDENTIALS, "client_secret": "wrong"}}):
        async with channel(world, **how) as supply:  # type: ignore[arg-type]
            with pytest.raises(SupplierRefusedError) as refused:
                await supply.submit(card("A1"))
            assert refused.value.reason == "no token: 401"
            with pytest.raises(UnknownOutcomeError):
                await supply.query("A1", None)
    assert account.book.orders() == []


async def test_goods_have_a_cost_for_each_value_in_the_accounts_money(world: World, account: Account) -> None:
    async with channel(world) as supply:
        offers = {offer.supplier_sku: offer for offer in await supply.offers()}
        assert {sku: offer.unit_cost for sku, offer in offers.items()} == {
            "10:25": Decimal("24.35"),
            "10:50.5": Decimal("49.1"),
            "11:5": Decimal("5.2"),
            "5001:10": Decimal("9.5"),
            "5001:100": Decimal("95"),
        }
        assert {offer.currency for offer in offers.values()} == {"USD"}
        assert [field.name for field in offers["11:5"].fields] == ["userId"]
        named = await supply.offers(["10:25.00", "5001:33", "10:26", "99:1", "12-345"])
        assert [(offer.supplier_sku, offer.unit_cost) for offer in named] == [
            ("10:25.00", Decimal("24.35")), ("5001:33", Decimal("31.35")),
        ]  # fmt: skip
        account.change("10:25", on_sale=False)
        account.change("10:50.5", on_sale=False)
        assert not (await supply.offers(["10:25"]))[0].on_sale
    async with channel(world, range_values="20,500") as supply:
        assert "5001:20" in {offer.supplier_sku for offer in await supply.offers()}


async def test_a_cost_that_is_missing_or_zero_is_none_and_is_not_bought(world: World, account: Account) -> None:
    async with channel(world) as supply:
        for fault in ("missing_cost", "zero_cost"):
            account.misbehaviour.plan(fault, times=2)
            assert (await supply.offers(["10:25"]))[0].unit_cost is None
            account.misbehaviour.plan(fault, times=2)
            with pytest.raises(SupplierRefusedError, match="price_not_told"):
                await supply.submit(card("Z1"))
            assert account.misbehaviour.counts[fault] == 4
    assert account.book.orders() == []


async def test_an_order_is_bought_and_its_cards_are_another_call(world: World, account: Account) -> None:
    async with channel(world) as supply:
        taken = await supply.submit(card("P1", quantity=2))
        assert (taken.state, taken.codes, taken.cost, taken.currency) == ("processing", (), Decimal("48.7"), "USD")
        sold = finished(account, "P1")
        got = await supply.query("P1", taken.supplier_ref)
        assert (got.state, got.cost, got.good_quantity, got.code) == ("succeeded", Decimal("48.7"), 2, "SUCCESSFUL")
        assert [code.content for code in got.codes] == sold
        assert await supply.query("P1", None) == got
        balance = await supply.balance()
        assert balance is not None
        assert (balance.amount, balance.currency) == (account.book.balance(), "USD")
    assert account.book.balance() == Decimal("951.3")


async def test_an_order_that_ends_at_once_brings_its_cards_with_the_answer() -> None:
    with served([spec()], held=False) as world:
        async with channel(world) as supply:
            fact = await supply.submit(card("Q1", supplier_sku="5001:100", max_unit_cost=Decimal(95)))
        (code,) = world.accounts[NAME].book.codes()
    assert (fact.state, [each.content for each in fact.codes]) == ("succeeded", [code.content])


async def test_cards_that_are_not_there_yet_leave_the_order_in_processing(world: World, account: Account) -> None:
    account.misbehaviour.plan("late_not_found", "cards:C1")
    async with channel(world) as supply:
        await supply.submit(card("C1"))
        finished(account, "C1")
        fact = await supply.query("C1", None)
    assert (fact.state, fact.cost, fact.code) == ("processing", Decimal("24.35"), "SUCCESSFUL")
    assert fact.reason.startswith("no cards yet")


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (card("R1", supplier_sku="99:25"), "not_on_sale"),
        (card("R2", supplier_sku="10:26"), "not_on_sale"),
        (card("R3", quantity=0), "INVALID_INPUT_PROVIDED"),
        (card("R4", quantity=50), "INSUFFICIENT_BALANCE"),
        (card("R5", max_unit_cost=Decimal("24.34")), "price_changed"),
        (card("R6", currency="CNY"), "price_not_told"),
        (card("R7", supplier_sku="12-345"), "bad_sku"),
        (card("R8", supplier_sku="5001:33", max_unit_cost=Decimal(40)), "INVALID_PRICE"),
        (SupplyAsk("R9", "11:5", 1, "USD", Decimal(6)), "INVALID_INPUT_PROVIDED"),
    ],
)
async def test_a_clear_no_is_proof_that_nothing_was_bought(
    world: World, account: Account, ask: SupplyAsk, code: str
) -> None:
    async with channel(world) as supply:
        with pytest.raises(SupplierRefusedError) as refused:
            await supply.submit(ask)
    assert refused.value.code == code
    assert account.book.orders() == []
    assert account.book.balance() == 1000


async def test_a_price_that_jumps_after_it_was_looked_at_is_refused_by_the_supplier(
    world: World, account: Account
) -> None:
    account.misbehaviour.plan("price_jump", "J1")
    async with channel(world) as supply:
        with pytest.raises(SupplierRefusedError, match="PRICE_CHANGED"):
            await supply.submit(card("J1"))
    assert account.book.balance() == 1000


@pytest.mark.parametrize(
    ("fault", "stands"),
    [
        ("timeout_before_accept", False),
        ("timeout_after_accept", True),
        ("error_after_accept", True),
        ("duplicate_number", True),
    ],
)
async def test_an_answer_that_proves_nothing_is_not_a_failure(
    world: World, account: Account, fault: Fault, stands: bool
) -> None:
    account.misbehaviour.plan(fault, "U1")
    async with channel(world) as supply:
        with pytest.raises(UnknownOutcomeError):
            await supply.submit(card("U1"))
        assert account.misbehaviour.counts[fault] == 1
        assert (await supply.query("U1", None)).state == ("processing" if stands else "not_found")
    assert len(account.book.orders()) == stands


async def test_a_number_that_was_used_is_unknown_until_it_is_asked_for(world: World, account: Account) -> None:
    async with channel(world) as supply:
        first = await supply.submit(card("S1"))
        with pytest.raises(UnknownOutcomeError, match="CUSTOM_IDENTIFIER_ALREADY_USED"):
            await supply.submit(card("S1"))
        assert (await supply.query("S1", None)).supplier_ref == first.supplier_ref
        assert not supply.may_resubmit
    assert len(account.book.orders()) == 1


async def test_numbers_are_told_apart_by_case_though_the_search_does_not(world: World) -> None:
    async with channel(world) as supply:
        await supply.submit(card("abc"))
        assert (await supply.query("ABC", None)).state == "not_found"


async def test_an_outage_refuses_what_was_not_sent_and_tells_nothing_else(world: World, account: Account) -> None:
    async with channel(world) as supply:
        await supply.submit(card("O1"))
        account.down = True
        with pytest.raises(SupplierRefusedError, match="not_sent"):
            await supply.submit(card("O2"))
        for work in (supply.query("O1", None), supply.offers(), supply.balance(), supply.offers(["10:25"])):
            with pytest.raises(UnknownOutcomeError):
                await work
    assert len(account.book.orders()) == 1


async def test_a_state_that_nobody_has_heard_of_is_an_open_end(world: World, account: Account) -> None:
    account.misbehaviour.plan("unknown_state", "X1")
    async with channel(world) as supply:
        await supply.submit(card("X1"))
        finished(account, "X1")
        fact = await supply.query("X1", None)
    assert (fact.state, fact.code) == ("processing", "UNDER_REVIEW")


async def test_an_order_that_appears_late_is_not_found_by_its_number_and_not_known_by_its_reference(
    world: World, account: Account
) -> None:
    account.misbehaviour.plan("late_not_found", "F1")
    async with channel(world) as supply:
        taken = await supply.submit(card("F1"))
        assert (await supply.query("F1", None)).state == "not_found"
        with pytest.raises(UnknownOutcomeError, match="404"):
            await supply.query("F1", taken.supplier_ref)
        assert supply.not_found_is_final_after_s == 600


async def test_what_was_given_back_is_failed_and_costs_nothing(world: World, account: Account) -> None:
    account.misbehaviour.plan("failure", "G1/1")
    account.misbehaviour.plan("partial_fill", "G2/1")
    async with channel(world) as supply:
        for request_no, quantity in (("G1", 1), ("G2", 3)):
            await supply.submit(card(request_no, quantity=quantity))
            finished(account, request_no)
        failed, part = await supply.query("G1", None), await supply.query("G2", None)
    assert (failed.state, failed.cost, failed.code) == ("failed", None, "REFUNDED")
    assert (part.state, part.good_quantity, part.cost) == ("succeeded", 2, Decimal("48.7"))
    assert (account.book.spent("G1"), account.book.spent("G2")) == (0, Decimal("48.7"))


@pytest.mark.parametrize("form", ["csv", "xlsx"])
async def test_the_statement_of_a_day_has_every_charge_and_refund(form: str) -> None:
    today = clock.business_date(clock.now(), ZONE)
    with served([spec(statement_format=form)]) as world:
        account = world.accounts[NAME]
        async with channel(world) as supply:
            await supply.submit(card("M1"))
            account.finish(account.book.orders()[0], succeeded=False)
            file = await supply.statement(today)
            with pytest.raises(StatementNotReadyError):
                await supply.statement(today + timedelta(days=2))
    assert file.file_name == f"reloadly-{today}.{form}"
    if form == "csv":
        rows = [list(row) for row in csv.reader(io.StringIO(file.content.decode("utf-8-sig")))]
    else:
        sheet = load_workbook(io.BytesIO(file.content), read_only=True).active
        assert sheet is not None
        rows = [[str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
    header, *lines = rows
    named = [dict(zip(header, line, strict=True)) for line in lines]
    assert [(row["kind"], row["request_no"], Decimal(row["amount"]), row["currency"]) for row in named] == [
        ("charge", "M1", Decimal("24.35"), "USD"),
        ("refund", "M1", Decimal("-24.35"), "USD"),
    ]


PRODUCT = {
    "productId": 10,
    "denominationType": "FIXED",
    "senderCurrencyCode": "USD",
    "recipientCurrencyCode": "USD",
    "fixedRecipientDenominations": [25],
    "fixedRecipientToSenderDenominationsMap": {"25.0": 24},
}
TRANSACTION = {
    "transactionId": 7,
    "status": "SUCCESSFUL",
    "customIdentifier": "Q1",
    "amount": 24,
    "currencyCode": "USD",
}
CARDS = [{"cardNumber": "AAAA-1", "pinCode": "5821"}]
Says = Callable[[httpx.Request], httpx.Response]


def answering(**said: object) -> ReloadlySupply:
    """A channel whose supplier says these for orders, reports and cards: JSON, or an answer as it is."""

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        told: object = {"access_token": "t", "expires_in": 3600}
        for part, value in {"/products": PRODUCT, "/cards": CARDS, "/reports": TRANSACTION, **said}.items():
            if part in path:
                told = value
        return told if isinstance(told, httpx.Response) else httpx.Response(200, json=told)

    keys = (CREDENTIALS["client_id"], CREDENTIALS["client_secret"], CREDENTIALS["webhook_secret"])
    transport = httpx.MockTransport(answer)
    return ReloadlySupply(
        "https://supplier.test", *keys, 1, auth_url="https://auth.test/oauth/token", transport=transport
    )


def error(status: int, code: str | None, message: str = "") -> httpx.Response:
    return httpx.Response(status, json={"errorCode": code, "message": message})


@pytest.mark.parametrize(
    "said",
    [
        error(400, "CUSTOM_IDENTIFIER_ALREADY_USED"),
        error(400, None, "Could not retrieve/update resources at the moment, please try again later"),
        error(400, "A_NEW_CODE"),
        error(403, "INSUFFICIENT_BALANCE"),
        error(404, None),
        error(408, "PROVIDER_TIMED_OUT"),
        error(409, "INSUFFICIENT_BALANCE"),
        error(429, "TOO_MANY_REQUESTS"),
        error(500, "INSUFFICIENT_BALANCE"),
        error(502, None),
        error(503, "PROVIDER_UNAVAILABLE"),
        error(504, None),
        httpx.Response(200, content=b""),
        httpx.Response(200, content=b"<html>"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={}),
        httpx.Response(200, json={"status": "SUCCESSFUL"}),
        httpx.Response(200, json={**TRANSACTION, "customIdentifier": "Q2"}),
        httpx.Response(200, json={**TRANSACTION, "amount": -1}),
        httpx.Response(200, content=json.dumps({**TRANSACTION, "amount": float("nan")})),
        httpx.Response(202, json=TRANSACTION),
        httpx.Response(302, headers={"Location": "https://elsewhere.test"}),
    ],
)
async def test_no_other_answer_is_read_as_a_failure(said: httpx.Response) -> None:
    supply = answering(**{"/orders": said, "/reports": said, "/cards": CARDS})
    for work in (supply.submit(card("Q1")), supply.query("Q1", "7")):
        with pytest.raises(UnknownOutcomeError):
            await work


@pytest.mark.parametrize("status", ["PENDING", "PROCESSING", "UNDER_REVIEW", "successful", "CANCELED?"])
async def test_no_other_status_is_an_end(status: str) -> None:
    supply = answering(**{"/orders": {**TRANSACTION, "status": status}, "/reports": {**TRANSACTION, "status": status}})
    for work in (supply.submit(card("Q1")), supply.query("Q1", "7")):
        assert (await work).state == "processing"


@pytest.mark.parametrize(
    "cards",
    [
        [],
        {},
        [{"cardNumber": None, "pinCode": ""}],
        [{"cardNumber": {"a": 1}}],
        error(404, None),
        error(500, None),
        httpx.Response(200, content=b"<html>"),
    ],
)
async def test_a_success_without_its_cards_is_not_there_yet(cards: object) -> None:
    supply = answering(**{"/orders": TRANSACTION, "/cards": cards})
    for work in (supply.submit(card("Q1")), supply.query("Q1", "7")):
        fact = await work
        assert (fact.state, fact.supplier_ref, fact.cost, fact.codes) == ("processing", "7", 24, ())


@pytest.mark.parametrize(
    ("told", "content"),
    [
        ([{"cardNumber": 6120200345149064, "pinCode": 5821}], "6120200345149064 PIN 5821"),
        ({"cardNumber": "AAAA-1", "pinCode": None}, "AAAA-1"),
        ([{"pinCode": "5821"}], "5821"),
        ([{"redemptionUrl": "https://redeem.test/x", "pinCode": "1"}], "https://redeem.test/x PIN 1"),
    ],
)
async def test_a_card_is_its_number_its_pin_or_its_address_and_nothing_shows_it(told: object, content: str) -> None:
    fact = await answering(**{"/cards": told}).query("Q1", "7")
    assert [code.content for code in fact.codes] == [content]
    assert content not in repr(fact)


async def test_two_orders_under_one_number_are_for_people_to_look_at() -> None:
    supply = answering(**{"/reports": {"content": [TRANSACTION, {**TRANSACTION, "transactionId": 8}], "last": True}})
    with pytest.raises(UnknownOutcomeError, match="2 orders"):
        await supply.query("Q1", None)


async def test_an_order_asked_for_by_its_reference_must_be_that_one() -> None:
    supply = answering(**{"/reports": {**TRANSACTION, "transactionId": 8, "status": "FAILED"}})
    with pytest.raises(UnknownOutcomeError, match="answered about 8"):
        await supply.query("Q1", "7")


async def test_a_token_that_is_refused_twice_proves_that_no_order_was_made() -> None:
    supply = answering(**{"/orders": error(401, "INVALID_TOKEN")})
    with pytest.raises(SupplierRefusedError, match="INVALID_TOKEN"):
        await supply.submit(card("Q1"))


@pytest.mark.parametrize("said", [{}, {"access_token": "a b", "expires_in": 9}, {"access_token": "t", "expires_in": 0}])
async def test_what_is_no_token_is_not_used(said: object) -> None:
    with pytest.raises(SupplierRefusedError, match="no token"):
        await answering(**{"/oauth": said}).submit(card("N1"))


@pytest.mark.parametrize(
    "options",
    [{"auth_url": "http://auth.test/token"}, {"range_values": "ten"}, {"not_found_final_s": "-1"}],
)
def test_options_that_cannot_work_are_named(options: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError) as wrong:
        supply("reloadly", "https://supplier.test", CREDENTIALS, options, 5)
    assert wrong.value.field in options


async def test_an_order_is_written_as_documented() -> None:
    sent: list[object] = []

    def take(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/orders":
            sent.append(json.loads(request.content))
            return httpx.Response(200, json={"transactionId": 7, "status": "PENDING"})
        return httpx.Response(200, json={"access_token": "t", "expires_in": 3600, **PRODUCT})

    keys = (CREDENTIALS["client_id"], CREDENTIALS["client_secret"], CREDENTIALS["webhook_secret"])
    supply = ReloadlySupply("https://supplier.test", *keys, 1, transport=httpx.MockTransport(take))
    await supply.submit(card("W1", max_unit_cost=Decimal("1E+2"), quantity=2, fields={"account": "player-7"}))
    assert sent == [
        {
            "productId": 10,
            "quantity": 2,
            "unitPrice": 25,
            "customIdentifier": "W1",
            "senderName": "Mingsuan",
            "preOrder": False,
            "maxSenderAmount": "200",
            "productAdditionalRequirements": {"userId": "player-7"},
        }
    ]
