"""The simulated Reloadly-like supplier's protocol, spoken by hand: nothing of the shop's takes part."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import httpx
import pytest

from simulation.suppliers.account import Account
from simulation.suppliers.app import create_app
from tests.simulation.suppliers.served import World, served
from tests.transactional.suppliers.protocols.reloadly_shop import CREDENTIALS, GOODS, NAME, spec

pytestmark = pytest.mark.enable_socket
ORDER: dict[str, Any] = {"productId": 10, "quantity": 1, "unitPrice": 25, "customIdentifier": "N1"}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with served([spec()]) as world:
        yield world


@pytest.fixture
def account(world: World) -> Account:
    return world.accounts[NAME]


def asked(world: World, **changed: str) -> dict[str, str]:
    return {
        "client_id": CREDENTIALS["client_id"],
        "client_secret": CREDENTIALS["client_secret"],
        "grant_type": "client_credentials",
        "audience": world.url(NAME),
        **changed,
    }


@pytest.fixture(scope="module")
def client(world: World) -> Iterator[httpx.Client]:
    told = httpx.post(f"{world.url(NAME)}/oauth/token", json=asked(world)).json()
    assert (told["token_type"], told["expires_in"]) == ("Bearer", 86400)
    headers = {"Authorization": f"Bearer {told['access_token']}"}
    with httpx.Client(base_url=world.url(NAME), headers=headers) as client:
        yield client


@pytest.mark.parametrize(
    "changed",
    [{"audience": "https://another.test"}, {"client_secret": "?"}, {"client_id": "?"}, {"grant_type": "password"}],
)
def test_a_token_is_for_the_client_and_this_audience_only(world: World, changed: dict[str, str]) -> None:
    answer = httpx.post(f"{world.url(NAME)}/oauth/token", json=asked(world, **changed))
    assert (answer.status_code, answer.json()["errorCode"]) == (401, "INVALID_CREDENTIALS")


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer none"}, {"Authorization": "Basic none"}])
def test_nothing_is_told_or_taken_without_a_token(world: World, account: Account, header: dict[str, str]) -> None:
    for method, place in (("GET", "/products"), ("GET", "/accounts/balance"), ("POST", "/orders")):
        answer = httpx.request(method, f"{world.url(NAME)}{place}", headers=header, json={**ORDER})
        assert (answer.status_code, answer.json()["errorCode"]) == (401, "INVALID_TOKEN")
    assert account.book.order("N1") is None


def test_fixed_and_ranged_goods_are_told_apart(client: httpx.Client) -> None:
    told = client.get("/products?size=2&page=1").json()
    assert ([product["productId"] for product in told["content"]], told["last"]) == ([10, 11], False)
    fixed = told["content"][0]
    assert (fixed["senderFee"], fixed["fixedRecipientToSenderDenominationsMap"]) == (
        0.1,
        {"25.00": 24.25, "50.50": 49.0},
    )
    ranged = client.get("/products/5001").json()
    assert (ranged["minRecipientDenomination"], ranged["maxRecipientDenomination"]) == (10, 100)
    assert ranged["recipientCurrencyToSenderCurrencyExchangeRate"] == 0.95


def test_a_number_is_used_up_even_by_an_order_that_failed(client: httpx.Client, account: Account) -> None:
    first = client.post("/orders", json={**ORDER, "customIdentifier": "S1"}).json()
    assert (first["status"], first["amount"], first["currencyCode"]) == ("PROCESSING", 24.35, "USD")
    account.finish(account.book.by_ref(str(first["transactionId"])), succeeded=False)
    again = client.post("/orders", json={**ORDER, "customIdentifier": "S1"})
    assert (again.status_code, again.json()["errorCode"]) == (400, "CUSTOM_IDENTIFIER_ALREADY_USED")
    (found,) = client.get("/reports/transactions?customIdentifier=s1").json()["content"]
    assert (found["transactionId"], found["status"]) == (first["transactionId"], "REFUNDED")


def test_cards_come_after_success_and_by_themselves(client: httpx.Client, account: Account) -> None:
    order = client.post("/orders", json={**ORDER, "customIdentifier": "C1"}).json()
    place = f"/orders/transactions/{order['transactionId']}/cards"
    assert (client.get(place).status_code, client.get(place).json()["errorCode"]) == (404, None)
    account.finish(account.book.by_ref(str(order["transactionId"])))
    (code,) = account.book.codes(str(order["transactionId"]))
    assert client.get(place).json() == [{"cardNumber": code.content, "pinCode": None, "redemptionUrl": None}]
    assert code.content not in client.get(f"/reports/transactions/{order['transactionId']}").text


@pytest.mark.parametrize(
    ("order", "status", "code"),
    [
        ({"customIdentifier": ""}, 400, "INVALID_INPUT_PROVIDED"),
        ({"customIdentifier": "A", "productId": 99}, 404, "PRODUCT_NOT_FOUND"),
        ({"customIdentifier": "B", "unitPrice": 26}, 400, "INVALID_PRICE"),
        ({"customIdentifier": "C", "quantity": 100}, 400, "INSUFFICIENT_BALANCE"),
        ({"customIdentifier": "D", "quantity": "1"}, 400, "INVALID_INPUT_PROVIDED"),
        ({"customIdentifier": "E", "maxSenderAmount": "24.34"}, 400, "PRICE_CHANGED"),
        ({"customIdentifier": "F", "productId": 11, "unitPrice": 5}, 400, "INVALID_INPUT_PROVIDED"),
    ],
)
def test_refusals_have_their_status_and_word(
    client: httpx.Client, order: dict[str, Any], status: int, code: str
) -> None:
    answer = client.post("/orders", json={**ORDER, **order})
    assert (answer.status_code, answer.json()["errorCode"]) == (status, code)


def test_a_statement_of_a_day_to_come_is_not_ready(client: httpx.Client) -> None:
    answer = client.get("/reports/transactions/export?date=2999-01-01")
    assert (answer.status_code, answer.json()["errorCode"]) == (404, "STATEMENT_NOT_READY")
    assert client.get("/reports/transactions/export?date=soon").status_code == 400


def test_the_balance_is_the_books(client: httpx.Client, account: Account) -> None:
    told = client.get("/accounts/balance").json()
    assert (Decimal(str(told["balance"])), told["currencyCode"]) == (account.book.balance(), "USD")


def test_goods_of_another_protocol_stop_it_from_starting() -> None:
    with pytest.raises(ValueError, match="face value"):
        create_app([spec(goods=(replace(GOODS[0], supplier_sku="12-345"),))])
