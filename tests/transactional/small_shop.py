"""A small shop to test with: one product, one SKU at ¥50, customers with money, codes in the pool."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text

from mingsuan.postgres import DatabaseUrls
from transactional.accounts import service as accounts
from transactional.accounts.models import Customer, Wallet
from transactional.accounts.schemas import CustomerSubject
from transactional.cards.card_import import import_batch
from transactional.cards.examination import BatchFile
from transactional.cards.schemas import CardBatchView
from transactional.catalogue import service as catalogue
from transactional.catalogue.schemas import NewCategory, NewProduct, NewSku, SkuView
from transactional.db import WriteSession, engine, reading, writing
from transactional.shop import Shop

PRICE_FEN = 5000


@dataclass(frozen=True)
class Stocked:
    """A shop that sells one SKU."""

    shop: Shop
    sku: SkuView

    async def customer(self, name: str, balance_fen: int = 0) -> CustomerSubject:
        async with writing(self.shop.engine) as session:
            return await with_money(session, self.shop, name, balance_fen)

    async def stock(self, codes: Sequence[str], cost_fen: int | None = None) -> CardBatchView:
        async with writing(self.shop.engine) as session:
            return await stock(session, self.shop, self.sku.code, codes, cost_fen)

    async def rows(self, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        async with writing(self.shop.engine) as session:
            return [tuple(row) for row in await session.execute(text(sql), values)]


async def one_sku(session: WriteSession, code: str = "STEAM-50", price_fen: int | None = PRICE_FEN) -> SkuView:
    """A published SKU in a published product."""
    slug = code.lower()
    await catalogue.add_category(session, NewCategory(slug=f"c-{slug}", name_zh="游戏", name_en="Games"))
    product = NewProduct(
        category_slug=f"c-{slug}", slug=slug, title_zh="点卡", title_en="Card", publish_state="published"
    )
    await catalogue.add_product(session, product)
    new = NewSku(product_slug=slug, code=code, name_zh="50 元", name_en="50 yuan", list_price_fen=price_fen)
    return await catalogue.add_sku(session, new)


async def with_money(session: WriteSession, shop: Shop, name: str, balance_fen: int) -> CustomerSubject:
    """A customer without a password, and with money that the ledger knows of."""
    customer = Customer(email=f"{name}@example.com", display_name=name)
    session.add(customer)
    await session.flush()
    session.add(Wallet(customer_id=customer.id))
    await session.flush()
    subject = CustomerSubject(customer.id, customer.public_id, f"{name}@example.com", name)
    if balance_fen:
        await accounts.credit_wallet(session, subject, balance_fen, "bank", f"start:{name}", shop.zone)
    return subject


async def stock(
    session: WriteSession, shop: Shop, sku_code: str, codes: Sequence[str], cost_fen: int | None
) -> CardBatchView:
    file = BatchFile("codes.csv", "\n".join(["code", *codes]).encode())
    return await import_batch(session, shop.vault, file, sku_code, cost_fen, "Supplier", shop.zone)


def codes(count: int, prefix: str = "CODE") -> list[str]:
    return [f"{prefix}-{number:04}-SECRET" for number in range(count)]


def unknown_sku() -> UUID:
    return UUID(int=0)


async def all_text(urls: DatabaseUrls) -> str:
    """Every row of every table of the shop as text; bytes as hex."""
    source = engine(urls.reader)
    tables = "select table_name from information_schema.tables where table_schema = 'shop'"
    try:
        async with reading(source) as session:
            names = list(await session.scalars(text(tables)))
            dumps = [await session.execute(text(f"select t::text from shop.{name} as t")) for name in names]
            return "\n".join(row for dump in dumps for row in dump.scalars())
    finally:
        await source.dispose()
