"""What couriers charged: their statements, line by line, each with the parcel that it is of."""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from transactional.db import Public
from transactional.logistics.charge_rules import CHARGE_KINDS
from transactional.statement_intake import FileStatement


class CourierStatement(FileStatement):
    """One row per accepted file of a courier; `from_date` to `to_date` are the days that it names."""

    __tablename__ = "courier_statement"

    courier: Mapped[str] = mapped_column(Text)


class CourierCharge(Public):
    """One row per line of a courier's statement and order item in its parcel; one without an item where none is known.

    A line's amount is shared over the items by their units. `amount_fen` is what the statement says, `posted_fen` what
    that added to the ledger: all of it, its difference to what was posted before, or nothing. So the `posted_fen` of a
    courier's tracking number, kind and `reference` (the courier's own of the line, if it has one) add up to the newest
    amount.
    """

    __tablename__ = "courier_charge"
    __table_args__ = (
        UniqueConstraint("statement_id", "line_no", "part_no"),
        Index("courier_charge_courier_tracking_no_idx", "courier", "tracking_no"),
        CheckConstraint(f"charge_kind in {CHARGE_KINDS!r}", name="kind"),
    )
    append_only = True

    statement_id: Mapped[int] = mapped_column(ForeignKey("shop.courier_statement.id"))
    line_no: Mapped[int]
    part_no: Mapped[int]
    courier: Mapped[str] = mapped_column(Text)
    tracking_no: Mapped[str] = mapped_column(Text)
    charge_kind: Mapped[str] = mapped_column(Text)
    reference: Mapped[str] = mapped_column(Text, server_default="")
    charged_date: Mapped[date]
    amount_fen: Mapped[int]
    posted_fen: Mapped[int]
    shipment_id: Mapped[int | None] = mapped_column(ForeignKey("shop.shipment.id"), index=True)
    order_item_id: Mapped[int | None] = mapped_column(ForeignKey("shop.order_item.id"), index=True)
