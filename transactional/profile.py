"""What holds for the whole shop: its currency and zone, fixed with its first amount of money; whether it sells now."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Text
from sqlalchemy.orm import Mapped, mapped_column

from transactional.db import Numbered


class ShopProfile(Numbered):
    """Exactly one row."""

    __tablename__ = "shop_profile"
    __table_args__ = (CheckConstraint("id = 1", name="single_row"),)

    currency: Mapped[str] = mapped_column(Text)
    timezone: Mapped[str] = mapped_column(Text)
    selling_paused_at: Mapped[datetime | None]
    pause_reason: Mapped[str] = mapped_column(Text, server_default="")
