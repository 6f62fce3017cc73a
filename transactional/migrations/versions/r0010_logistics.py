"""Parcels: where they go, what was sent, what couriers said."""

from transactional.migrations.tables import check, create, index, instant, number, octets, points_to, text, unique

revision = "0010"
down_revision = "0009"

PURPOSES = "purpose in ('order', 'prize')"
OF_AN_ORDER = "(purpose = 'order') = (order_id is not null)"
STATES = (
    "state in ('sent', 'collected', 'in_transit', 'delivering', 'customs', 'problem', 'refused', 'returning',"
    " 'returned', 'signed', 'lost')"
)


def upgrade() -> None:
    _destinations()
    _shipments()
    _parts()


def downgrade() -> None:
    raise RuntimeError("history is never taken back: write a new revision")


def _destinations() -> None:
    create(
        "destination",
        text("purpose"),
        text("reference"),
        number("order_id", required=False),
        number("customer_id"),
        number("data_key_id"),
        octets("sealed"),
        points_to("destination", "order_id", "orders"),
        points_to("destination", "customer_id", "customer"),
        points_to("destination", "data_key_id", "data_key"),
        unique("destination", "purpose", "reference"),
        unique("destination", "order_id"),
        check("destination", "purpose", PURPOSES),
        check("destination", "of_an_order", OF_AN_ORDER),
        public=True,
    )
    index("destination", "customer_id")


def _shipments() -> None:
    create(
        "shipment",
        text("purpose"),
        text("reference"),
        number("order_id", required=False),
        number("customer_id"),
        text("courier"),
        text("tracking_no"),
        text("state", default="sent"),
        number("heard", default=0),
        instant("sent_at", required=True),
        number("sent_by", required=False),
        *(instant(f"{what}_at") for what in ("last_event", "signed", "confirmed")),
        text("confirmed_by", required=False),
        instant("subscribed_at"),
        instant("ask_at"),
        number("times_asked", default=0),
        points_to("shipment", "order_id", "orders"),
        points_to("shipment", "customer_id", "customer"),
        points_to("shipment", "sent_by", "staff"),
        unique("shipment", "courier", "tracking_no"),
        check("shipment", "purpose", PURPOSES),
        check("shipment", "of_an_order", OF_AN_ORDER),
        check("shipment", "state", STATES),
        check("shipment", "confirmed_by", "confirmed_by in ('customer', 'staff', 'time')"),
        check("shipment", "confirmed", "(confirmed_at is null) = (confirmed_by is null)"),
        public=True,
    )
    index("shipment", "order_id")
    index("shipment", "customer_id")
    index("shipment", "tracking_no")
    index("shipment", "sent_at", where="confirmed_at is null", name="shipment_open_idx")


def _parts() -> None:
    create(
        "shipment_item",
        number("shipment_id"),
        number("fulfilment_id"),
        points_to("shipment_item", "shipment_id", "shipment"),
        points_to("shipment_item", "fulfilment_id", "fulfilment"),
        unique("shipment_item", "fulfilment_id"),
        append_only=True,
    )
    index("shipment_item", "shipment_id")
    create(
        "shipment_event",
        number("shipment_id"),
        instant("happened_at", required=True),
        text("heard_by"),
        octets("word_index"),
        number("data_key_id"),
        octets("sealed"),
        points_to("shipment_event", "shipment_id", "shipment"),
        points_to("shipment_event", "data_key_id", "data_key"),
        unique("shipment_event", "shipment_id", "word_index"),
        check("shipment_event", "heard_by", "heard_by in ('callback', 'query')"),
        append_only=True,
    )
