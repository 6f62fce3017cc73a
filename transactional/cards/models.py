"""The encrypted pool of card codes: data keys, batches, cards and the log of reveals."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, LargeBinary, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from transactional.db import Numbered, Public

CARD_STATES = ("available", "delivered", "defective", "void")


class DataKey(Numbered):
    """A key that encrypts codes, itself wrapped (AES-256-GCM) by the master key outside the database."""

    __tablename__ = "data_key"

    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
    master_key_fingerprint: Mapped[str] = mapped_column(Text)


class CardBatch(Public):
    """One row per import of codes; the whole cost is split over its cards to the fen."""

    __tablename__ = "card_batch"
    __table_args__ = (CheckConstraint("card_count > 0", name="not_empty"),)

    sku_id: Mapped[int] = mapped_column(ForeignKey("shop.sku.id"), index=True)
    supplier_name: Mapped[str] = mapped_column(Text, server_default="")
    card_count: Mapped[int]
    total_cost_fen: Mapped[int | None]
    file_name: Mapped[str] = mapped_column(Text)
    file_sha256: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    imported_by: Mapped[int | None] = mapped_column(ForeignKey("shop.staff.id"))
    imported_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Card(Numbered):
    """One row per code. `free_at` is −infinity when free, a hold's end when held, infinity when delivered."""

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


class CardReveal(Numbered):
    """One row per act of showing a code to its owner."""

    __tablename__ = "card_reveal"
    append_only = True

    card_id: Mapped[int] = mapped_column(ForeignKey("shop.card.id"), index=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("shop.customer.id"))
    revealed_at: Mapped[datetime] = mapped_column(server_default=func.now())
