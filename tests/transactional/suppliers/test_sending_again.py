"""What an order that is sent again proves, and what one that was never sent says of its supplier."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

import pytest

from mingsuan import clock
from transactional import calls
from transactional.db import WriteSession
from transactional.outcomes import UnknownOutcomeError
from transactional.shop import Shop
from transactional.suppliers.models import Purchase
from transactional.suppliers.protocols.interface import SupplierRefusedError, Supply, SupplyAsk, SupplyFact
from transactional.suppliers.purchases import asking as purchase_asking
from transactional.suppliers.purchases import breaker
from transactional.suppliers.purchases import facts as purchase_facts
from transactional.suppliers.purchases.asking import Question
from transactional.suppliers.purchases.rules import may_send_again

SENT = datetime(2026, 3, 1, tzinfo=UTC)
ASK = SupplyAsk("P1", "12-345", 1, "CNY", Decimal(12))
NOT_FOUND = SupplyFact("not_found", "P1")


@pytest.mark.parametrize(("seconds", "may"), [(0, True), (59, True), (60, False), (179, False), (3600, False)])
def test_within_the_first_third_of_what_makes_not_found_final(seconds: int, may: bool) -> None:
    assert may_send_again(SENT, SENT + timedelta(seconds=seconds), 180) is may


def test_never_what_was_not_sent_or_is_never_final() -> None:
    assert not may_send_again(None, SENT, 180)
    assert not may_send_again(SENT, SENT, None)


class Forgetful:
    """Knows no order, and answers one that comes as it is told to."""

    def __init__(self, answer: SupplyFact | Exception) -> None:
        self.answer, self.sent = answer, 0

    async def query(self, request_no: str, supplier_ref: str | None) -> SupplyFact:
        return NOT_FOUND

    async def submit(self, ask: SupplyAsk) -> SupplyFact:
        self.sent += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Awaitable[SupplyFact | None]]:
    async def made(_engine: object, _target: str, _operation: str, _reference: str, work: Any) -> calls.Answer[Any]:
        return await calls.attempt(work)

    class NoShop:
        engine = None

    async def ask(supply: Forgetful, again: bool) -> SupplyFact | None:
        question = Question(cast(Supply, supply), ASK, None, "supplier:x", 5, again)
        return await purchase_asking._answer(cast(Shop, NoShop()), question)

    monkeypatch.setattr(calls, "made", made)
    return ask


@pytest.mark.anyio
@pytest.mark.parametrize(
    "answer", [SupplierRefusedError("insufficient_stock", "", 409), UnknownOutcomeError("no answer in time")]
)
async def test_a_second_order_that_is_refused_leaves_the_first_open(
    asked: Callable[..., Awaitable[SupplyFact | None]], answer: Exception
) -> None:
    supply = Forgetful(answer)
    assert await asked(supply, again=True) is NOT_FOUND
    assert supply.sent == 1


@pytest.mark.anyio
async def test_a_second_order_that_is_taken_tells_what_became_of_the_first(
    asked: Callable[..., Awaitable[SupplyFact | None]],
) -> None:
    taken = SupplyFact("processing", "P1", "7")
    assert await asked(Forgetful(taken), again=True) is taken


@pytest.mark.anyio
async def test_nothing_is_sent_again_when_it_is_too_late(asked: Callable[..., Awaitable[SupplyFact | None]]) -> None:
    supply = Forgetful(SupplyFact("processing", "P1", "7"))
    assert await asked(supply, again=False) is NOT_FOUND
    assert supply.sent == 0


def test_that_an_order_was_not_found_is_of_when_it_was_asked_for() -> None:
    """A slow answer to a question of the 59th second says nothing about the 60th."""
    with clock.at(SENT + timedelta(seconds=70)):
        assert purchase_asking._found_at(NOT_FOUND, SENT) == SENT
        assert purchase_asking._found_at(SupplyFact("failed", "P1"), SENT) == SENT + timedelta(seconds=70)
        assert purchase_asking._found_at(None, SENT) == SENT + timedelta(seconds=70)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("fact", "heard"),
    [
        (SupplyFact("failed", "P1", code="not_sent"), "silent"),
        (SupplyFact("failed", "P1", code="insufficient_stock"), "answered"),
        (SupplyFact("processing", "P1"), "answered"),
        (NOT_FOUND, "answered"),
    ],
)
async def test_a_supplier_that_could_not_be_reached_has_not_answered(
    monkeypatch: pytest.MonkeyPatch, fact: SupplyFact, heard: str
) -> None:
    """Otherwise its breaker would never open while it is down."""
    said: list[str] = []

    async def answered(_session: object, _channel_id: int) -> None:
        said.append("answered")

    async def silent(_session: object, _channel_id: int, _at: datetime) -> None:
        said.append("silent")

    monkeypatch.setattr(breaker, "answered", answered)
    monkeypatch.setattr(breaker, "silent", silent)
    await purchase_facts._heard(cast(WriteSession, None), Purchase(channel_id=1), fact, SENT)
    assert said == [heard]
