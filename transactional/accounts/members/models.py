"""How somebody becomes staff: a code that is given from hand to hand and used once."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from transactional.db import Numbered

INVITATIONS = ("first_owner", "join")


class StaffInvitation(Numbered):
    """One row a code: it makes the first owner, or lets one member choose a password; its keyed hash is kept."""

    __tablename__ = "staff_invitation"
    __table_args__ = (
        CheckConstraint(f"purpose in {INVITATIONS!r}", name="purpose"),
        CheckConstraint("(purpose = 'join') = (staff_id is not null)", name="whose"),
    )

    purpose: Mapped[str] = mapped_column(Text)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("shop.staff.id"), index=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    made_by: Mapped[int | None] = mapped_column(ForeignKey("shop.staff.id"))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    superseded_at: Mapped[datetime | None]
