"""The winners' computation told step by step, for people who want to follow it with their own hands. Pure.

What decides is `rules.picks`; this only keeps what happened on the way.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from transactional.draws import rules


@dataclass(frozen=True, slots=True)
class Pick:
    """Pick `place`: block `block` of the stream modulo `among` gave `remainder`, so the entry at place `chosen`."""

    place: int
    among: int
    block: int
    block_hash: str
    remainder: int
    chosen: int
    index: int

    @property
    def shown(self) -> int:
        return rules.shown(self.index)


def picks(seed: bytes, entries: int) -> Iterator[Pick]:
    """The same order as `rules.picks`, with how each came about."""
    counter, moved = 0, dict[int, int]()
    for place in range(entries):
        among = entries - place
        limit = (1 << 256) // among * among
        while True:
            block = hashlib.sha256(seed + counter.to_bytes(4)).digest()
            counter += 1
            if int.from_bytes(block) < limit:
                break
        remainder = int.from_bytes(block) % among
        chosen = place + remainder
        index = moved.get(chosen, chosen)
        moved[chosen] = moved.pop(place, place)
        yield Pick(place, among, counter - 1, block.hex(), remainder, chosen, index)
