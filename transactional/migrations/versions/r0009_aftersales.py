"""Cases about what was bought: units, messages, evidence, resolutions."""

import sqlalchemy as sa

from transactional.migrations.tables import check, create, index, instant, number, octets, points_to, text, unique

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    _cases()
    _conversation()
    _resolutions()


def downgrade() -> None:
    raise RuntimeError("history is never taken back: write a new revision")


def _cases() -> None:
    create(
        "aftersales_case",
        number("customer_id"),
        number("order_id"),
        text("reason"),
        text("state"),
        number("revision", default=0),
        number("taken_by", required=False),
        instant("opened_at", required=True),
        instant("due_at"),
        instant("closed_at"),
        points_to("aftersales_case", "customer_id", "customer"),
        points_to("aftersales_case", "order_id", "orders"),
        points_to("aftersales_case", "taken_by", "staff"),
        check(
            "aftersales_case",
            "state",
            "state in ('open', 'waiting_for_shop', 'waiting_for_customer', 'resolved', 'rejected', 'withdrawn')",
        ),
        check(
            "aftersales_case",
            "reason",
            "reason in ('does_not_work', 'already_used', 'wrong_goods', 'not_received', 'changed_mind', 'other')",
        ),
        check(
            "aftersales_case",
            "closed",
            "(state in ('resolved', 'rejected', 'withdrawn')) = (closed_at is not null)",
        ),
        public=True,
    )
    index("aftersales_case", "due_at", where="due_at is not null", name="aftersales_case_due_idx")
    index("aftersales_case", "customer_id", "opened_at")
    index("aftersales_case", "order_id")
    create(
        "aftersales_case_unit",
        number("case_id"),
        number("fulfilment_id"),
        _flag("is_open", default=True),
        points_to("aftersales_case_unit", "case_id", "aftersales_case"),
        points_to("aftersales_case_unit", "fulfilment_id", "fulfilment"),
        unique("aftersales_case_unit", "case_id", "fulfilment_id"),
    )
    index("aftersales_case_unit", "fulfilment_id")
    index(
        "aftersales_case_unit", "fulfilment_id", where="is_open", is_unique=True, name="aftersales_case_unit_open_key"
    )


def _conversation() -> None:
    create(
        "aftersales_message",
        number("case_id"),
        text("author"),
        number("staff_id", required=False),
        _flag("is_internal", default=False),
        number("data_key_id"),
        octets("sealed"),
        instant("written_at", now=True),
        points_to("aftersales_message", "case_id", "aftersales_case"),
        points_to("aftersales_message", "staff_id", "staff"),
        points_to("aftersales_message", "data_key_id", "data_key"),
        check("aftersales_message", "author", "author in ('customer', 'staff')"),
        check("aftersales_message", "staff", "(author = 'staff') = (staff_id is not null)"),
        check("aftersales_message", "internal", "not is_internal or author = 'staff'"),
        append_only=True,
    )
    index("aftersales_message", "case_id")
    create(
        "aftersales_evidence",
        number("case_id"),
        text("media_type"),
        number("size"),
        number("data_key_id"),
        octets("sealed"),
        instant("attached_at", now=True),
        points_to("aftersales_evidence", "case_id", "aftersales_case"),
        points_to("aftersales_evidence", "data_key_id", "data_key"),
        check("aftersales_evidence", "media_type", "media_type in ('image/jpeg', 'application/pdf')"),
        public=True,
        append_only=True,
    )
    index("aftersales_evidence", "case_id")


def _resolutions() -> None:
    create(
        "aftersales_resolution",
        number("case_id"),
        text("kind"),
        number("amount_fen", default=0),
        number("staff_id", required=False),
        instant("decided_at", now=True),
        points_to("aftersales_resolution", "case_id", "aftersales_case"),
        points_to("aftersales_resolution", "staff_id", "staff"),
        check("aftersales_resolution", "kind", "kind in ('replace', 'refund', 'goodwill', 'reject')"),
        check("aftersales_resolution", "not_negative", "amount_fen >= 0"),
        public=True,
        append_only=True,
    )
    index("aftersales_resolution", "case_id")
    create(
        "aftersales_decision",
        number("resolution_id"),
        number("case_unit_id"),
        number("amount_fen", default=0),
        points_to("aftersales_decision", "resolution_id", "aftersales_resolution"),
        points_to("aftersales_decision", "case_unit_id", "aftersales_case_unit"),
        unique("aftersales_decision", "case_unit_id"),
        check("aftersales_decision", "not_negative", "amount_fen >= 0"),
        append_only=True,
    )
    index("aftersales_decision", "resolution_id")


def _flag(name: str, *, default: bool) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.text(str(default).lower()))
