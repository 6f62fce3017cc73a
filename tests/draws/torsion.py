"""Ed25519 signatures that hold only when both sides are multiplied by the cofactor: libraries differ about them."""

import hashlib

from tests.draws.memory_log import Signer

Point = tuple[int, int]
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
BASE = (
    15112221349535400772501151409588531511454012693041857206046113283949847762202,
    46316835694926478169428394003475163141307993866256225615783033603165251855960,
)
NEUTRAL, OF_ORDER_TWO = (0, 1), (0, P - 1)


def torsioned(signer: Signer, message: bytes, torsion: Point = OF_ORDER_TWO) -> bytes:
    """By the signer's own key, with a point of order two in R: eight times the equation holds, itself it does not."""
    digest = hashlib.sha512(signer.key.private_bytes_raw()).digest()
    secret = int.from_bytes(digest[:32], "little") & ((1 << 254) - 8) | (1 << 254)
    point = _encoded(_sum(_times(12_345, BASE), torsion))
    challenge = int.from_bytes(hashlib.sha512(point + signer.public + message).digest(), "little")
    return point + ((12_345 + challenge * secret) % ORDER).to_bytes(32, "little")


def _sum(one: Point, other: Point) -> Point:
    (x1, y1), (x2, y2) = one, other
    both = D * x1 * x2 * y1 * y2 % P
    return (x1 * y2 + x2 * y1) * pow(1 + both, -1, P) % P, (y1 * y2 + x1 * x2) * pow(1 - both, -1, P) % P


def _times(count: int, point: Point) -> Point:
    total = NEUTRAL
    while count:
        if count & 1:
            total = _sum(total, point)
        point, count = _sum(point, point), count >> 1
    return total


def _encoded(point: Point) -> bytes:
    x, y = point
    return (y | (x & 1) << 255).to_bytes(32, "little")
