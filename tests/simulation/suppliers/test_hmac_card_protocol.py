"""The simulated HMAC card supplier's protocol, spoken by hand: nothing of the shop's takes part."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from mingsuan import clock
from simulation.suppliers.account import Account
from simulation.suppliers.app import create_app
from tests.simulation.suppliers.served import World, served
from tests.transactional.suppliers.protocols.hmac_card_shop import CREDENTIALS, GOODS, NAME, spec

pytestmark = pytest.mark.enable_socket
ORDER: dict[str, Any] = {"sku_id": 345, "quantity": 1, "downstream_order_no": "N1"}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with served([spec()]) as world:
        yield world


@pytest.fixture
def account(world: World) -> Account:
    return world.accounts[NAME]


def ask(world: World, method: str, place: str, content: object = None, **how: Any) -> httpx.Response:
    """A request as it is documented; `how` changes what is signed or sent."""
    body = b"" if content is None else json.dumps(content).encode()
    path = how.get("path", f"/{NAME}/api/v1/upstream{place}".partition("?")[0])
    stamp = str(int(clock.now().timestamp()) + how.get("ahead_s", 0))
    text = f"{how.get('verb', method)}\n{path}\n{stamp}\n{hashlib.md5(how.get('body', body)).hexdigest()}"  # noqa: S324
    headers = {
        "Dujiao-Next-Api-Key": how.get("key", CREDENTIALS["key_id"]),
        "Dujiao-Next-Timestamp": stamp,
        "Dujiao-Next-Signature": hmac.new(CREDENTIALS["secret"].encode(), text.encode(), hashlib.sha256).hexdigest(),
    }
    return httpx.request(method, f"{world.url(NAME)}/api/v1/upstream{place}", content=body, headers=headers)


@pytest.mark.parametrize(
    "how",
    [
        {"ahead_s": 62},
        {"ahead_s": -62},
        {"path": "/api/v1/upstream/orders"},
        {"verb": "GET"},
        {"body": b"{}"},
        {"key": "another"},
    ],
)
def test_a_request_that_is_not_well_signed_is_turned_away(world: World, account: Account, how: dict[str, Any]) -> None:
    answer = ask(world, "POST", "/orders", {**ORDER, "downstream_order_no": "X"}, **how)
    assert answer.status_code == 401
    assert answer.json()["ok"] is False
    assert account.book.order("X") is None


def test_an_order_number_is_answered_with_its_order_for_ever(world: World, account: Account) -> None:
    first = ask(world, "POST", "/orders", ORDER).json()
    assert (first["ok"], first["status"], first["amount"]) == (True, "paid", "12.50")
    account.finish(account.book.by_ref(str(first["order_id"])), succeeded=False)
    again = ask(world, "POST", "/orders", {**ORDER, "quantity": 7}).json()
    assert (again["order_id"], again["status"], again["refunded_amount"]) == (first["order_id"], "canceled", "12.50")


@pytest.mark.parametrize(
    ("order", "status", "code"),
    [
        ({**ORDER, "downstream_order_no": ""}, 400, "bad_request"),
        ({**ORDER, "downstream_order_no": "A", "sku_id": "345"}, 400, "bad_request"),
        ({**ORDER, "downstream_order_no": "B", "sku_id": 1}, 400, "sku_unavailable"),
        ({**ORDER, "downstream_order_no": "C", "sku_id": 400}, 400, "bad_request"),
        ({**ORDER, "downstream_order_no": "D", "quantity": 99}, 409, "insufficient_stock"),
        ({**ORDER, "downstream_order_no": "E", "max_unit_price": "12.49"}, 409, "price_changed"),
        ([], 400, "bad_request"),
    ],
)
def test_refusals_have_their_status_and_word(world: World, order: object, status: int, code: str) -> None:
    answer = ask(world, "POST", "/orders", order)
    assert (answer.status_code, answer.json()["error_code"]) == (status, code)


def test_what_is_not_there_is_404(world: World) -> None:
    for place, code in (
        ("/products/999", "product_not_found"),
        ("/orders/999", "order_not_found"),
        ("/orders?downstream_order_no=nobody", "order_not_found"),
        ("/statements?date=2999-01-01", "statement_not_ready"),
    ):
        answer = ask(world, "GET", place)
        assert (answer.status_code, answer.json()["error_code"]) == (404, code)
    assert ask(world, "GET", "/statements?date=soon").status_code == 400


def test_pages_hold_fifty_at_most(world: World) -> None:
    told = ask(world, "GET", "/products?page=1&page_size=500").json()
    assert (told["total"], told["page_size"]) == (2, 50)
    assert [product["id"] for product in told["items"]] == [12, 13]
    assert ask(world, "GET", "/products?page=2&page_size=1").json()["items"][0]["id"] == 13


def test_goods_of_another_protocol_stop_it_from_starting() -> None:
    month_card = replace(GOODS[0], supplier_sku="month card")
    with pytest.raises(ValueError, match="invalid literal"):
        create_app([spec(goods=(month_card,))])
