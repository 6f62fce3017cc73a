"""Handing a claimed prize over: a code that is sealed like every code, a parcel, or by hand; posted and logged."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from mingsuan import clock
from transactional.accounts.service import record_act
from transactional.cards import service as cards
from transactional.cards.vault import Vault
from transactional.db import WriteSession
from transactional.draws import leaves
from transactional.draws.claiming import reference
from transactional.draws.errors import DrawMovedOnError
from transactional.draws.log import service as log
from transactional.draws.models import Draw, DrawWinner
from transactional.draws.moving import step_at
from transactional.draws.prizes import locked_winner
from transactional.errors import FieldProblem, InvalidInputError, NotFoundError
from transactional.ledger import service as ledger
from transactional.ledger.other_rules import prize_handed_over
from transactional.logistics import service as logistics
from transactional.notices.service import tell

PRIZES = "prizes"
"""Purpose of the data keys that seal prizes; one a month."""
MOST_CODE = 2_000
MOST_COST_FEN = 10**12


@dataclass(frozen=True, slots=True)
class Handing:
    """What staff hand over and what it cost the shop; which fields count is the prize's kind."""

    cost_fen: int
    code: str = field(default="", repr=False)
    courier: str = ""
    tracking_no: str = ""


async def deliver(
    session: WriteSession,
    vault: Vault,
    winner_public_id: UUID,
    handing: Handing,
    staff_id: int | None,
    zone: ZoneInfo,
) -> DrawWinner:
    """A claimed prize is the winner's. Raises NotFoundError, DrawMovedOnError unless it is claimed and not delivered,
    InvalidInputError, ParcelKnownError."""
    draw, winner = await locked_winner(session, winner_public_id)
    if winner.state != "claimed" or winner.customer_id is None:
        raise DrawMovedOnError
    if not 0 <= handing.cost_fen <= MOST_COST_FEN:
        raise InvalidInputError([FieldProblem("cost_fen", "Must be from {least} to {most}.", _bounds())])
    at = clock.now()
    if draw.prize_kind == "code":
        await _seal(session, vault, winner, handing.code)
    elif draw.prize_kind == "parcel":
        parcel = reference(draw, winner), winner.customer_id
        winner.shipment_id = await logistics.send_prize(
            session, *parcel, handing.courier, handing.tracking_no, staff_id
        )
    winner.state, winner.delivered_at, winner.delivered_by, winner.cost_fen = (
        "delivered",
        at,
        staff_id,
        handing.cost_fen,
    )
    await session.flush()
    await ledger.post(session, [prize_handed_over(winner.id, handing.cost_fen, False, at)], zone)
    body = leaves.delivery(draw.public_id, winner.entry_index, draw.prize_kind, int(at.timestamp()))
    await log.append(session, "delivery", body, draw.id)
    await _told(session, draw, winner, winner.customer_id, staff_id)
    await step_at(session, draw.id)
    return winner


async def prize_code(
    session: WriteSession, vault: Vault, winner_public_id: UUID, customer_id: int, at: datetime
) -> str:
    """A delivered code in clear, for its winner only; when it was first looked at is kept. Raises NotFoundError."""
    found = select(DrawWinner).where(DrawWinner.public_id == winner_public_id, DrawWinner.customer_id == customer_id)
    winner = await session.scalar(found)
    if winner is None or winner.state != "delivered" or winner.data_key_id is None or winner.ciphertext is None:
        raise NotFoundError
    key = await cards.data_key(session, winner.data_key_id)
    winner.code_shown_at = winner.code_shown_at or at
    return vault.open_bytes(key, prize_place(winner.id), bytes(winner.ciphertext)).decode()


async def _seal(session: WriteSession, vault: Vault, winner: DrawWinner, code: str) -> None:
    code = code.strip()
    if not 0 < len(code) <= MOST_CODE or "\0" in code:
        raise InvalidInputError([FieldProblem("code", "Enter the code that the winner gets.")])
    key = await cards.data_key_for(session, vault, PRIZES, f"{clock.now():%Y-%m}")
    winner.data_key_id, winner.ciphertext = key.id, vault.seal_bytes(key, prize_place(winner.id), code.encode())


async def _told(session: WriteSession, draw: Draw, winner: DrawWinner, customer_id: int, staff_id: int | None) -> None:
    values = {"product": draw.prize_name, "draw": str(draw.public_id)}
    await tell(session, customer_id, "prize_delivered", f"draw:{draw.public_id}#{winner.entry_index}", values)
    detail = {"cost_fen": winner.cost_fen or 0, "how": draw.prize_kind}
    await record_act(session, staff_id, "deliver_prize", f"draw:{draw.public_id}", detail=detail)


def prize_place(winner_id: int) -> bytes:
    """What a sealed prize is bound to."""
    return b"prize\0" + winner_id.to_bytes(8)


def _bounds() -> tuple[tuple[str, object], ...]:
    return (("least", 0), ("most", MOST_COST_FEN))
