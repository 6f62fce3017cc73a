"""Which of the waiting leaves may go into the log now, and in which order. Pure."""

from collections.abc import Collection, Sequence

from transactional.draws.log.positions import Waiting

LAST_OF_ENTRIES = ("commit", "void")
"""After these no batch of the draw may come."""


def in_turn(waiting: Sequence[Waiting], unready: Collection[int], refused: Collection[int]) -> list[Waiting]:
    """As they were queued, without those whose ids are `refused`.

    Of the draws in `unready`, whose entries are not all in the log yet, nothing is taken from the end of entries on
    but the batches that it waits for.
    """
    taken: list[Waiting] = []
    held: set[int | None] = set()
    for leaf in waiting:
        if leaf.draw_id in unready and leaf.kind in LAST_OF_ENTRIES:
            held.add(leaf.draw_id)
        if leaf.id not in refused and (leaf.draw_id not in held or leaf.kind == "batch"):
            taken.append(leaf)
    return taken
