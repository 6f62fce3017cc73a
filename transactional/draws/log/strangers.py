"""Leaves that were published by newer books than these, which a restore lost: what they forbid.

The published log stands. A leaf that would contradict it, such as another commitment for the same draw, is never
placed, and the draw is for people to look at.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import text

from transactional.db import ReadSession
from transactional.draws.log.positions import Waiting
from transactional.draws.states import ONCE_A_DRAW

STRANGE = text("select draw_id, body from shop.log_leaf where kind = 'strange' order by id")
ONCE = text("select body from shop.log_leaf where draw_id = :draw and kind = any(cast(:once as text[]))")


async def contradicted(session: ReadSession, draw_id: int) -> bool:
    """Whether the published log tells otherwise of a draw than the books do: it cannot be decided honestly."""
    strange = (await session.execute(STRANGE)).all()
    if any(row.draw_id == draw_id for row in strange):
        return True
    own = await session.scalars(ONCE, {"draw": draw_id, "once": list(ONCE_A_DRAW)})
    return bool(_taken(row.body for row in strange) & _taken(own))


async def refused(session: ReadSession, waiting: Sequence[Waiting]) -> set[int]:
    """Ids of the leaves that would contradict what was published."""
    once = [leaf for leaf in waiting if leaf.kind in ONCE_A_DRAW]
    if not once:
        return set()
    taken = _taken(row.body for row in await session.execute(STRANGE))
    return {leaf.id for leaf in once if taken & _taken([leaf.body])}


async def highest_number(session: ReadSession) -> int:
    """The highest number of a draw that only the published log knows; 0 when there is none."""
    said = [json.loads(row.body) for row in await session.execute(STRANGE)]
    return max((each["number"] for each in said if "number" in each), default=0)


def _taken(bodies: Iterable[str]) -> set[tuple[str, str | int]]:
    return {mark for body in bodies for mark in _marks(json.loads(body))}


def _marks(said: dict[str, Any]) -> set[tuple[str, str | int]]:
    """What no two leaves of the log may have in common."""
    return {(said["type"], said[name]) for name in ("draw_id", "number") if name in said} if _is_once(said) else set()


def _is_once(said: dict[str, Any]) -> bool:
    return said["type"] in {f"draw-{kind}/v1" for kind in ONCE_A_DRAW}
