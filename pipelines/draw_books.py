"""What the shop's books say of each draw, when it must have a verdict, and where a proven bundle says otherwise."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import duckdb

GRACE = timedelta(minutes=10)
"""A result follows its round, and a bundle its result, within seconds; a worker that starts again needs some more."""
FIRST_SHOWN = 10_000_001
"""Entry 0 as people see it."""
NEVER_OPENED = {"draft": "it is a draft", "discarded": "it was discarded before it was opened"}
UNDER_WAY = {
    "open": "it takes entries, or has just closed",
    "closed": "it is closed, and its round is still to come",
    "committed": "its round is still to come, or has just appeared",
}
_DRAWS = """
select d.id, d.public_id, d.number, d.state, d.capacity, d.next_index, d.free_count, d.house_count, d.paid_count,
    d.closes_at, d.last_second, d.closed_at, d.delay_s, d.chain_hash, d.round_no, d.round_at,
    coalesce(d.decided_at, d.voided_at) as ended_at
from raw_current.draw as d order by d.number nulls last, d.id
"""
_PICKS = {
    "winners": "select draw_id, entry_index from raw_current.draw_winner where replaces_id is null order by place",
    "reserves": "select draw_id, entry_index from raw_current.draw_reserve order by place",
}
_ROUNDS = "select chain_hash, round_no, signature from raw_current.beacon_round"


@dataclass(frozen=True)
class BookedDraw:
    """A draw as ingested. `winners` and `reserves` are entries in the order of the picks; `number` from the opening."""

    draw_id: UUID
    number: int | None
    state: str
    entries: int
    totals: Mapping[str, int]
    closing_at: datetime | None
    delay: timedelta
    chain_hash: str
    round_no: int | None
    round_at: datetime | None
    ended_at: datetime | None
    winners: tuple[int, ...]
    reserves: tuple[int, ...]

    @property
    def is_over(self) -> bool:
        """Decided or void: what the public can verify must be there."""
        return self.ended_at is not None

    @property
    def result_due_at(self) -> datetime | None:
        """When the round is to appear; None while nobody knows. The formula's round is a few seconds later."""
        return self.round_at or (self.closing_at + self.delay if self.closing_at else None)

    def pending(self, at: datetime) -> str | None:
        """Why a draw needs no verdict at an instant; None when it needs one."""
        if self.state in NEVER_OPENED:
            return NEVER_OPENED[self.state]
        due = self.result_due_at
        return None if self.is_over or (due is not None and at > due + GRACE) else UNDER_WAY[self.state]

    def has_just_ended(self, at: datetime) -> bool:
        """Whether the bundle that shows the end may still be on its way."""
        return self.ended_at is not None and at <= self.ended_at + GRACE

    def differences(self, facts: Mapping[str, Any], rounds: Mapping[int, str], known: Mapping[int, str]) -> list[str]:
        """Where the books contradict a bundle that was proven, in words; `known` are the rounds that the shop kept."""
        told = [
            f"{what} {booked}, the bundle {facts[what]}" for what, booked in self._said(facts) if booked != facts[what]
        ]
        told += [
            f"the signature of round {number} is another one than the bundle's"
            for number, signature in rounds.items()
            if number in known and known[number] != signature
        ]
        if self.round_no is not None and self.round_no in rounds and self.round_no not in known:
            told.append(f"round {self.round_no} was not kept")
        return [f"the books say: {each}" for each in told]

    def _said(self, facts: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
        """By the names of the verifier's facts, as far as there are any."""
        said: dict[str, object] = {"draw_id": self.draw_id.hex, "number": self.number}
        if self.state in ("decided", "finished"):
            said |= {"entries": self.entries, **self.totals, "round": self.round_no}
            said["winners"] = [FIRST_SHOWN + index for index in self.winners]
            said["reserves"] = [FIRST_SHOWN + index for index in self.reserves]
        return ((what, booked) for what, booked in said.items() if what in facts)


@dataclass(frozen=True)
class Books:
    """All draws, opened ones first in the order of their numbers, and the rounds of each chain that the shop kept."""

    draws: tuple[BookedDraw, ...]
    rounds: Mapping[str, Mapping[int, str]]


def read(connection: duckdb.DuckDBPyConnection) -> Books:
    """From the ingested tables."""
    picks = {what: _picks(connection, query) for what, query in _PICKS.items()}
    cursor = connection.execute(_DRAWS)
    names = [column[0] for column in cursor.description or ()]
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    rounds: dict[str, dict[int, str]] = {}
    for chain, number, signature in connection.execute(_ROUNDS).fetchall():
        rounds.setdefault(chain, {})[number] = bytes(signature).hex()
    return Books(
        tuple(_draw(row, **{what: of.get(row["id"], ()) for what, of in picks.items()}) for row in rows), rounds
    )


def _picks(connection: duckdb.DuckDBPyConnection, query: str) -> dict[int, tuple[int, ...]]:
    found: dict[int, list[int]] = {}
    for draw, index in connection.execute(query).fetchall():
        found.setdefault(draw, []).append(index)
    return {draw: tuple(indices) for draw, indices in found.items()}


def _draw(row: Mapping[str, Any], winners: tuple[int, ...], reserves: tuple[int, ...]) -> BookedDraw:
    return BookedDraw(
        draw_id=UUID(str(row["public_id"])),
        number=row["number"],
        state=row["state"],
        entries=row["next_index"],
        totals={kind: row[f"{kind}_count"] for kind in ("free", "house", "paid")},
        closing_at=_closing_at(row),
        delay=timedelta(seconds=row["delay_s"]),
        chain_hash=row["chain_hash"],
        round_no=row["round_no"],
        round_at=row["round_at"],
        ended_at=row["ended_at"],
        winners=winners,
        reserves=reserves,
    )


def _closing_at(row: Mapping[str, Any]) -> datetime | None:
    """When a draw closed or, as far as that is known, will close."""
    if row["closed_at"] is None and row["capacity"] and row["next_index"] == row["capacity"]:
        return datetime.fromtimestamp(row["last_second"], UTC)
    closing: datetime | None = row["closed_at"] or row["closes_at"]
    return closing
