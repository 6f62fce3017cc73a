"""What lines of an advertising statement add to the books. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

CampaignDay = tuple[date, str]
"""Business date and campaign, of one platform: what a statement says of it replaces what was said before."""


@dataclass(frozen=True, slots=True)
class StatedSpend:
    """One line of a statement; its `line_no` is None where it only takes back what an earlier one said."""

    line_no: int | None
    day: date
    campaign: str
    channel: str
    amount_fen: int
    clicks: int | None = None
    impressions: int | None = None

    @property
    def campaign_day(self) -> CampaignDay:
        return self.day, self.campaign


@dataclass(frozen=True, slots=True)
class Spend:
    """A line to keep, and what it adds to the ledger."""

    line: StatedSpend
    posted_fen: int


def spends(lines: Sequence[StatedSpend], posted: Mapping[CampaignDay, Mapping[str, int]]) -> list[Spend]:
    """Each line with what it says beyond what was `posted` (fen, by acquisition channel) before.

    A campaign's day that is stated again is stated whole: a channel that it no longer names is taken back.
    """
    kept = [Spend(line, line.amount_fen - posted.get(line.campaign_day, {}).get(line.channel, 0)) for line in lines]
    named: dict[CampaignDay, set[str]] = {}
    for line in lines:
        named.setdefault(line.campaign_day, set()).add(line.channel)
    for (day, campaign), channels in named.items():
        for channel, fen in posted.get((day, campaign), {}).items():
            if fen and channel not in channels:
                kept.append(Spend(StatedSpend(None, day, campaign, channel, 0), -fen))
    return kept
