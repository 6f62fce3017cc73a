"""Answers of a Fulu gateway that are well signed and cannot be: none is read as an end."""

import json
from collections.abc import Callable
from decimal import Decimal

import httpx
import pytest

from tests.transactional.suppliers.protocols.fulu_shop import CREDENTIALS
from transactional.outcomes import UnknownOutcomeError
from transactional.suppliers.protocols import fulu_signing as signing
from transactional.suppliers.protocols.fulu import FuluSupply
from transactional.suppliers.protocols.interface import SupplyAsk

ORDER = {
    "order_id": "7",
    "customer_order_no": "P1",
    "order_status": "success",
    "order_type": 4,
    "buy_num": 2,
    "order_price": 9.4,
    "finish_num": 2,
}
pytestmark = pytest.mark.anyio


def answering(result: str, code: object = 0) -> FuluSupply:
    told = {"code": code, "message": "", "result": result, "sign": signing.of_text(result, CREDENTIALS["app_secret"])}
    always: Callable[[httpx.Request], httpx.Response] = lambda _: httpx.Response(200, json=told)  # noqa: E731
    return FuluSupply.from_channel("https://supplier.test", CREDENTIALS, {}, 1, httpx.MockTransport(always))


async def test_the_order_itself_can_be_read() -> None:
    fact = await answering(json.dumps(ORDER)).query("P1", "7")
    assert (fact.state, fact.cost, fact.good_quantity) == ("succeeded", Decimal("9.4"), 2)


@pytest.mark.parametrize(
    "change",
    [
        '"order_price": NaN',
        '"order_price": Infinity',
        '"order_price": -1',
        '"order_price": ""',
        '"finish_num": -1',
        '"finish_num": 3',
        '"finish_num": 0',
        '"order_status": "refunded"',
        '"customer_order_no": "P2"',
        '"order_id": "8"',
    ],
)
async def test_what_contradicts_itself_is_not_known(change: str) -> None:
    name = change.partition(":")[0].strip('"')
    rest = json.dumps({key: value for key, value in ORDER.items() if key != name})
    with pytest.raises(UnknownOutcomeError):
        await answering(f"{rest[:-1]}, {change}}}").query("P1", "7")


@pytest.mark.parametrize("code", [3001.5, 0.5, True, None, "", "ok", [3001]])
async def test_a_code_that_is_no_number_proves_nothing(code: object) -> None:
    taken = json.dumps({"order_id": "7", "customer_order_no": "P1"})
    with pytest.raises(UnknownOutcomeError):
        await answering(taken, code).submit(SupplyAsk("P1", "10000587", 1, "CNY", Decimal(1)))


async def test_goods_that_a_callback_told_of_and_cannot_be_had_are_told_of_again() -> None:
    with pytest.raises(UnknownOutcomeError, match="3008"):
        await answering("", 3008)._told_of(["10000587"])
