"""Entries that may be accepted, and the rows that they become. No SQL runs here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from transactional.arrays import arrays, insert
from transactional.draws.entry_requests import EnterRequest
from transactional.draws.entry_schemas import Entered
from transactional.ledger import rows as ledger
from transactional.ledger.other_rules import stake_taken
from transactional.ledger.rules import Posting

ENTRY = {
    "id": "bigint",
    "public_id": "uuid",
    "draw_id": "bigint",
    "customer_id": "bigint",
    "first_index": "bigint",
    "count": "bigint",
    "kind": "text",
    "source": "text",
    "nonce": "bytea",
    "user_ref": "bytea",
    "stake_fen": "bigint",
    "accepted_second": "bigint",
    "hold_id": "bigint",
}
PLAYER = {"draw_id": "bigint", "customer_id": "bigint", "salt": "bytea", "user_ref": "bytea", "entries": "bigint"}
ANSWER = {"subject": "text", "key": "text", "request_sha256": "bytea", "status_code": "bigint", "answer": "text"}

PLAYERS = (
    insert("draw_player", PLAYER)
    + " on conflict (draw_id, customer_id) do update set entries = draw_player.entries + excluded.entries"
)
INSERTS = (insert("draw_entry", ENTRY), PLAYERS, insert("idempotency_key", ANSWER), *ledger.INSERTS)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A range with its place in the draw and the ids reserved for its rows.

    `salt` is that of the player's row should it be new. `chances` are rows of chances and how many of each are used;
    the source of the first stands for all.
    """

    request: EnterRequest
    entry_id: int
    public_id: UUID
    transaction_id: int
    draw_id: int
    first_index: int
    kind: str
    source: str
    nonce: bytes
    salt: bytes
    user_ref: bytes
    stake_fen: int
    second: int
    hold_id: int | None
    chances: tuple[tuple[int, int], ...] = ()

    def answer(self) -> Entered:
        """What the shopper is told, now and when the same command comes again."""
        return Entered.model_validate(
            {
                "id": self.public_id,
                "draw_id": self.request.draw,
                "first_index": self.first_index,
                "count": self.request.count,
                "kind": self.kind,
                "stake_fen": self.stake_fen,
                "accepted_second": self.second,
                "user_ref": self.user_ref.hex(),
                "nonce": self.nonce.hex(),
            }
        )


def parameters(ranges: Sequence[Accepted], zone: ZoneInfo) -> dict[str, list[object]]:
    """What INSERTS take, and what wallets, holds, chances and draws are to be set to."""
    paid = [each for each in ranges if each.stake_fen]
    used = [pair for each in ranges for pair in each.chances]
    draws = sorted({each.draw_id for each in ranges})
    of = {draw: [each for each in ranges if each.draw_id == draw] for draw in draws}
    return {
        **arrays("draw_entry", ENTRY, [_entry(each) for each in ranges]),
        **arrays("draw_player", PLAYER, [_player(each) for each in ranges]),
        **arrays("idempotency_key", ANSWER, [_answer(each) for each in ranges]),
        **ledger.parameters([(each.transaction_id, _stake(each)) for each in paid], zone),
        "payer": [each.request.customer_id for each in paid],
        "stake_fen": [each.stake_fen for each in paid],
        "hold": [each.hold_id for each in ranges if each.hold_id is not None],
        "chance": [chance for chance, _ in used],
        "used": [count for _, count in used],
        "draw": list[object](draws),
        "free": [_sum(of[draw], "free") for draw in draws],
        "paid": [_sum(of[draw], "paid") for draw in draws],
        "second": [max(each.second for each in of[draw]) for draw in draws],
    }


def _sum(ranges: Sequence[Accepted], kind: str) -> int:
    return sum(each.request.count for each in ranges if each.kind == kind)


def _stake(each: Accepted) -> Posting:
    at = datetime.fromtimestamp(each.second, UTC)
    return stake_taken(each.entry_id, each.request.customer_id, "wallet", each.stake_fen, at)


def _entry(each: Accepted) -> tuple[object, ...]:
    request = each.request
    where = (each.entry_id, each.public_id, each.draw_id, request.customer_id, each.first_index, request.count)
    return (*where, each.kind, each.source, each.nonce, each.user_ref, each.stake_fen, each.second, each.hold_id)


def _player(each: Accepted) -> tuple[object, ...]:
    return (each.draw_id, each.request.customer_id, each.salt, each.user_ref, each.request.count)


def _answer(each: Accepted) -> tuple[object, ...]:
    request = each.request
    return (request.subject, request.idempotency_key, request.sha256, 201, each.answer().model_dump_json())
