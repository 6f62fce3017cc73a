"""Published vectors, and a peer's shuffle over any stream of numbers without bias."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "data" / "draws"


def vectors(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text())


def peers_winners(vector: Mapping[str, Any], below: Callable[[int], int]) -> list[str]:
    """The peer's draw: ids in the order of their bytes, each as often as its weight; Durstenfeld's shuffle from the
    end; then from the front, whoever has not won yet."""
    entries = sorted(vector["entries"], key=lambda entry: entry["id"].encode())
    pool = [entry["id"] for entry in entries for _ in range(entry["weight"])]
    for i in range(len(pool) - 1, 0, -1):
        j = below(i + 1)
        pool[i], pool[j] = pool[j], pool[i]
    return list(dict.fromkeys(pool))[: vector["winner_count"]]


def shuffled(entries: int, below: Callable[[int], int]) -> Sequence[int]:
    """Forward Fisher–Yates with all places written down, as its definition has it."""
    places = list(range(entries))
    for i in range(entries):
        j = i + below(entries - i)
        places[i], places[j] = places[j], places[i]
    return places
