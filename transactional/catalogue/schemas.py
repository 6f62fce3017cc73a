"""What the catalogue shows and accepts: categories, products, SKUs with price in force and true stock."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field
from typing_extensions import TypeAliasType

from transactional.catalogue.forms import FormField
from transactional.catalogue.offers import ProductKind
from transactional.schemas import Command, View

PublishState = TypeAliasType("PublishState", Literal["draft", "published", "withdrawn"])
ProductOrder = TypeAliasType("ProductOrder", Literal["shelf", "popular", "new", "cheap", "dear"])
Slug = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80, examples=["game-cards"])
Name = Field(min_length=1, max_length=200)
MAX_PER_ORDER = 100
Form = Annotated[tuple[FormField, ...], Field(max_length=20)]


class CategoryView(View):
    id: UUID
    slug: str
    name_zh: str
    name_en: str
    position: int = Field(default=0, description="Categories are shown by it, smallest first")
    product_count: int = Field(description="Published products")


class BundlePartView(View):
    """What one unit of a bundle contains of a SKU."""

    sku_id: UUID
    sku_code: str
    sku_name_zh: str
    sku_name_en: str
    product_title_zh: str
    product_title_en: str
    quantity: int
    list_price_fen: int | None


class SkuView(View):
    id: UUID
    code: str
    name_zh: str
    name_en: str
    publish_state: PublishState
    list_price_fen: int | None = Field(description="Price in force; null when none is set yet")
    stock: int | None = Field(description="What can be sold at this moment; null: made to order")
    max_per_order: int = MAX_PER_ORDER
    duration_days: int | None = Field(default=None, description="How long a membership runs")
    parts: tuple[BundlePartView, ...] = Field(default=(), description="What a bundle contains")


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
    stock: int | None = Field(description="What can be sold over its published SKUs; null: made to order")
    picture: str | None = Field(default=None, description="Hash of its picture: /pictures/<hash>/wide.webp, small.webp")
    sold_units: int = Field(default=0, description="Paid for and kept in the last 30 days, counted hourly")


class ProductView(ProductCard):
    """A product in full."""

    category_name_zh: str
    category_name_en: str
    description_zh: str
    description_en: str
    tutorial_zh: str
    tutorial_en: str
    delivery_form: tuple[FormField, ...] = Field(default=(), description="What the buyer is asked")
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
    delivery_form: Form = ()


class NewSku(Command):
    product_slug: str
    code: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=80, examples=["STEAM-50"])
    name_zh: str = Name
    name_en: str = Name
    position: int = 0
    publish_state: PublishState = "published"
    list_price_fen: int | None = Field(default=None, ge=0, le=100_000_000)
    max_per_order: int = Field(default=MAX_PER_ORDER, ge=1, le=MAX_PER_ORDER)
    duration_days: int | None = Field(default=None, ge=1, le=3660, description="Of a membership")


class CategoryChange(Command):
    """What of a category is changed; a field that is not given stays."""

    name_zh: str | None = Field(default=None, min_length=1, max_length=200)
    name_en: str | None = Field(default=None, min_length=1, max_length=200)
    position: int | None = Field(default=None, ge=-1_000_000, le=1_000_000)


class ProductChange(Command):
    """What of a product is changed; a field that is not given stays. Its kind and address never change."""

    category_slug: str | None = None
    title_zh: str | None = Field(default=None, min_length=1, max_length=200)
    title_en: str | None = Field(default=None, min_length=1, max_length=200)
    description_zh: str | None = Field(default=None, max_length=10_000)
    description_en: str | None = Field(default=None, max_length=10_000)
    tutorial_zh: str | None = Field(default=None, max_length=10_000)
    tutorial_en: str | None = Field(default=None, max_length=10_000)


class SkuChange(Command):
    """What of a SKU is changed; a field that is not given stays. Its code never changes."""

    name_zh: str | None = Field(default=None, min_length=1, max_length=200)
    name_en: str | None = Field(default=None, min_length=1, max_length=200)
    position: int | None = Field(default=None, ge=-1_000_000, le=1_000_000)

    publish_state: PublishState | None = None
    max_per_order: int | None = Field(default=None, ge=1, le=MAX_PER_ORDER)
    duration_days: int | None = Field(default=None, ge=1, le=3660)


class NewPart(Command):
    sku_code: str
    quantity: int = Field(default=1, ge=1, le=MAX_PER_ORDER)


class NewParts(Command):
    """All that one unit of a bundle contains, in the order shown."""

    parts: tuple[NewPart, ...] = Field(min_length=1, max_length=50)


class NewForm(Command):
    """All questions to the buyer of a product; none: an empty list."""

    fields: Form


class NewPrice(Command):
    sku_code: str
    list_price_fen: int = Field(ge=0, le=100_000_000)
    valid_from: AwareDatetime | None = Field(default=None, description="Default: now; never in the past")


class PublishChange(Command):
    publish_state: PublishState


class PriceView(View):
    sku_code: str
    list_price_fen: int
    valid_from: datetime
