"""How the shop asks for a leaf: in the transaction that decides what it says. Where it stands is the sequencer's."""

from transactional.db import WriteSession
from transactional.draws.models import LogLeaf


async def append(session: WriteSession, kind: str, body: str, draw_id: int | None = None) -> int:
    """Queues a leaf; its id. It is placed when, and only when, the transaction commits.

    A draw has one leaf at most of the kinds open, commit, result and void: the database refuses a second.
    """
    leaf = LogLeaf(kind=kind, body=body, draw_id=draw_id)
    session.add(leaf)
    await session.flush()
    return leaf.id
