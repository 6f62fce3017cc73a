"""Claims for bad codes: from a complaint or from stock, told to the supplier, made good once, or refused."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.transactional.small_shop import Stocked, codes
from tests.transactional.suppliers.supplied_world import SuppliedWorld, supplied_world
from transactional.cards.defects import BadCode, report_defect
from transactional.db import writing
from transactional.errors import InvalidInputError
from transactional.outcomes import UnknownOutcomeError
from transactional.suppliers.channels import keeping as channels
from transactional.suppliers.channels.keeping import OpenChannel
from transactional.suppliers.errors import ClaimEndedError, NothingToClaimError
from transactional.suppliers.models import DefectClaim, SupplyChannel
from transactional.suppliers.money import claim_sending, claims
from transactional.suppliers.money.balances import Balance

pytestmark = pytest.mark.anyio


@pytest.fixture
async def world(stocked: Stocked) -> SuppliedWorld:
    return await supplied_world(stocked)


async def claimed(world: SuppliedWorld, state: str = "succeeded") -> DefectClaim:
    purchase = await world.bought(4000, state=state)
    async with writing(world.stocked.shop.engine) as session:
        return await claims.of_purchase(session, purchase.id, "does_not_work", world.staff_id)


async def accept(world: SuppliedWorld, claim: DefectClaim, fen: int = 4000) -> None:
    async with writing(world.stocked.shop.engine) as session:
        await claims.accept(session, claim.public_id, fen, "by mail", world.staff_id, world.stocked.shop.zone)


async def test_a_credit_is_posted_once_and_the_balance_follows(world: SuppliedWorld) -> None:
    await world.deposit(10_000)
    claim = await claimed(world)
    await accept(world, claim)
    with pytest.raises(ClaimEndedError):
        await accept(world, claim)
    assert await world.balance() == Balance(10_000, 0)
    sql = "select kind, amount_fen, supplier_id, channel_id from shop.document_line where component = 'supplier_losses'"
    assert await world.stocked.rows(sql) == [("purchase_credit", -4000, world.supplier_id, world.channel_id)]
    assert await world.findings() == []


async def test_a_credit_of_nothing_is_refused(world: SuppliedWorld) -> None:
    with pytest.raises(InvalidInputError):
        await accept(world, await claimed(world), 0)


async def test_a_refused_claim_leaves_the_loss(world: SuppliedWorld) -> None:
    claim = await claimed(world)
    async with writing(world.stocked.shop.engine) as session:
        await claims.reject(session, claim.public_id, "too late", world.staff_id)
    assert await world.stocked.rows("select state, credited_fen from shop.defect_claim") == [("rejected", None)]
    with pytest.raises(ClaimEndedError):
        await accept(world, claim)


async def test_a_purchase_is_claimed_once_and_only_when_it_brought_something(world: SuppliedWorld) -> None:
    claim = await claimed(world)
    async with writing(world.stocked.shop.engine) as session:
        with pytest.raises(NothingToClaimError):
            await claims.of_purchase(session, claim.purchase_id or 0, "again", world.staff_id)
    with pytest.raises(NothingToClaimError):
        await claimed(world, "failed")


async def test_a_complaint_claims_what_a_supplier_delivered_and_nothing_else(world: SuppliedWorld) -> None:
    bought = await world.bought(4000)
    async with writing(world.stocked.shop.engine) as session:
        assert await claims.complained(session, world.units, "does_not_work", world.staff_id) == 1
        assert await claims.complained(session, world.units, "does_not_work", world.staff_id) == 0
    assert await world.stocked.rows("select purchase_id from shop.defect_claim") == [(bought.id,)]


@pytest.mark.parametrize("is_known", [True, False])
async def test_a_bad_code_from_stock_is_claimed_from_a_known_supplier(world: SuppliedWorld, is_known: bool) -> None:
    shop = world.stocked.shop
    batch = await world.stocked.stock(codes(2, "NEW"), cost_fen=8000)
    sql = "update shop.card_batch set supplier_id = :s where public_id = :b returning id"
    await world.stocked.rows(sql, s=world.supplier_id if is_known else None, b=batch.id)
    async with writing(shop.engine) as session:
        bad = BadCode(shop.vault.fingerprint(codes(1, "NEW")[0]), None)
        await report_defect(session, bad, "used already", world.staff_id, shop.zone)
    rows = await world.stocked.rows("select supplier_id, claimed_fen from shop.defect_claim")
    assert rows == [(world.supplier_id, 4000)] * is_known


async def test_a_batch_of_a_known_supplier_is_owed_to_it_and_its_credit_is_set_off(world: SuppliedWorld) -> None:
    shop = world.stocked.shop
    await world.stocked.rows("update shop.supplier set name = 'Supplier', terms = 'on_account' returning id")
    await world.stocked.stock(codes(2, "NEW"), cost_fen=8000)
    assert await world.balance() == Balance(0, 8000)
    async with writing(shop.engine) as session:
        bad = BadCode(shop.vault.fingerprint(codes(1, "NEW")[0]), None)
        await report_defect(session, bad, "used already", world.staff_id, shop.zone)
    [[claim]] = await world.stocked.rows("select public_id from shop.defect_claim")
    async with writing(shop.engine) as session:
        await claims.accept(session, claim, 4000, "by mail", world.staff_id, shop.zone)
    assert await world.balance() == Balance(0, 4000)
    assert await world.findings() == []


class Listener:
    """Stands for a supplier that is told of bad codes."""

    def __init__(self, answer: str | Exception | None) -> None:
        self.answer, self.told = answer, list[tuple[Any, ...]]()

    async def report_defect(self, *about: Any) -> str | None:
        self.told.append(about)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def aclose(self) -> None:
        return None


@pytest.mark.parametrize(
    ("answer", "told", "state"),
    [("D-77", "sent", "sent"), (None, "no_way", "open"), (UnknownOutcomeError("no answer"), "unknown", "open")],
)
async def test_a_supplier_is_told_with_the_call_on_record(
    world: SuppliedWorld, monkeypatch: pytest.MonkeyPatch, answer: Any, told: str, state: str
) -> None:
    claim, listener, shop = await claimed(world), Listener(answer), world.stocked.shop

    @asynccontextmanager
    async def opening(*_: object) -> AsyncIterator[OpenChannel]:
        yield OpenChannel(SupplyChannel(code="fast"), listener)  # type: ignore[arg-type]

    monkeypatch.setattr(channels, "opening", opening)
    assert await claim_sending.send(shop.engine, shop.vault, claim.public_id, world.staff_id) == told
    [[number, reference]] = await world.stocked.rows("select request_no, supplier_ref from shop.purchase")
    assert listener.told == [(number, reference, "does_not_work")]
    assert await world.stocked.rows("select state, supplier_reference from shop.defect_claim") == [
        (state, "D-77" if state == "sent" else "")
    ]
    sql = "select outcome from shop.external_call where operation = 'report_defect'"
    assert await world.stocked.rows(sql) == [("unknown" if told == "unknown" else "succeeded",)]
