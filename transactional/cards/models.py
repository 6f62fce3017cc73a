"""The encrypted pool of card codes: data keys, batches, cards, what went wrong with them, and who saw them."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, LargeBinary, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from transactional.db import Numbered, Public

CARD_STATES = ("available", "delivered", "defective", "void")


class DataKey(Numbered):
    """A key that encrypts codes, itself wrapped (AES-256-GCM) by the master key outside the database.

    A batch of codes has its own; other purposes have one a `period`. Superseded, it seals nothing new.
    """

    __tablename__ = "data_key"
    __table_args__ = (
        Index(
            "data_key_purpose_key",
            "purpose",
            "period",
            unique=True,
            postgresql_where=text("superseded_at is null and period is not null"),
        ),
    )

    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
    master_key_fingerprint: Mapped[str] = mapped_column(Text)
    purpose: Mapped[str] = mapped_column(Text, server_default="codes")
    period: Mapped[str | None] = mapped_column(Text)
    superseded_at: Mapped[datetime | None]


class CardBatch(Public):
    """One row per import of codes, or per intake of physical units (no file); its cost is split over its cards."""

    __tablename__ = "card_batch"
    __table_args__ = (CheckConstraint("card_count > 0", name="not_empty"),)

    sku_id: Mapped[int] = mapped_column(ForeignKey("shop.sku.id"), index=True)
    supplier_name: Mapped[str] = mapped_column(Text, server_default="")
    supplier_id: Mapped[int | None] = mapped_column(ForeignKey("shop.supplier.id"), index=True)
    card_count: Mapped[int]
    total_cost_fen: Mapped[int | None]
    file_name: Mapped[str] = mapped_column(Text)
    file_sha256: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    imported_by: Mapped[int | None] = mapped_column(ForeignKey("shop.staff.id"))
    imported_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime | None]


class Card(Numbered):
    """One row per code, or per unit of physical stock, which has no ciphertext.

    `free_at` is −infinity when free, a hold's end when held, infinity when it can never be sold again. A hold belongs
    to `held_item_id` until another claims the card, even after its end. `expires_at` is the batch's unless the file
    named another; a card voided after it was an expired one.
    """

    __tablename__ = "card"
    __table_args__ = (
        CheckConstraint(f"state in {CARD_STATES!r}", name="state"),
        CheckConstraint(
            "(state = 'delivered') <= (delivered_fulfilment_id is not null and free_at = 'infinity')",
            name="delivered_has_fulfilment",
        ),
        Index(
            "card_free_idx",
            "sku_id",
            "free_at",
            "pick",
            postgresql_where=text("delivered_fulfilment_id is null"),
        ),
        Index("card_held_idx", "held_item_id", postgresql_where=text("held_item_id is not null")),
    )

    batch_id: Mapped[int] = mapped_column(ForeignKey("shop.card_batch.id"), index=True)
    sku_id: Mapped[int] = mapped_column(ForeignKey("shop.sku.id"))
    data_key_id: Mapped[int | None] = mapped_column(ForeignKey("shop.data_key.id"))
    ciphertext: Mapped[bytes | None] = mapped_column(LargeBinary)
    fingerprint: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    cost_fen: Mapped[int | None]
    state: Mapped[str] = mapped_column(Text, server_default="available")
    free_at: Mapped[datetime] = mapped_column(server_default=text("'-infinity'"))
    pick: Mapped[int] = mapped_column(Integer, server_default=text("(random() * 2147483647)::int"))
    delivered_fulfilment_id: Mapped[int | None] = mapped_column(ForeignKey("shop.fulfilment.id"), unique=True)
    held_item_id: Mapped[int | None] = mapped_column(ForeignKey("shop.order_item.id"))
    expires_at: Mapped[datetime | None]
    voided_at: Mapped[datetime | None]


class CardReveal(Numbered):
    """One row per act of showing a code, or the sealed content of a manual delivery, to its owner."""

    __tablename__ = "card_reveal"
    __table_args__ = (
        CheckConstraint("num_nonnulls(card_id, sealed_delivery_id) = 1", name="one_subject"),
        Index("card_reveal_customer_idx", "customer_id", "revealed_at"),
    )
    append_only = True

    card_id: Mapped[int | None] = mapped_column(ForeignKey("shop.card.id"), index=True)
    sealed_delivery_id: Mapped[int | None] = mapped_column(ForeignKey("shop.sealed_delivery.id"), index=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("shop.customer.id"))
    revealed_at: Mapped[datetime] = mapped_column(server_default=func.now())


class SealedDelivery(Public):
    """What staff handed over by hand for a fulfilment, sealed like a code."""

    __tablename__ = "sealed_delivery"

    fulfilment_id: Mapped[int] = mapped_column(ForeignKey("shop.fulfilment.id"), unique=True)
    data_key_id: Mapped[int] = mapped_column(ForeignKey("shop.data_key.id"))
    ciphertext: Mapped[bytes] = mapped_column(LargeBinary)
    written_by: Mapped[int | None] = mapped_column(ForeignKey("shop.staff.id"))


class CardDefect(Public):
    """One row per code that turned out bad: never sold (no fulfilment), or sold and perhaps replaced."""

    __tablename__ = "card_defect"
    append_only = True

    card_id: Mapped[int] = mapped_column(ForeignKey("shop.card.id"), unique=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("shop.card_batch.id"), index=True)
    fulfilment_id: Mapped[int | None] = mapped_column(ForeignKey("shop.fulfilment.id"), index=True)
    replacement_card_id: Mapped[int | None] = mapped_column(ForeignKey("shop.card.id"), index=True)
    cost_fen: Mapped[int | None]
    reason: Mapped[str] = mapped_column(Text)
    reported_by: Mapped[int | None] = mapped_column(ForeignKey("shop.staff.id"))
    reported_at: Mapped[datetime] = mapped_column(server_default=func.now())


class BatchCredit(Public):
    """What a supplier gave back for bad codes of a batch."""

    __tablename__ = "batch_credit"
    __table_args__ = (CheckConstraint("amount_fen > 0", name="positive"),)
    append_only = True

    batch_id: Mapped[int] = mapped_column(ForeignKey("shop.card_batch.id"), index=True)
    amount_fen: Mapped[int]
    reason: Mapped[str] = mapped_column(Text, server_default="")
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("shop.staff.id"))
    credited_at: Mapped[datetime] = mapped_column(server_default=func.now())


class BatchCostCorrection(Public):
    """A batch's cost learnt late or corrected: the whole difference, split over its cards to the fen."""

    __tablename__ = "batch_cost_correction"
    append_only = True

    batch_id: Mapped[int] = mapped_column(ForeignKey("shop.card_batch.id"), index=True)
    difference_fen: Mapped[int]
    reason: Mapped[str] = mapped_column(Text, server_default="")
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("shop.staff.id"))
    corrected_at: Mapped[datetime] = mapped_column(server_default=func.now())


class CardExport(Public):
    """One row per time that staff took codes out in clear."""

    __tablename__ = "card_export"
    append_only = True

    batch_id: Mapped[int] = mapped_column(ForeignKey("shop.card_batch.id"), index=True)
    card_count: Mapped[int]
    reason: Mapped[str] = mapped_column(Text)
    exported_by: Mapped[int | None] = mapped_column(ForeignKey("shop.staff.id"))
    exported_at: Mapped[datetime] = mapped_column(server_default=func.now())
