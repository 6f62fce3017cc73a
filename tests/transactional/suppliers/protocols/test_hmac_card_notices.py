"""Callbacks of the HMAC card supplier: authentic ones as the simulated one sends them, and all that are refused."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from mingsuan import clock
from simulation.suppliers.account import Account
from simulation.suppliers.outbox import Message
from tests.simulation.suppliers.served import World, served
from tests.transactional.suppliers.protocols.hmac_card_shop import CREDENTIALS, NAME, NOTICES, card, channel, spec
from transactional.suppliers.protocols import hmac_card_signing as signing
from transactional.suppliers.protocols.hmac_card import HmacCardSupply
from transactional.suppliers.protocols.interface import RefusedSupplierNoticeError, SupplierNoticeFact, SupplyFact

NOW = datetime.fromisoformat("2026-03-01T04:00:00+00:00")
STAMP = int(NOW.timestamp())
SAID = {
    "event": "order.fulfilled",
    "order_id": 7,
    "order_no": "DJ7",
    "downstream_order_no": "P1",
    "status": "delivered",
    "amount": "12.50",
    "refunded_amount": "0.00",
    "currency": "CNY",
    "fulfillment": {"type": "auto", "status": "delivered", "payload": "AAAA-1"},
    "timestamp": STAMP,
}


def written(said: object) -> bytes:
    return json.dumps(said).encode()


def signed(body: bytes, stamp: int = STAMP, **credentials: str) -> dict[str, str]:
    """Headers, their names in lower case."""
    key, secret = credentials.get("key", CREDENTIALS["key_id"]), credentials.get("secret", CREDENTIALS["secret"])
    made = signing.headers(key, secret, "POST", signing.CALLBACK_PATH, stamp, body)
    return {name.lower(): value for name, value in made.items()}


async def heard(headers: Mapping[str, str], body: bytes, now: datetime = NOW) -> SupplierNoticeFact:
    supply = HmacCardSupply("https://supplier.test", CREDENTIALS["key_id"], CREDENTIALS["secret"], 1)
    try:
        return await supply.authenticate(headers, {}, body, now)
    finally:
        await supply.aclose()


async def purchase(headers: Mapping[str, str], body: bytes, now: datetime = NOW) -> SupplyFact:
    fact = (await heard(headers, body, now)).purchase
    assert fact is not None
    return fact


@pytest.mark.anyio
async def test_an_authentic_callback_brings_codes_and_cost() -> None:
    body = written(SAID)
    notice = await heard(signed(body), body)
    fact = notice.purchase
    assert (notice.kind, notice.offers, notice.statement) == ("purchase", (), None)
    assert notice.event_id == signed(body)["dujiao-next-signature"]
    assert fact is not None
    assert (fact.state, fact.request_no, fact.supplier_ref, fact.cost) == ("succeeded", "P1", "7", Decimal("12.5"))
    assert [code.content for code in fact.codes] == ["AAAA-1"]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("said", "state"),
    [
        ({"status": "paid", "fulfillment": None}, "processing"),
        ({"fulfillment": None}, "processing"),
        ({"status": "a new word"}, "processing"),
        ({"status": "partially_delivered"}, "processing"),
        ({"status": "canceled", "fulfillment": None}, "failed"),
        ({"status": "refunded", "refunded_amount": "12.50"}, "failed"),
        ({"status": "completed"}, "succeeded"),
    ],
)
async def test_only_what_is_certain_is_an_end(said: dict[str, object], state: str) -> None:
    body = written({**SAID, **said})
    assert (await purchase(signed(body), body)).state == state


@pytest.mark.anyio
@pytest.mark.parametrize("seconds", [-61, 61, 3600])
async def test_a_callback_of_another_minute_is_stale(seconds: int) -> None:
    body = written(SAID)
    with pytest.raises(RefusedSupplierNoticeError) as refused:
        await heard(signed(body), body, NOW + timedelta(seconds=seconds))
    assert refused.value.verdict == "stale"


@pytest.mark.anyio
@pytest.mark.parametrize("seconds", [-60, 0, 60])
async def test_a_callback_within_a_minute_is_fresh(seconds: int) -> None:
    body = written(SAID)
    assert (await purchase(signed(body), body, NOW + timedelta(seconds=seconds))).state == "succeeded"


@pytest.mark.anyio
async def test_a_replay_has_the_name_of_the_first_and_a_retry_another() -> None:
    body = written(SAID)
    first, again = await heard(signed(body), body), await heard(signed(body), body, NOW + timedelta(seconds=30))
    later = written({**SAID, "timestamp": STAMP + 10})
    retry = await heard(signed(later, STAMP + 10), later)
    assert first.event_id == again.event_id != retry.event_id


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("headers", "body", "verdict"),
    [
        ({}, written(SAID), "malformed"),
        ({**signed(written(SAID)), "dujiao-next-timestamp": "soon"}, written(SAID), "malformed"),
        ({**signed(written(SAID)), "dujiao-next-timestamp": "9" * 5000}, written(SAID), "malformed"),
        ({**signed(written(SAID)), "dujiao-next-timestamp": "１２３"}, written(SAID), "malformed"),
        ({**signed(written(SAID)), "dujiao-next-timestamp": str(STAMP + 1)}, written(SAID), "bad_signature"),
        ({**signed(written(SAID)), "dujiao-next-signature": "0" * 64}, written(SAID), "bad_signature"),
        (signed(written(SAID)), written({**SAID, "status": "canceled"}), "bad_signature"),
        (signed(written(SAID), secret="another"), written(SAID), "bad_signature"),
        (signed(written(SAID), key="another"), written(SAID), "bad_signature"),
        (signed(b"{"), b"{", "malformed"),
        (signed(b"\xff"), b"\xff", "malformed"),
        (signed(b"[]"), b"[]", "malformed"),
        (signed(b"{}"), b"{}", "malformed"),
        (signed(b" " * 1_100_000), b" " * 1_100_000, "malformed"),
        (signed(written({**SAID, "timestamp": STAMP - 1})), written({**SAID, "timestamp": STAMP - 1}), "malformed"),
        (signed(written({**SAID, "amount": "a lot"})), written({**SAID, "amount": "a lot"}), "malformed"),
        (
            signed(written({**SAID, "refunded_amount": "99"})),
            written({**SAID, "refunded_amount": "99"}),
            "malformed",
        ),
    ],
)
async def test_what_is_not_authentic_or_cannot_be_is_refused(
    headers: Mapping[str, str], body: bytes, verdict: str
) -> None:
    with pytest.raises(RefusedSupplierNoticeError) as refused:
        await heard(headers, body)
    assert refused.value.verdict == verdict
    assert "AAAA" not in refused.value.reason


@pytest.mark.anyio
async def test_a_request_of_the_shops_own_is_no_callback() -> None:
    """Both are signed with one secret: only the path tells them apart."""
    body = written(SAID)
    own = signing.headers(CREDENTIALS["key_id"], CREDENTIALS["secret"], "POST", "/api/v1/upstream/orders", STAMP, body)
    with pytest.raises(RefusedSupplierNoticeError) as refused:
        await heard({name.lower(): value for name, value in own.items()}, body)
    assert refused.value.verdict == "bad_signature"


@pytest.mark.anyio
async def test_the_supplier_reads_ok_or_comes_again() -> None:
    supply = HmacCardSupply("https://supplier.test", "ak", "as", 1)
    for accepted in (True, False):
        said = supply.acknowledge(accepted)
        assert (said.status, json.loads(said.body)["ok"]) == (200, accepted)
    await supply.aclose()


@pytest.fixture
def world() -> Iterator[World]:
    with served([spec()]) as world:
        yield world


@pytest.fixture
def account(world: World) -> Account:
    return world.accounts[NAME]


async def carried(world: World, message: Message) -> SupplierNoticeFact:
    """What the channel makes of a callback as the supplier writes it."""
    headers = {name.lower(): value for name, value in message.headers.items()}
    async with channel(world) as supply:
        return await supply.authenticate(headers, {}, message.body, clock.now())


@pytest.mark.anyio
@pytest.mark.enable_socket
async def test_the_simulated_suppliers_callbacks_are_authentic_or_refused(world: World, account: Account) -> None:
    async with channel(world) as supply:
        taken = await supply.submit(card("C1"))
    order = account.finish(account.book.by_ref(taken.supplier_ref or ""))
    name = f"order:{order.order_ref}"
    fact = (await carried(world, account.outbox.message(name))).purchase
    assert fact is not None
    assert (fact.state, fact.request_no, fact.supplier_ref) == ("succeeded", "C1", order.order_ref)
    assert [code.content for code in fact.codes] == [code.content for code in account.book.codes(order.order_ref)]
    for tampering in ("bad_signature", "stale"):
        with pytest.raises(RefusedSupplierNoticeError) as refused:
            await carried(world, account.outbox.message(name, tampering))
        assert refused.value.verdict == tampering


@pytest.mark.anyio
@pytest.mark.enable_socket
async def test_a_callback_that_comes_before_the_answer_says_the_same(world: World, account: Account) -> None:
    account.misbehaviour.plan("early_callback", "E1")
    async with channel(world) as supply:
        answer = await supply.submit(card("E1", callback_url=f"{world.base_url}/nowhere"))
        assert [sent.name for sent in account.outbox.sent] == [f"order:{answer.supplier_ref}"]
        assert answer.state == "processing"
        early = (await carried(world, account.outbox.message(f"order:{answer.supplier_ref}"))).purchase
        assert early is not None
        assert early.codes == (await supply.query("E1", None)).codes
        assert early.state == "succeeded"
    assert NOTICES not in account.outbox.letters[f"order:{answer.supplier_ref}"].url
