"""Codes taken out in clear: recorded with the reason, and without those of customers."""

import csv
import io
from uuid import UUID

import pytest

from tests.transactional.small_shop import PRICE_FEN, Stocked
from transactional.cards.card_import import import_batch
from transactional.cards.examination import BatchFile
from transactional.cards.export import export_batch
from transactional.cards.schemas import CardBatchView
from transactional.db import writing
from transactional.errors import NotFoundError

pytestmark = pytest.mark.anyio
FILE = b"code,secret,expires\nPLAIN-1,11,2099-12-31\n=1+1,,\n@SUM(A1),-2,\n"


async def batch_of(stocked: Stocked) -> CardBatchView:
    shop = stocked.shop
    async with writing(shop.engine) as session:
        return await import_batch(session, shop.vault, BatchFile("a.csv", FILE), stocked.sku.code, None, "", shop.zone)


async def export(stocked: Stocked, batch: UUID, **options: bool) -> list[list[str]]:
    async with writing(stocked.shop.engine) as session:
        content = await export_batch(session, stocked.shop.vault, batch, "audit", None, **options)
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


async def test_an_export_holds_the_codes_as_text_and_is_on_record(stocked: Stocked) -> None:
    batch = await batch_of(stocked)
    assert await export(stocked, batch.id) == [
        ["code", "secret", "state", "expires_at"],
        ["PLAIN-1", "11", "available", "2099-12-31T16:00:00+00:00"],
        ["'=1+1", "", "available", ""],
        ["'@SUM(A1)", "'-2", "available", ""],
    ]
    assert await stocked.rows("select card_count, reason from shop.card_export") == [(3, "audit")]
    assert await stocked.rows("select act, subject, detail from shop.staff_act") == [
        ("export_cards", f"card-batch:{batch.id}", {"count": 3, "delivered": False})
    ]


async def test_customers_codes_come_out_only_when_asked_for(stocked: Stocked) -> None:
    batch = await batch_of(stocked)
    buyer = await stocked.customer("li", PRICE_FEN)
    await stocked.shop.intake.buy(buyer.id, stocked.sku.id, 1, "key-1")
    assert len(await export(stocked, batch.id)) == 3
    assert sorted(row[2] for row in (await export(stocked, batch.id, delivered=True))[1:]) == [
        "available",
        "available",
        "delivered",
    ]


async def test_the_same_command_again_is_recorded_once_and_no_batch_is_not_found(stocked: Stocked) -> None:
    batch = await batch_of(stocked)
    await export(stocked, batch.id)
    await export(stocked, batch.id, repeated=True)
    assert await stocked.rows("select count(*) from shop.card_export") == [(1,)]
    with pytest.raises(NotFoundError):
        await export(stocked, stocked.sku.id)
