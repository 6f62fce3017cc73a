"""Whether an entry may be accepted and which numbers it gets: a draw's standing while a batch goes through it.

Nothing is read or written here; limits of play are `play.guard`'s.
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from transactional.draws import entry_rules, rules
from transactional.draws.entry_requests import EnterRequest
from transactional.draws.entry_rows import Accepted
from transactional.draws.entry_rules import Pack
from transactional.draws.errors import (
    DrawBusyError,
    DrawClosedError,
    DrawFullError,
    HoldEndedError,
    NotEnoughChancesError,
    TooManyEntriesError,
    WrongStakeError,
)
from transactional.draws.models import Draw
from transactional.errors import InsufficientBalanceError, PriceChangedError, ShopError

_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Chance:
    """A row of chances with what is left of it; without a draw it is good for any promotional one."""

    id: int
    draw_id: int | None
    source: str
    left: int
    expires_at: datetime | None


@dataclass(slots=True)
class Standing:
    """A locked draw, how far it is taken and what is held at an instant; changed by each entry that is accepted."""

    draw: Draw
    next_index: int
    held: int
    at: datetime
    second: int

    @classmethod
    def of(cls, draw: Draw, held: int, at: datetime) -> "Standing":
        return cls(draw, draw.next_index, held, at, entry_rules.second_of(at, draw.last_second))

    def takes_entries(self) -> bool:
        return self.draw.state == "open" and not entry_rules.is_over(self.second, self.draw.closes_at)

    def is_ahead(self) -> bool:
        """Whether its last entry lies in a future that no honest clock showed: another would have to lie, too."""
        return self.draw.state == "open" and entry_rules.is_far_ahead(self.draw.last_second, self.at)

    def room(self) -> int | None:
        """How many more can be promised, or None for no limit."""
        return entry_rules.room(self.draw.capacity, self.next_index, self.held)

    def takes_at_most(self) -> int:
        """How many more entries at once, what is held for others left out: no draw has more than MOST_ENTRIES."""
        room = self.room()
        return entry_rules.MOST_ENTRIES - self.next_index if room is None else room

    def was_filled(self) -> bool:
        """Whether its last entry was taken in this batch: it closes at once."""
        return self.draw.next_index < self.next_index == self.draw.capacity

    def stake_fen(self, request: EnterRequest) -> int:
        """What the request costs in money."""
        return price_of(self.draw, request.count) if request.pay == "wallet" else 0

    def refusal(self, request: EnterRequest, row: Any, chances: Sequence[Chance]) -> ShopError | None:
        """Why not, if not; `row` is what `LOOK` says."""
        if self.is_ahead():
            return DrawBusyError()
        if not self.takes_entries():
            return DrawClosedError()
        return self._without_place(request, row) or self._without_means(request, row, chances)

    def _without_place(self, request: EnterRequest, row: Any) -> ShopError | None:
        most = self.draw.most_each
        if most is not None and row.entries + request.count > most:
            return TooManyEntriesError(most=most)
        if request.hold_id is not None and row.hold_count != request.count:
            return HoldEndedError()
        left, own = self.takes_at_most(), row.hold_count or 0
        return DrawFullError(left=left) if request.count > left + own else None

    def _without_means(self, request: EnterRequest, row: Any, chances: Sequence[Chance]) -> ShopError | None:
        if request.pay == "chances":
            left = sum(chance.left for chance in chances)
            return NotEnoughChancesError(left=left) if request.count > left else None
        if not self.draw.price_fen:
            return WrongStakeError()
        stake_fen = self.stake_fen(request)
        if request.expected_stake_fen not in (None, stake_fen):
            return PriceChangedError()
        if stake_fen > row.balance_fen:
            return InsufficientBalanceError(balance_fen=row.balance_fen, needed_fen=stake_fen)
        return None

    def accept(self, request: EnterRequest, row: Any, chances: Sequence[Chance]) -> Accepted:
        """Gives the request the next numbers; nothing may be refused any more."""
        salt = secrets.token_bytes(32)
        used = tuple(spend(chances, request.count)) if request.pay == "chances" else ()
        accepted = Accepted(
            request=request,
            entry_id=row.entry_id,
            public_id=row.public_id,
            transaction_id=row.transaction_id,
            draw_id=self.draw.id,
            first_index=self.next_index,
            kind="free" if used else "paid",
            source=chances[0].source if used else "stake",
            nonce=secrets.token_bytes(32),
            salt=salt,
            user_ref=bytes(row.user_ref or rules.user_ref(self.draw.public_id, row.customer, salt)),
            stake_fen=self.stake_fen(request),
            second=self.second,
            hold_id=row.hold_id,
            chances=used,
        )
        self.next_index += request.count
        self.held -= row.hold_count or 0
        return accepted


def price_of(draw: Draw, count: int) -> int:
    """What so many entries cost in money, packs counted."""
    pack = Pack(draw.pack_count, draw.pack_price_count) if draw.pack_count and draw.pack_price_count else None
    return entry_rules.stake_fen(draw.price_fen, count, pack)


def usable(chances: Iterable[Chance], draw: Draw) -> list[Chance]:
    """Those good for a draw, in the order in which they are used: its own first, then the first to expire."""
    good = (
        chance
        for chance in chances
        if chance.draw_id == draw.id or (chance.draw_id is None and draw.mode == "promotional")
    )
    return sorted(good, key=lambda chance: (chance.draw_id is None, chance.expires_at or _NEVER, chance.id))


def spend(chances: Iterable[Chance], count: int) -> Iterable[tuple[int, int]]:
    """Which rows pay for so many entries, and with how many each."""
    for chance in chances:
        if not count:
            return
        used = min(chance.left, count)
        count -= used
        yield chance.id, used
