"""How the shop asks for a leaf: in the transaction that decides what it says. Where it stands is the sequencer's."""

import json
from typing import Any

from sqlalchemy import select

from transactional.db import ReadSession, WriteSession
from transactional.draws.models import LogLeaf

SAID_ONCE = ("open", "commit", "result", "void", "delivery", "forfeit")
WHEN_SAID = ("at", "fresh_round", "fresh_signature")
"""What differs when the same is said again later."""


async def append(session: WriteSession, kind: str, body: str, draw_id: int | None = None) -> int:
    """Queues a leaf; its id. It is placed when, and only when, the transaction commits.

    What a draw has said before is not said again: after a restore the older leaf, which was published, stands. A draw
    has one leaf at most of the kinds open, commit, result and void: the database refuses another.
    """
    if draw_id is not None and kind in SAID_ONCE and (known := await _said(session, kind, body, draw_id)):
        return known
    leaf = LogLeaf(kind=kind, body=body, draw_id=draw_id)
    session.add(leaf)
    await session.flush()
    return leaf.id


async def _said(session: ReadSession, kind: str, body: str, draw_id: int) -> int | None:
    own = select(LogLeaf.id, LogLeaf.body).where(LogLeaf.draw_id == draw_id, LogLeaf.kind == kind)
    content = _lasting(body)
    return next((row.id for row in await session.execute(own) if _lasting(row.body) == content), None)


def _lasting(body: str) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(body)
    return {name: value for name, value in said.items() if name not in WHEN_SAID}
