"""Statements of advertising platforms and couriers, and what their lines posted."""

import sqlalchemy as sa
from alembic import op

from transactional.migrations.tables import check, create, index, instant, number, octets, points_to, text, unique

revision = "0017"
down_revision = "0016"

CHARGE_KINDS = "charge_kind in ('freight', 'return', 'insurance', 'packing', 'surcharge', 'claim', 'other')"


def upgrade() -> None:
    _statement("ad_statement", "platform")
    _ad_spend()
    _statement("courier_statement", "courier")
    _courier_charges()


def downgrade() -> None:
    raise RuntimeError("history is never taken back: write a new revision")


def _statement(table: str, sender: str) -> None:
    create(
        table,
        text(sender),
        _day("from_date"),
        _day("to_date"),
        text("file_name"),
        octets("file_sha256"),
        text("source"),
        number("line_count"),
        number("total_fen"),
        number("imported_by", required=False),
        instant("imported_at", now=True),
        check(table, "period", "from_date <= to_date"),
        points_to(table, "imported_by", "staff"),
        unique(table, "file_sha256"),
        public=True,
        append_only=True,
    )


def _ad_spend() -> None:
    create(
        "ad_spend",
        number("statement_id"),
        number("line_no", required=False),
        text("platform"),
        _day("spend_date"),
        text("campaign_code"),
        text("acquisition_channel"),
        number("amount_fen"),
        number("posted_fen"),
        number("clicks", required=False),
        number("impressions", required=False),
        check("ad_spend", "counts", "clicks >= 0 and impressions >= 0"),
        points_to("ad_spend", "statement_id", "ad_statement"),
        sa.UniqueConstraint(
            "statement_id",
            "spend_date",
            "campaign_code",
            "acquisition_channel",
            name=op.f("ad_spend_once_a_statement_key"),
        ),
        public=True,
        append_only=True,
    )
    index("ad_spend", "platform", "spend_date")


def _courier_charges() -> None:
    create(
        "courier_charge",
        number("statement_id"),
        number("line_no"),
        number("part_no"),
        text("courier"),
        text("tracking_no"),
        text("charge_kind"),
        text("reference", default=""),
        _day("charged_date"),
        number("amount_fen"),
        number("posted_fen"),
        number("shipment_id", required=False),
        number("order_item_id", required=False),
        check("courier_charge", "kind", CHARGE_KINDS),
        points_to("courier_charge", "statement_id", "courier_statement"),
        points_to("courier_charge", "shipment_id", "shipment"),
        points_to("courier_charge", "order_item_id", "order_item"),
        unique("courier_charge", "statement_id", "line_no", "part_no"),
        public=True,
        append_only=True,
    )
    index("courier_charge", "courier", "tracking_no")
    index("courier_charge", "shipment_id")
    index("courier_charge", "order_item_id")


def _day(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Date(), nullable=False)
