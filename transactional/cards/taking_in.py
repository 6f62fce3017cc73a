"""Codes that were bought for an order that no longer wants them: they are stock, as if imported.

What they cost, and where that lay before, is posted by the callers.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from mingsuan import money
from transactional.arrays import arrays
from transactional.cards import queries
from transactional.cards.card_import import CARD, INSERT_CARDS
from transactional.cards.keyring import new_data_key
from transactional.cards.models import CardBatch
from transactional.cards.vault import Code, Vault
from transactional.db import WriteSession


async def take_in(
    session: WriteSession,
    vault: Vault,
    sku_id: int,
    codes: Sequence[tuple[str, datetime | None]],
    cost_fen: int,
    supplier: tuple[int | None, str],
    at: datetime,
) -> Mapping[str, int]:
    """A batch of free cards of a SKU; `codes` with their ends, `supplier` its number and name. Card ids by code."""
    batch = CardBatch(
        sku_id=sku_id,
        supplier_id=supplier[0],
        supplier_name=supplier[1],
        card_count=len(codes),
        total_cost_fen=cost_fen,
        file_name="",
        imported_at=at,
    )
    session.add(batch)
    await session.flush()
    key = await new_data_key(session, vault)
    ids = await queries.next_ids(session, "card", len(codes))
    sealed = vault.seal_codes(key, {card: Code(code) for card, (code, _) in zip(ids, codes, strict=True)})
    costs = money.split(cost_fen, [1] * len(codes))
    cards = [
        (card, batch.id, sku_id, key.id, sealed[card], vault.fingerprint(code), cost, expires_at)
        for card, (code, expires_at), cost in zip(ids, codes, costs, strict=True)
    ]
    await session.execute(INSERT_CARDS, arrays("card", CARD, cards))
    return {code: card for card, (code, _) in zip(ids, codes, strict=True)}
