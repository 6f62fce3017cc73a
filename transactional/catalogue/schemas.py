"""What the catalogue shows and accepts: categories, products, SKUs with price in force and true stock."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from transactional.schemas import Command, View

ProductKind = Literal["card_code", "api_topup", "manual_service", "physical", "bundle", "membership"]
PublishState = Literal["draft", "published", "withdrawn"]
Slug = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80, examples=["game-cards"])
Name = Field(min_length=1, max_length=200)


class CategoryView(View):
    id: UUID
    slug: str
    name_zh: str
    name_en: str
    product_count: int = Field(description="Published products")


class SkuView(View):
    id: UUID
    code: str
    name_zh: str
    name_en: str
    publish_state: PublishState
    list_price_fen: int | None = Field(description="Price in force; null when none is set yet")
    stock: int = Field(description="Free codes at this moment")


class ProductCard(View):
    """A product in a list."""

    id: UUID
    slug: str
    kind: ProductKind
    title_zh: str
    title_en: str
    category_slug: str
    publish_state: PublishState
    from_price_fen: int | None = Field(description="Lowest price in force of its published SKUs")
    stock: int = Field(description="Free codes over its published SKUs")


class ProductView(ProductCard):
    """A product in full."""

    category_name_zh: str
    category_name_en: str
    description_zh: str
    description_en: str
    tutorial_zh: str
    tutorial_en: str
    skus: tuple[SkuView, ...]


class ProductList(View):
    items: tuple[ProductCard, ...]
    total: int


class NewCategory(Command):
    slug: str = Slug
    name_zh: str = Name
    name_en: str = Name
    position: int = 0


class NewProduct(Command):
    category_slug: str
    slug: str = Slug
    kind: ProductKind = "card_code"
    title_zh: str = Name
    title_en: str = Name
    description_zh: str = Field(default="", max_length=10_000)
    description_en: str = Field(default="", max_length=10_000)
    tutorial_zh: str = Field(default="", max_length=10_000)
    tutorial_en: str = Field(default="", max_length=10_000)
    publish_state: PublishState = "draft"


class NewSku(Command):
    product_slug: str
    code: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=80, examples=["STEAM-50"])
    name_zh: str = Name
    name_en: str = Name
    position: int = 0
    publish_state: PublishState = "published"
    list_price_fen: int | None = Field(default=None, ge=0, le=100_000_000)


class NewPrice(Command):
    sku_code: str
    list_price_fen: int = Field(ge=0, le=100_000_000)
    valid_from: datetime | None = Field(default=None, description="Default: now; never in the past")


class PublishChange(Command):
    publish_state: PublishState


class PriceView(View):
    sku_code: str
    list_price_fen: int
    valid_from: datetime
