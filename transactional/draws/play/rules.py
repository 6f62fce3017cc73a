"""Whether a profile allows a draw to be held, and a customer to enter it. Pure: facts in, a refusal or nothing out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from mingsuan import money
from transactional.draws.play.errors import (
    CapUnknownError,
    CeilingError,
    FreeRouteMissingError,
    LimitsFirstError,
    LossLimitError,
    ModeForbiddenError,
    ModeOffError,
    NotInYourCountryError,
    NotVerifiedAdultError,
    OwnLimitError,
    PausedFromPlayError,
    PrizeTooDearError,
    RulesMissingError,
)
from transactional.draws.play.profiles import WINDOWS, Profile
from transactional.errors import ShopError


class Terms(Protocol):
    """Of a draw, what rules of play look at."""

    mode: str
    profile: str
    prize_value_fen: int
    free_rule: str
    rules: str


@dataclass(frozen=True, slots=True)
class Limit:
    """A customer's own limit; `amount_fen` None is none. From `next_from` on, `next_amount_fen` holds instead."""

    amount_fen: int | None
    next_amount_fen: int | None = None
    next_from: datetime | None = None

    def at(self, instant: datetime) -> int | None:
        """What holds at an instant."""
        is_next = self.next_from is not None and self.next_from <= instant
        return self.next_amount_fen if is_next else self.amount_fen

    def at_most(self, most_fen: int) -> "Limit":
        """The tighter of this and another that stays as it is."""
        now_fen = most_fen if self.amount_fen is None else min(self.amount_fen, most_fen)
        if self.next_from is None:
            return Limit(now_fen)
        then_fen = most_fen if self.next_amount_fen is None else min(self.next_amount_fen, most_fen)
        return Limit(now_fen, then_fen, self.next_from)


@dataclass(frozen=True, slots=True)
class Player:
    """A customer as the rules see them. `spent_fen` by kind of limit, over its window; `limits` by kind."""

    country: str
    is_verified_adult: bool = False
    paused_until: datetime | None = None
    spent_fen: Mapping[str, int] = field(default_factory=dict)
    limits: Mapping[str, Limit] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Place:
    """What the shop is: currency and zone; and which (profile, mode) stand switched on or off by its people."""

    currency: str
    zone: ZoneInfo
    switched: Mapping[tuple[str, str], bool] = field(default_factory=dict)

    def is_on(self, profile: Profile, mode: str) -> bool:
        """Off what was switched off, on what the profile leaves on or two people switched on."""
        return self.switched.get((profile.name, mode), mode not in profile.by_opinion)


def why_not_held(profile: Profile, draw: Terms, place: Place) -> ShopError | None:
    """Why a draw must not be held under a profile."""
    if draw.mode not in profile.modes:
        return ModeForbiddenError()
    if not place.is_on(profile, draw.mode):
        return ModeOffError()
    cap_fen = profile.prize_cap_fen.get(draw.mode)
    if cap_fen is not None and place.currency != profile.cap_currency:
        return CapUnknownError(cap_currency=profile.cap_currency, currency=place.currency)
    if cap_fen is not None and draw.prize_value_fen > cap_fen:
        return PrizeTooDearError(cap=money.text(cap_fen, place.currency))
    if draw.mode in profile.free_route and not draw.free_rule.strip():
        return FreeRouteMissingError()
    return None if draw.rules.strip() else RulesMissingError()


def why_not_entered(
    profiles: Sequence[Profile], draw: Terms, player: Player, stake_fen: int, place: Place, at: datetime
) -> ShopError | None:
    """Why a customer must not enter. `profiles`: the draw's, then the customer's own; the stricter of both holds."""
    draws, own = profiles[0], profiles[-1]
    if player.paused_until is not None and player.paused_until > at:
        return PausedFromPlayError(until=f"{player.paused_until.astimezone(place.zone):%Y-%m-%d %H:%M}")
    if (refusal := why_not_held(draws, draw, place)) is not None:
        return refusal
    if own is not draws and why_not_held(own, draw, place) is not None:
        return NotInYourCountryError()
    for profile in profiles:
        if draw.mode in profile.adults and not player.is_verified_adult:
            return NotVerifiedAdultError(age=profile.least_age)
        if stake_fen and draw.mode in profile.limits_first and not player.limits:
            return LimitsFirstError()
    return _over_limit(profiles, player, stake_fen, place, at) if stake_fen else None


def _over_limit(
    profiles: Sequence[Profile], player: Player, stake_fen: int, place: Place, at: datetime
) -> ShopError | None:
    for kind, window in WINDOWS.items():
        spent_fen = player.spent_fen.get(kind, 0)
        own = player.limits[kind].at(at) if kind in player.limits else None
        bounds: list[tuple[int | None, type[ShopError]]] = [
            (own, LossLimitError if kind == "loss_month" else OwnLimitError)
        ]
        bounds += [(profile.ceilings_fen.get(kind), CeilingError) for profile in profiles]
        for most_fen, refusal in bounds:
            if most_fen is not None and spent_fen + stake_fen > most_fen:
                return refusal(
                    limit=money.text(most_fen, place.currency),
                    left=money.text(max(0, most_fen - spent_fen), place.currency),
                    days=window.days,
                )
    return None
