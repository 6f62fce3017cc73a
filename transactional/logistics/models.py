"""Parcels: where an order's goods go, what was sent, and what its courier said of it."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from transactional.db import Numbered, Public
from transactional.logistics.rules import CONFIRMED_BY, HEARD_BY, PURPOSES, STATES

OF_AN_ORDER = "(purpose = 'order') = (order_id is not null)"


class Destination(Public):
    """One row per order, or prize, that is sent somewhere: a sealed copy of the address as it was then.

    `reference` is the order's number, or the prize's.
    """

    __tablename__ = "destination"
    __table_args__ = (
        UniqueConstraint("purpose", "reference"),
        CheckConstraint(f"purpose in {PURPOSES!r}", name="purpose"),
        CheckConstraint(OF_AN_ORDER, name="of_an_order"),
    )

    purpose: Mapped[str] = mapped_column(Text)
    reference: Mapped[str] = mapped_column(Text)
    order_id: Mapped[int | None] = mapped_column(ForeignKey("shop.orders.id"), unique=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("shop.customer.id"), index=True)
    data_key_id: Mapped[int] = mapped_column(ForeignKey("shop.data_key.id"))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class Shipment(Public):
    """One row per parcel. `state` is the courier's newest word, `heard` how many events that word came with.

    A tracking number by itself names no person: it stays in clear, so that it can be found.
    """

    __tablename__ = "shipment"
    __table_args__ = (
        UniqueConstraint("courier", "tracking_no"),
        CheckConstraint(f"purpose in {PURPOSES!r}", name="purpose"),
        CheckConstraint(OF_AN_ORDER, name="of_an_order"),
        CheckConstraint(f"state in {STATES!r}", name="state"),
        CheckConstraint(f"confirmed_by in {CONFIRMED_BY!r}", name="confirmed_by"),
        CheckConstraint("(confirmed_at is null) = (confirmed_by is null)", name="confirmed"),
        Index("shipment_open_idx", "sent_at", postgresql_where=text("confirmed_at is null")),
        Index("shipment_tracking_no_idx", "tracking_no"),
    )

    purpose: Mapped[str] = mapped_column(Text)
    reference: Mapped[str] = mapped_column(Text)
    order_id: Mapped[int | None] = mapped_column(ForeignKey("shop.orders.id"), index=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("shop.customer.id"), index=True)
    courier: Mapped[str] = mapped_column(Text)
    tracking_no: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, server_default="sent")
    heard: Mapped[int] = mapped_column(server_default="0")
    sent_at: Mapped[datetime]
    sent_by: Mapped[int | None] = mapped_column(ForeignKey("shop.staff.id"))
    last_event_at: Mapped[datetime | None]
    signed_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    confirmed_by: Mapped[str | None] = mapped_column(Text)
    subscribed_at: Mapped[datetime | None]
    ask_at: Mapped[datetime | None]
    times_asked: Mapped[int] = mapped_column(server_default="0")


class ShipmentItem(Numbered):
    """One row per unit of an order that went into a parcel."""

    __tablename__ = "shipment_item"
    append_only = True

    shipment_id: Mapped[int] = mapped_column(ForeignKey("shop.shipment.id"), index=True)
    fulfilment_id: Mapped[int] = mapped_column(ForeignKey("shop.fulfilment.id"), unique=True)


class ShipmentEvent(Numbered):
    """What the courier said, once. Its words are sealed: they name who signed, and whom to call."""

    __tablename__ = "shipment_event"
    __table_args__ = (
        UniqueConstraint("shipment_id", "word_index"),
        CheckConstraint(f"heard_by in {HEARD_BY!r}", name="heard_by"),
    )
    append_only = True

    shipment_id: Mapped[int] = mapped_column(ForeignKey("shop.shipment.id"))
    happened_at: Mapped[datetime]
    heard_by: Mapped[str] = mapped_column(Text)
    word_index: Mapped[bytes] = mapped_column(LargeBinary)
    data_key_id: Mapped[int] = mapped_column(ForeignKey("shop.data_key.id"))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
