"""What is sold: categories, products, SKUs and their prices over time."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Text, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from transactional.db import Numbered, Public

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


class Sku(Public):
    """One row per variant that can be bought, such as a face value."""

    __tablename__ = "sku"
    __table_args__ = (CheckConstraint(f"publish_state in {PUBLISH_STATES!r}", name="publish_state"),)

    product_id: Mapped[int] = mapped_column(ForeignKey("shop.product.id"), index=True)
    code: Mapped[str] = mapped_column(Text, unique=True)
    name_zh: Mapped[str] = mapped_column(Text)
    name_en: Mapped[str] = mapped_column(Text)
    position: Mapped[int] = mapped_column(server_default="0")
    publish_state: Mapped[str] = mapped_column(Text, server_default="published")


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
