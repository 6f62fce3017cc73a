"""What advertising cost: statements of advertising platforms, line by line, as they came."""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from transactional.db import Public
from transactional.statement_intake import FileStatement


class AdStatement(FileStatement):
    """One row per accepted file of an advertising platform; `from_date` to `to_date` are the days that it names."""

    __tablename__ = "ad_statement"

    platform: Mapped[str] = mapped_column(Text)


class AdSpend(Public):
    """One row per business date, campaign and acquisition channel that a statement names.

    `amount_fen` is what the statement says, `posted_fen` what that added to the ledger: all of it, its difference to
    what was posted before, or nothing. So the `posted_fen` of a platform's campaign, day and channel add up to the
    newest `amount_fen`. No `line_no`: a channel that an earlier statement named and this one's campaign and day do not.
    """

    __tablename__ = "ad_spend"
    __table_args__ = (
        UniqueConstraint(
            "statement_id", "spend_date", "campaign_code", "acquisition_channel", name="ad_spend_once_a_statement_key"
        ),
        Index("ad_spend_platform_spend_date_idx", "platform", "spend_date"),
        CheckConstraint("clicks >= 0 and impressions >= 0", name="counts"),
    )
    append_only = True

    statement_id: Mapped[int] = mapped_column(ForeignKey("shop.ad_statement.id"))
    line_no: Mapped[int | None]
    platform: Mapped[str] = mapped_column(Text)
    spend_date: Mapped[date]
    campaign_code: Mapped[str] = mapped_column(Text)
    acquisition_channel: Mapped[str] = mapped_column(Text)
    amount_fen: Mapped[int]
    posted_fen: Mapped[int]
    clicks: Mapped[int | None]
    impressions: Mapped[int | None]
