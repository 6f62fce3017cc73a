"""Callbacks of a Fulu gateway: authentic ones lead to a question, all others are refused."""

import hashlib
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from decimal import Decimal

import httpx
import pytest

from mingsuan import clock
from simulation.suppliers.account import Account
from simulation.suppliers.fulu_signing import sign
from simulation.suppliers.outbox import Message
from simulation.suppliers.statements import ZONE
from tests.simulation.suppliers.served import World, served
from tests.transactional.suppliers.protocols.fulu_shop import CREDENTIALS, NOTICES, card, channel, spec
from transactional.outcomes import UnknownOutcomeError
from transactional.suppliers.protocols.fulu import FuluSupply
from transactional.suppliers.protocols.interface import RefusedSupplierNoticeError, SupplierNoticeFact

pytestmark = [pytest.mark.enable_socket, pytest.mark.anyio]


@pytest.fixture
def world() -> Iterator[World]:
    with served([spec(push_url=NOTICES)]) as world:
        yield world


@pytest.fixture
def account(world: World) -> Account:
    return world.accounts["fulu-a"]


@asynccontextmanager
async def offline() -> AsyncIterator[FuluSupply]:
    """A channel that calls nobody."""

    def called(request: httpx.Request) -> httpx.Response:
        raise AssertionError(f"an outgoing call: {request.url}")

    made = FuluSupply.from_channel("http://127.0.0.1:9", CREDENTIALS, {}, 2, httpx.MockTransport(called))
    yield made
    await made.aclose()


async def bought(fulu: FuluSupply, account: Account, request_no: str, succeeded: bool = True) -> str:
    """An order that ended; the name of its callback."""
    await fulu.submit(card(request_no))
    order = account.book.order(request_no)
    assert order is not None
    account.finish(order, succeeded=succeeded)
    return f"order:{order.order_ref}"


async def taken_in(fulu: FuluSupply, message: Message, after: timedelta = timedelta(0)) -> SupplierNoticeFact:
    return await fulu.authenticate(message.headers, {}, message.body, clock.now() + after)


async def refused(fulu: FuluSupply, message: Message, after: timedelta = timedelta(0)) -> str:
    with pytest.raises(RefusedSupplierNoticeError) as error:
        await taken_in(fulu, message, after)
    return error.value.verdict


def changed(message: Message, **values: object) -> Message:
    """The same with other values, signed as it was."""
    return Message(message.headers, json.dumps({**json.loads(message.body), **values}).encode())


def signed(**values: object) -> Message:
    told = {
        "app_key": CREDENTIALS["app_key"],
        "timestamp": f"{clock.now().astimezone(ZONE):%Y-%m-%d %H:%M:%S}",
        **values,
    }
    told["sign"] = sign(told, CREDENTIALS["app_secret"])
    return Message({}, json.dumps(told).encode())


async def test_an_order_that_ended_comes_with_its_cards_from_the_query(world: World, account: Account) -> None:
    async with channel(world) as fulu:
        message = account.outbox.message(await bought(fulu, account, "N1"))
        told = await taken_in(fulu, message)
        assert told.kind == "purchase"
        assert told.purchase is not None
        assert told.purchase.state == "succeeded"
        assert [code.content for code in told.purchase.codes] == [code.content for code in account.book.codes()]
        assert (await taken_in(fulu, message)).event_id == told.event_id
        other = await taken_in(fulu, account.outbox.message(await bought(fulu, account, "N2", succeeded=False)))
        assert other.purchase is not None
        assert other.purchase.state == "failed"
        assert other.event_id != told.event_id


async def test_cards_in_a_callback_are_never_used_for_the_signature_does_not_cover_them(
    world: World, account: Account
) -> None:
    async with channel(world) as fulu:
        message = account.outbox.message(await bought(fulu, account, "N3"))
        forged = [{"card_number": "", "card_pwd": "5RWN2qO90vxd8C9c8CyuxAZyiMHUVqUM9FHZ1KrvfGU=", "card_deadline": ""}]
        told = await taken_in(fulu, changed(message, cards=forged))
        assert told.purchase is not None
        assert [code.content for code in told.purchase.codes] == [code.content for code in account.book.codes()]


async def test_a_callback_rearranged_into_another_orders_failure_only_leads_to_a_question(
    world: World, account: Account
) -> None:
    """Sorted characters are signed: `N12` that failed reads as `N21` that did."""
    async with channel(world) as fulu:
        message = account.outbox.message(await bought(fulu, account, "N12", succeeded=False))
        await bought(fulu, account, "N21")
        rearranged = changed(message, customer_order_no="N21")
        told = json.loads(rearranged.body)
        assert told["order_status"] == "failed"
        assert told["sign"] == sign(told, CREDENTIALS["app_secret"])
        with pytest.raises(UnknownOutcomeError, match="another order"):
            await taken_in(fulu, rearranged)


