"""A winner claims the prize: whoever the ticket was issued to, in time. A receipt gives no right to it."""

from datetime import datetime
from hmac import compare_digest
from uuid import UUID

from sqlalchemy import select

from transactional.accounts.models import Customer
from transactional.accounts.persons import addresses
from transactional.cards.vault import Vault
from transactional.db import ReadSession, WriteSession
from transactional.draws import rules
from transactional.draws.errors import AddressNeededError, ClaimOverError, NotWinnersTicketError
from transactional.draws.models import Draw, DrawEntry, DrawPlayer, DrawWinner
from transactional.draws.prizes import locked_winner
from transactional.errors import NotFoundError
from transactional.logistics import service as logistics


async def claim(
    session: WriteSession,
    vault: Vault,
    winner_public_id: UUID,
    customer_id: int,
    at: datetime,
    *,
    address_id: UUID | None = None,
) -> DrawWinner:
    """The prize is to be handed over to this customer; claimed again, nothing changes.

    Raises NotFoundError for anybody but the winner, NotWinnersTicketError when the committed ticket is not theirs,
    ClaimOverError, AddressNeededError for a parcel without an address.
    """
    draw, winner = await locked_winner(session, winner_public_id)
    if winner.customer_id != customer_id:
        raise NotFoundError
    if winner.state in ("claimed", "delivered"):
        return winner
    if winner.state == "forfeited" or at > winner.claim_until:
        raise ClaimOverError
    await _refuse_others(session, draw, winner, customer_id)
    if draw.prize_kind == "parcel":
        if address_id is None:
            raise AddressNeededError
        address = await addresses.one(session, vault, customer_id, address_id)
        await logistics.prize_to(session, vault, reference(draw, winner), customer_id, address)
    winner.state, winner.claimed_at = "claimed", at
    await session.flush()
    return winner


def reference(draw: Draw, winner: DrawWinner) -> str:
    """What a prize is called on a parcel: the draw's number and the entry's."""
    return f"PRIZE-{draw.number}-{rules.shown(winner.entry_index)}"


async def _refuse_others(session: ReadSession, draw: Draw, winner: DrawWinner, customer_id: int) -> None:
    """What was committed says whose the ticket is: a row that somebody changed since gives nobody a prize."""
    entry = await session.get_one(DrawEntry, winner.entry_id)
    person = await session.scalar(select(Customer.public_id).where(Customer.id == customer_id))
    salt = await session.scalar(
        select(DrawPlayer.salt).where(DrawPlayer.draw_id == draw.id, DrawPlayer.customer_id == customer_id)
    )
    if person is None or salt is None:
        raise NotWinnersTicketError
    if not compare_digest(rules.user_ref(draw.public_id, person, bytes(salt)), bytes(entry.user_ref)):
        raise NotWinnersTicketError
