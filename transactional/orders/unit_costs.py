"""What the units of orders cost, where it is learnt after they were handed over. What it posts is the ledger's rule."""

from collections.abc import Mapping

from sqlalchemy import text

from transactional.db import WriteSession

LEARN = text("""
update shop.fulfilment set cost_fen = learnt.cost_fen
from unnest(cast(:fulfilment_id as bigint[]), cast(:cost_fen as bigint[])) as learnt (fulfilment_id, cost_fen)
where fulfilment.id = learnt.fulfilment_id and fulfilment.cost_fen is distinct from learnt.cost_fen
""")


async def learn(session: WriteSession, costs_fen: Mapping[int, int]) -> None:
    """The cost in fen of each fulfilment, known late or corrected."""
    values = {"fulfilment_id": list(costs_fen), "cost_fen": list(costs_fen.values())}
    await session.execute(LEARN, values)