@pytest.mark.parametrize("tampering", ["bad_signature", "stale"])
async def test_forged_and_old_callbacks_are_refused(world: World, account: Account, tampering: str) -> None:
    async with channel(world) as fulu:
        name = await bought(fulu, account, "N4")
        assert await refused(fulu, account.outbox.letters[name].write(tampering)) == tampering  # type: ignore[arg-type]


async def test_a_replayed_callback_is_stale_after_five_minutes(world: World, account: Account) -> None:
    async with channel(world) as fulu:
        message = account.outbox.message(await bought(fulu, account, "N5"))
        assert await refused(fulu, message, timedelta(minutes=6)) == "stale"
        assert await refused(fulu, message, timedelta(minutes=-6)) == "stale"
        await taken_in(fulu, message, timedelta(minutes=4))


async def test_any_changed_value_breaks_the_signature(world: World, account: Account) -> None:
    async with channel(world) as fulu:
        message = account.outbox.message(await bought(fulu, account, "N6"))
        for name in set(json.loads(message.body)) - {"cards"}:
            assert await refused(fulu, changed(message, **{name: "5"})) == "bad_signature", name
        assert await refused(fulu, changed(message, sign=None)) == "bad_signature"
        assert await refused(fulu, changed(message, added="x")) == "bad_signature"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff\xfe", b'{"sign": "' + b"0" * 1_100_000 + b'"}'])
async def test_what_cannot_be_read_is_malformed(body: bytes) -> None:
    async with offline() as fulu:
        assert await refused(fulu, Message({}, body)) == "malformed"


@pytest.mark.parametrize(
    "values",
    [
        {"notify_type": "lottery"},
        {"notify_type": "price", "goods": "[]"},
        {"notify_type": "price", "goods": "no json"},
        {"notify_type": "order"},
        {"order_id": "", "customer_order_no": "", "order_status": "success"},
        {"notify_type": "reconciliation", "bill_date": "yesterday", "file_url": "x", "file_md5": "y"},
        {"notify_type": "price", "goods": "[]", "count": 3},
        {"app_key": "another account", "notify_type": "price", "goods": "[]"},
        {"timestamp": "", "notify_type": "price", "goods": "[]"},
    ],
)
async def test_what_is_well_signed_and_makes_no_sense_is_malformed(values: dict[str, object]) -> None:
    async with offline() as fulu:
        assert await refused(fulu, signed(**values)) == "malformed"


async def test_a_pushed_price_is_looked_up_before_it_is_believed(world: World, account: Account) -> None:
    async with channel(world) as fulu:
        account.change("10000587", unit_cost=Decimal("19.9"))
        told = await taken_in(fulu, account.outbox.message("price:10000587@2"))
        assert told.kind == "offers"
        assert [(each.supplier_sku, each.unit_cost, each.price_version) for each in told.offers] == [
            ("10000587", Decimal("19.9"), "2")
        ]
        account.change("10000587", unit_cost=Decimal("21"), tell=False)
        told = await taken_in(fulu, account.outbox.message("price:10000587@2"))
        assert told.offers[0].unit_cost == Decimal(21)


async def test_a_statement_is_fetched_from_the_supplier_and_held_against_its_hash(
    world: World, account: Account
) -> None:
    async with channel(world) as fulu:
        await bought(fulu, account, "N7")
        today = clock.business_date(clock.now(), ZONE)
        account.send_statement(today)
        message = account.outbox.message(f"statement:{today}")
        told = await taken_in(fulu, message)
        assert told.kind == "statement"
        assert told.statement is not None
        assert (told.statement.from_date, told.statement.file_name) == (today, f"fulu-a-{today}.csv")
        assert told.statement.content == account.statement(today).content
        account.announcer.files[f"fulu-a-{today}.csv"] += b"\r\n"  # type: ignore[union-attr]
        with pytest.raises(UnknownOutcomeError, match="hash"):
            await taken_in(fulu, message)


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "https://elsewhere.example/f.csv",
        "file:///etc/passwd",
        "http://user:pw@127.0.0.1/f.csv",
        "http://[",
    ],
)
async def test_a_file_elsewhere_is_not_fetched(url: str) -> None:
    values = {"bill_date": str(date(2026, 11, 21)), "file_url": url, "file_md5": hashlib.sha256(b"").hexdigest()[:32]}
    async with offline() as fulu:
        assert await refused(fulu, signed(notify_type="reconciliation", **values)) == "malformed"


async def test_the_gateway_reads_its_own_word_for_yes() -> None:
    async with offline() as fulu:
        yes, no = fulu.acknowledge(accepted=True), fulu.acknowledge(accepted=False)
    assert (yes.status, yes.body) == (200, "success")
    assert no.status == 400
    assert no.body != "success"
