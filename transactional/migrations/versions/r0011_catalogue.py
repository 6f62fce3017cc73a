"""Catalogue for people: pictures of products, and how much of each was sold of late."""

from alembic import op

from transactional.migrations.tables import check, create, index, instant, number, octets, points_to, text, unique

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    create(
        "product_picture",
        number("product_id"),
        octets("sha256"),
        octets("content"),
        octets("small"),
        number("width"),
        number("height"),
        text("alt_zh", default=""),
        text("alt_en", default=""),
        instant("removed_at"),
        points_to("product_picture", "product_id", "product"),
        unique("product_picture", "product_id", "sha256"),
        check("product_picture", "size", "width > 0 and height > 0"),
    )
    index("product_picture", "sha256")
    create(
        "product_sales",
        number("product_id"),
        number("units"),
        instant("counted_at", required=True),
        points_to("product_sales", "product_id", "product"),
        key="product_id",
    )
    op.create_index("orders_paid_at_idx", "orders", ["paid_at"], schema="shop", postgresql_using="brin")


def downgrade() -> None:
    raise RuntimeError("history is never taken back: write a new revision")
