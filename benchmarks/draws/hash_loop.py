"""`python -m benchmarks.draws.hash_loop TICKETS ENTRIES NODES`: the hashes of a verification and nothing else."""

import hashlib
import sys
from pathlib import Path

from benchmarks.draws.spent import measured

PREFIX = b"\0mingsuan/draw/entry/v1\0" + bytes(16)
PIECE = 4096


def loop(tickets: Path, entries: int, nodes: int) -> None:
    """As many hashes as there are entries and nodes, of data of their sizes, one after the other."""
    sha256, prefix, number = hashlib.sha256, PREFIX, 0
    with tickets.open("rb") as file:
        while piece := file.read(32 * PIECE):
            for at in range(0, len(piece), 32):
                top = sha256(prefix + number.to_bytes(8) + piece[at : at + 32]).digest()
                number += 1
    for _ in range(nodes):
        top = sha256(b"\1" + top + top).digest()
    if number != entries:
        raise RuntimeError(f"{number} tickets are not {entries}")


if __name__ == "__main__":
    print(measured(lambda: loop(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
