"""What is sold: categories, products, SKUs, their prices over time, and what a bundle consists of."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Text, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from transactional.db import Numbered, Public, Row

PRODUCT_KINDS = ("card_code", "api_topup", "manual_service", "physical", "bundle", "membership")
PUBLISH_STATES = ("draft", "published", "withdrawn")


class Category(Public):
    """One row per category of the storefront."""

    __tablename__ = "category"

    slug: Mapped[str] = mapped_column(Text, unique=True)
    name_zh: Mapped[str] = mapped_column(Text)
    name_en: Mapped[str] = mapped_column(Text)
    position: Mapped[int] = mapped_column(server_default="0")


class Product(Public):
    """One row per product; its kind decides how it is delivered."""

    __tablename__ = "product"
    __table_args__ = (
        CheckConstraint(f"kind in {PRODUCT_KINDS!r}", name="kind"),
        CheckConstraint(f"publish_state in {PUBLISH_STATES!r}", name="publish_state"),
    )

    category_id: Mapped[int] = mapped_column(ForeignKey("shop.category.id"), index=True)
    slug: Mapped[str] = mapped_column(Text, unique=True)
    kind: Mapped[str] = mapped_column(Text)
    title_zh: Mapped[str] = mapped_column(Text)
    title_en: Mapped[str] = mapped_column(Text)
    description_zh: Mapped[str] = mapped_column(Text, server_default="")
    description_en: Mapped[str] = mapped_column(Text, server_default="")
    tutorial_zh: Mapped[str] = mapped_column(Text, server_default="")
    tutorial_en: Mapped[str] = mapped_column(Text, server_default="")
    publish_state: Mapped[str] = mapped_column(Text, server_default="draft")
    published_at: Mapped[datetime | None]
    delivery_form: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default="[]")


class Sku(Public):
    """One row per variant that can be bought, such as a face value."""

    __tablename__ = "sku"
    __table_args__ = (
        CheckConstraint(f"publish_state in {PUBLISH_STATES!r}", name="publish_state"),
        CheckConstraint("max_per_order between 1 and 100", name="max_per_order"),
        CheckConstraint("duration_days > 0", name="duration"),
    )

    product_id: Mapped[int] = mapped_column(ForeignKey("shop.product.id"), index=True)
    code: Mapped[str] = mapped_column(Text, unique=True)
    name_zh: Mapped[str] = mapped_column(Text)
    name_en: Mapped[str] = mapped_column(Text)
    position: Mapped[int] = mapped_column(server_default="0")
    publish_state: Mapped[str] = mapped_column(Text, server_default="published")
    max_per_order: Mapped[int] = mapped_column(server_default="100")
    duration_days: Mapped[int | None]


class Price(Numbered):
    """One row per change of a SKU's list price; the one in force has the latest `valid_from` that has passed."""

    __tablename__ = "price"
    __table_args__ = (
        UniqueConstraint("sku_id", "valid_from"),
        CheckConstraint("list_price_fen >= 0", name="not_negative"),
    )
    append_only = True

    sku_id: Mapped[int] = mapped_column(ForeignKey("shop.sku.id"))
    list_price_fen: Mapped[int]
    valid_from: Mapped[datetime] = mapped_column(server_default=func.now())


class BundleItem(Numbered):
    """One row per part of a bundle; taken out of it, it stays on record with `removed_at`."""

    __tablename__ = "bundle_item"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("bundle_sku_id <> part_sku_id", name="not_itself"),
        Index(
            "bundle_item_part_key",
            "bundle_sku_id",
            "part_sku_id",
            unique=True,
            postgresql_where=text("removed_at is null"),
        ),
    )

    bundle_sku_id: Mapped[int] = mapped_column(ForeignKey("shop.sku.id"))
    part_sku_id: Mapped[int] = mapped_column(ForeignKey("shop.sku.id"), index=True)
    quantity: Mapped[int]
    position: Mapped[int] = mapped_column(server_default="0")
    removed_at: Mapped[datetime | None]


class ProductPicture(Numbered):
    """A picture of a product, made anew from what was uploaded (WebP), in two sizes; anybody may see it."""

    __tablename__ = "product_picture"
    __table_args__ = (
        UniqueConstraint("product_id", "sha256"),
        CheckConstraint("width > 0 and height > 0", name="size"),
    )

    product_id: Mapped[int] = mapped_column(ForeignKey("shop.product.id"))
    sha256: Mapped[bytes] = mapped_column(LargeBinary, index=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    small: Mapped[bytes] = mapped_column(LargeBinary)
    width: Mapped[int]
    height: Mapped[int]
    alt_zh: Mapped[str] = mapped_column(Text, server_default="")
    alt_en: Mapped[str] = mapped_column(Text, server_default="")
    removed_at: Mapped[datetime | None]


class ProductSales(Row):
    """How many units of a product were paid for and kept in the last thirty days, as of `counted_at`."""

    __tablename__ = "product_sales"

    product_id: Mapped[int] = mapped_column(ForeignKey("shop.product.id"), primary_key=True)
    units: Mapped[int]
    counted_at: Mapped[datetime]
