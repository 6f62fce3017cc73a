"""What is fixed for the whole shop once it has its first amount of money: its currency and its zone."""

from sqlalchemy import CheckConstraint, Text
from sqlalchemy.orm import Mapped, mapped_column

from transactional.db import Numbered


class ShopProfile(Numbered):
    """Exactly one row."""

    __tablename__ = "shop_profile"
    __table_args__ = (CheckConstraint("id = 1", name="single_row"),)

    currency: Mapped[str] = mapped_column(Text)
    timezone: Mapped[str] = mapped_column(Text)
