"""Orders, their lines, the fulfilment of each unit, what happened to them, and where imported ones came from."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Text, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from transactional.db import Numbered, Public
from transactional.orders.rules import FULFILMENT_STATES, ORDER_STATES, WAITS


class Order(Public):
    """One row per order; `order_no` is what people and gateways call it and is never reused."""

    __tablename__ = "orders"
    __table_args__ = (
        UniqueConstraint("source", "source_ref"),
        CheckConstraint(f"state in {ORDER_STATES!r}", name="state"),
        CheckConstraint("net_fen = gross_fen - discount_fen", name="net"),
        Index("orders_customer_id_ordered_at_idx", "customer_id", "ordered_at"),
        Index("orders_paid_at_idx", "paid_at", postgresql_using="brin"),
        Index("orders_unpaid_idx", "pay_by", postgresql_where=text("state = 'pending_payment'")),
        Index("orders_ordered_at_id_idx", "ordered_at", "id"),
        Index(
            "orders_unsettled_idx",
            "state",
            "ordered_at",
            "id",
            postgresql_where=text("state not in ('delivered', 'completed')"),
        ),
    )

    order_no: Mapped[str] = mapped_column(Text, unique=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("shop.customer.id"))
    state: Mapped[str] = mapped_column(Text)
    gross_fen: Mapped[int]
    discount_fen: Mapped[int] = mapped_column(server_default="0")
    net_fen: Mapped[int]
    ordered_at: Mapped[datetime] = mapped_column(server_default=func.now())
    paid_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    pay_by: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    source: Mapped[str | None] = mapped_column(Text)
    source_ref: Mapped[str | None] = mapped_column(Text)
    import_id: Mapped[int | None] = mapped_column(ForeignKey("shop.order_import.id"))


class OrderItem(Public):
    """One row per line of an order; the line's totals are authoritative, a unit price is only shown."""

    __tablename__ = "order_item"
    __table_args__ = (
        UniqueConstraint("order_id", "line_no"),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("net_fen = gross_fen - discount_fen", name="net"),
    )

    order_id: Mapped[int] = mapped_column(ForeignKey("shop.orders.id"))
    line_no: Mapped[int]
    sku_id: Mapped[int] = mapped_column(ForeignKey("shop.sku.id"), index=True)
    quantity: Mapped[int]
    gross_fen: Mapped[int]
    discount_fen: Mapped[int] = mapped_column(server_default="0")
    net_fen: Mapped[int]
    bundle_sku_id: Mapped[int | None] = mapped_column(ForeignKey("shop.sku.id"))
    bundle_quantity: Mapped[int | None]
    form_answers: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    sealed_answers: Mapped[bytes | None] = mapped_column(LargeBinary)
    answers_key_id: Mapped[int | None] = mapped_column(ForeignKey("shop.data_key.id"))


class Fulfilment(Public):
    """One row per unit of a code, or per line of other goods: what was handed over, when, at what cost."""

    __tablename__ = "fulfilment"
    __table_args__ = (
        UniqueConstraint("order_item_id", "unit_no"),
        CheckConstraint(f"state in {FULFILMENT_STATES!r}", name="state"),
        CheckConstraint(f"waits_for in {WAITS!r}", name="waits_for"),
        Index("fulfilment_waiting_idx", "waits_for", "id", postgresql_where=text("state = 'waiting'")),
    )

    order_item_id: Mapped[int] = mapped_column(ForeignKey("shop.order_item.id"))
    unit_no: Mapped[int]
    quantity: Mapped[int]
    state: Mapped[str] = mapped_column(Text)
    gross_fen: Mapped[int]
    discount_fen: Mapped[int]
    cost_fen: Mapped[int | None]
    delivered_at: Mapped[datetime | None]
    waits_for: Mapped[str | None] = mapped_column(Text)
    delivered_by: Mapped[int | None] = mapped_column(ForeignKey("shop.staff.id"))


class MembershipPeriod(Public):
    """One row per membership handed over: its net price becomes income day by day, `released_fen` of it so far."""

    __tablename__ = "membership_period"
    __table_args__ = (
        CheckConstraint("days > 0", name="days"),
        CheckConstraint("released_fen between 0 and net_fen", name="released"),
    )

    fulfilment_id: Mapped[int] = mapped_column(ForeignKey("shop.fulfilment.id"), unique=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("shop.customer.id"), index=True)
    starts_at: Mapped[datetime]
    days: Mapped[int]
    net_fen: Mapped[int]
    released_fen: Mapped[int] = mapped_column(server_default="0")
    ended_at: Mapped[datetime | None]


class CartItem(Numbered):
    """One row per SKU that a customer ever put into the cart; quantity 0 when it was taken out or ordered."""

    __tablename__ = "cart_item"
    __table_args__ = (
        UniqueConstraint("customer_id", "sku_id"),
        CheckConstraint("quantity between 0 and 100", name="quantity"),
    )

    customer_id: Mapped[int] = mapped_column(ForeignKey("shop.customer.id"))
    sku_id: Mapped[int] = mapped_column(ForeignKey("shop.sku.id"))
    quantity: Mapped[int]


class OrderEvent(Numbered):
    """What happened to an order, in order."""

    __tablename__ = "order_event"
    append_only = True

    order_id: Mapped[int] = mapped_column(ForeignKey("shop.orders.id"), index=True)
    kind: Mapped[str] = mapped_column(Text)
    happened_at: Mapped[datetime] = mapped_column(server_default=func.now())
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")


class OrderImport(Public):
    """One row per accepted file of order history."""

    __tablename__ = "order_import"
    append_only = True

    source: Mapped[str] = mapped_column(Text)
    file_name: Mapped[str] = mapped_column(Text)
    file_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    row_count: Mapped[int]
    new_row_count: Mapped[int]
    imported_at: Mapped[datetime] = mapped_column(server_default=func.now())
