"""What the card pool does: take a batch in, show a code to its owner."""

from uuid import UUID

from mingsuan import clock
from transactional.cards import queries
from transactional.cards.models import CardReveal
from transactional.cards.schemas import RevealedCode
from transactional.cards.vault import Vault
from transactional.db import WriteSession
from transactional.errors import NotFoundError


async def reveal(
    session: WriteSession, vault: Vault, customer_id: int, fulfilment_public_id: UUID, *, repeated: bool = False
) -> RevealedCode:
    """The code of a delivered unit in clear; the act is logged before it is shown.

    `repeated` (the same command again) shows without logging twice. Raises NotFoundError for anybody but the owner.
    """
    card = await queries.delivered_card(session, fulfilment_public_id, customer_id)
    if card is None:
        raise NotFoundError
    at = clock.now()
    if not repeated:
        session.add(CardReveal(card_id=card.card_id, customer_id=customer_id, revealed_at=at))
        await session.flush()
    code = vault.open_code(card.sealed)
    return RevealedCode(
        fulfilment_id=fulfilment_public_id,
        code=code.code,
        secret=code.secret,
        first_revealed_at=card.first_revealed_at or at,
    )
