"""Callbacks of the Reloadly-like supplier: signature against a worked example, age, and what a success leads to."""

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

import pytest

from mingsuan import clock
from simulation.suppliers.account import Account
from simulation.suppliers.outbox import Message
from tests.simulation.suppliers.served import World, served
from tests.transactional.suppliers.protocols.reloadly_shop import CREDENTIALS, NAME, NOTICES, card, channel, spec
from transactional.suppliers.protocols.interface import RefusedSupplierNoticeError, SupplierNoticeFact
from transactional.suppliers.protocols.reloadly import ReloadlySupply
from transactional.suppliers.protocols.reloadly_notice import authentic, signature

NOW = datetime.fromisoformat("2026-03-01T04:00:00+00:00")
STAMP = str(int(NOW.timestamp() * 1000))
SECRET = CREDENTIALS["webhook_secret"]
DATA = {
    "transactionId": 48213,
    "customIdentifier": "P1",
    "status": "PROCESSING",
    "amount": 24.35,
    "currencyCode": "USD",
}
SAID = {"type": "giftcard_transaction.status", "data": DATA}


def written(said: object) -> bytes:
    return json.dumps(said).encode()


def signed(body: bytes, stamp: str = STAMP, secret: str = SECRET) -> dict[str, str]:
    made = hmac.new(secret.encode(), body + b":" + stamp.encode(), hashlib.sha256).hexdigest()
    return {"x-reloadly-signature": made, "x-reloadly-request-timestamp": stamp}


def test_a_callback_is_signed_as_openssl_signs_it() -> None:
    """printf '%s:%s' '<body>' 1700000000000 | openssl dgst -sha256 -hmac whsec-1"""
    body = (
        b'{"type":"giftcard_transaction.status",'
        b'"data":{"transactionId":48213,"customIdentifier":"P1","status":"SUCCESSFUL"}}'
    )
    made = signature("whsec-1", body, "1700000000000")
    assert made == "2c4afd765e2345eb9934cde3c898b13a3ae735aed0068f1fb7e2a8a1207c6569"


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("PENDING", "processing"),
        ("PROCESSING", "processing"),
        ("A_NEW_WORD", "processing"),
        ("SUCCESSFUL", "succeeded"),
        ("FAILED", "failed"),
        ("REFUNDED", "failed"),
    ],
)
def test_an_authentic_callback_names_order_and_state(status: str, state: str) -> None:
    body = written({**SAID, "data": {**DATA, "status": status}})
    notice = authentic(SECRET, signed(body), body, NOW)
    fact = notice.purchase
    assert (notice.kind, notice.event_id) == ("purchase", signed(body)["x-reloadly-signature"])
    assert fact is not None
    assert (fact.state, fact.request_no, fact.supplier_ref, fact.codes) == (state, "P1", "48213", ())


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_a_callback_of_the_last_minutes_is_fresh(seconds: int) -> None:
    body = written(SAID)
    assert authentic(SECRET, signed(body), body, NOW + timedelta(seconds=seconds)).purchase is not None


@pytest.mark.parametrize("seconds", [-301, 301, 86400])
def test_an_old_callback_is_stale(seconds: int) -> None:
    body = written(SAID)
    with pytest.raises(RefusedSupplierNoticeError) as refused:
        authentic(SECRET, signed(body), body, NOW + timedelta(seconds=seconds))
    assert refused.value.verdict == "stale"


@pytest.mark.parametrize(
    ("headers", "body", "verdict"),
    [
        ({}, written(SAID), "malformed"),
        ({**signed(written(SAID)), "x-reloadly-request-timestamp": "soon"}, written(SAID), "malformed"),
        ({**signed(written(SAID)), "x-reloadly-request-timestamp": "9" * 5000}, written(SAID), "malformed"),
        ({**signed(written(SAID)), "x-reloadly-request-timestamp": STAMP + "0"}, written(SAID), "bad_signature"),
        ({**signed(written(SAID)), "x-reloadly-signature": "é"}, written(SAID), "bad_signature"),
        (signed(written(SAID), secret="another"), written(SAID), "bad_signature"),
        (signed(written(SAID)), written({**SAID, "data": {**DATA, "status": "FAILED"}}), "bad_signature"),
        (signed(b"{"), b"{", "malformed"),
        (signed(b"{}"), b"{}", "malformed"),
        (signed(b"\xff"), b"\xff", "malformed"),
        (signed(written({**SAID, "type": "airtime_transaction.status"})),
         written({**SAID, "type": "airtime_transaction.status"}), "malformed"),
        (signed(written({**SAID, "data": {**DATA, "customIdentifier": None}})),
         written({**SAID, "data": {**DATA, "customIdentifier": None}}), "malformed"),
        (signed(b" " * 300_000), b" " * 300_000, "malformed"),
    ],
)  # fmt: skip
def test_what_is_not_authentic_or_cannot_be_is_refused(headers: Mapping[str, str], body: bytes, verdict: str) -> None:
    with pytest.raises(RefusedSupplierNoticeError) as refused:
        authentic(SECRET, headers, body, NOW)
    assert refused.value.verdict == verdict


def test_a_replay_has_the_name_of_the_first_and_a_retry_another() -> None:
    body, later = written(SAID), str(int(STAMP) + 10_000)
    first, again = (authentic(SECRET, signed(body), body, NOW) for _ in range(2))
    retry = authentic(SECRET, signed(body, later), body, NOW)
    assert first.event_id == again.event_id != retry.event_id


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
async def test_a_success_is_asked_for_and_brings_its_cards(world: World, account: Account) -> None:
    async with channel(world) as supply:
        taken = await supply.submit(card("C1"))
    order = account.finish(account.book.by_ref(taken.supplier_ref or ""))
    name = f"order:{order.order_ref}"
    assert account.outbox.letters[name].url == NOTICES
    assert b"AAAA" not in account.outbox.message(name).body
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
async def test_a_success_that_cannot_be_asked_for_now_is_still_being_processed(world: World, account: Account) -> None:
    async with channel(world) as supply:
        taken = await supply.submit(card("C2"))
    account.finish(account.book.by_ref(taken.supplier_ref or ""))
    account.down = True
    fact = (await carried(world, account.outbox.message(f"order:{taken.supplier_ref}"))).purchase
    assert fact is not None
    assert (fact.state, fact.supplier_ref, fact.codes) == ("processing", taken.supplier_ref, ())


@pytest.mark.anyio
async def test_the_supplier_reads_the_status() -> None:
    supply = ReloadlySupply("https://supplier.test", "client", "hush", SECRET, 1)
    said = [supply.acknowledge(accepted) for accepted in (True, False)]
    assert [each.status for each in said] == [200, 400]
    await supply.aclose()
