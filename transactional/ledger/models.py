"""The double-entry ledger: accounts, transactions, entries, document lines, seals and closed months."""

from datetime import date, datetime

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from transactional.db import Numbered, Public, Row
from transactional.ledger.rules import COMPONENTS


class LedgerAccount(Row):
    """The chart of accounts; rows come with migrations."""

    __tablename__ = "ledger_account"
    __table_args__ = (CheckConstraint("kind in ('asset', 'liability', 'income', 'expense')", name="kind"),)

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    margin_level: Mapped[int | None]
    name_zh: Mapped[str] = mapped_column(Text)
    name_en: Mapped[str] = mapped_column(Text)
    position: Mapped[int]


class LedgerTransaction(Public):
    """One row per business event that was posted, once, under its reference."""

    __tablename__ = "ledger_transaction"
    append_only = True

    reference: Mapped[str] = mapped_column(Text, unique=True)
    event: Mapped[str] = mapped_column(Text)
    effective_at: Mapped[datetime]
    ledger_date: Mapped[date] = mapped_column(index=True)
    order_id: Mapped[int | None] = mapped_column(ForeignKey("shop.orders.id"), index=True)


class LedgerEntry(Numbered):
    """One row per signed amount: debit positive, credit negative. A transaction's entries arrive in one statement."""

    __tablename__ = "ledger_entry"
    __table_args__ = (
        CheckConstraint("amount_fen <> 0", name="not_zero"),
        Index("ledger_entry_customer_idx", "customer_id", "account"),
        Index("ledger_entry_supplier_idx", "supplier_id", "account", postgresql_where=text("supplier_id is not null")),
    )
    append_only = True

    transaction_id: Mapped[int] = mapped_column(ForeignKey("shop.ledger_transaction.id"), index=True)
    account: Mapped[str] = mapped_column(ForeignKey("shop.ledger_account.code"))
    amount_fen: Mapped[int]
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("shop.customer.id"))
    order_item_id: Mapped[int | None] = mapped_column(ForeignKey("shop.order_item.id"))
    supplier_id: Mapped[int | None] = mapped_column(ForeignKey("shop.supplier.id"))
    channel_id: Mapped[int | None] = mapped_column(ForeignKey("shop.supply_channel.id"))


class DocumentLine(Public):
    """One row per amount of income or expense, written by what caused it; margins are summed from these."""

    __tablename__ = "document_line"
    __table_args__ = (CheckConstraint(f"component in {COMPONENTS!r}", name="component"),)
    append_only = True

    transaction_id: Mapped[int] = mapped_column(ForeignKey("shop.ledger_transaction.id"), index=True)
    kind: Mapped[str] = mapped_column(Text)
    component: Mapped[str] = mapped_column(Text)
    amount_fen: Mapped[int]
    order_item_id: Mapped[int | None] = mapped_column(ForeignKey("shop.order_item.id"), index=True)
    fulfilment_id: Mapped[int | None] = mapped_column(ForeignKey("shop.fulfilment.id"))
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("shop.customer.id"))
    effective_at: Mapped[datetime]
    supplier_id: Mapped[int | None] = mapped_column(ForeignKey("shop.supplier.id"))
    channel_id: Mapped[int | None] = mapped_column(ForeignKey("shop.supply_channel.id"))


class LedgerSeal(Public):
    """One row per batch of transactions sealed: their ids in leaf order, the Merkle root over them, the chained head.

    Leaves leave `row_xid` out, so that a restored database keeps its seals. `horizon_xid` is the number below which
    every ended transaction of this server is sealed; `lowest_id` and `highest_id` bound the ids.
    """

    __tablename__ = "ledger_seal"
    __table_args__ = (Index("ledger_seal_highest_id_lowest_id_idx", "highest_id", "lowest_id"),)
    append_only = True

    seal_no: Mapped[int] = mapped_column(unique=True)
    system_identifier: Mapped[str] = mapped_column(Text)
    horizon_xid: Mapped[int]
    transaction_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    lowest_id: Mapped[int]
    highest_id: Mapped[int]
    transaction_count: Mapped[int]
    merkle_root: Mapped[bytes] = mapped_column(LargeBinary)
    previous_head: Mapped[bytes] = mapped_column(LargeBinary)
    head: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_at: Mapped[datetime] = mapped_column(server_default=func.now())


class MonthClose(Public):
    """One row per closed month, named by its first day; nothing is dated into it any more."""

    __tablename__ = "month_close"
    __table_args__ = (CheckConstraint("extract(day from month) = 1", name="first_day"),)
    append_only = True

    month: Mapped[date] = mapped_column(unique=True)
    closed_by: Mapped[int | None] = mapped_column(ForeignKey("shop.staff.id"))
    closed_at: Mapped[datetime] = mapped_column(server_default=func.now())
