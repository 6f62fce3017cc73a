"""Staff: codes that let them in for the first time, when they last proved who they are, an authenticator to come."""

from transactional.migrations.tables import add, check, create, index, instant, number, octets, points_to, text, unique

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    create(
        "staff_invitation",
        text("purpose"),
        number("staff_id", required=False),
        octets("code_hash"),
        number("made_by", required=False),
        instant("expires_at", required=True),
        instant("used_at"),
        instant("superseded_at"),
        points_to("staff_invitation", "staff_id", "staff"),
        points_to("staff_invitation", "made_by", "staff"),
        unique("staff_invitation", "code_hash"),
        check("staff_invitation", "purpose", "purpose in ('first_owner', 'join')"),
        check("staff_invitation", "whose", "(purpose = 'join') = (staff_id is not null)"),
    )
    index("staff_invitation", "staff_id")
    index("staff_act", "happened_at", "id", name="staff_act_happened_at_idx")
    add("session", instant("confirmed_at"))
    add("staff", octets("sealed_next_totp", required=False))


def downgrade() -> None:
    raise RuntimeError("history is never taken back: write a new revision")
