"""The beacon chains that this product pins, and how a round of theirs is checked. Pure.

A round's signature is believed only after the check here, wherever it came from.
"""

import hashlib
from dataclasses import dataclass

import pyblst

from transactional.draws.rules import Pace

TAG = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_"
SIGNATURE_BYTES = 48
DAY_S = 86_400
_GENERATOR = bytes.fromhex(
    "93e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e"
    "024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8"
)
"""Of G2, as the curve's standard has it: the library's own default element is the identity."""


class BadRoundError(ValueError):
    """A beacon's signature that its chain never made."""


@dataclass(frozen=True, slots=True)
class Chain:
    """A beacon of drand's scheme bls-unchained-g1-rfc9380. `is_test` chains decide nothing of value.

    `least_delay_s` and `most_delay_s` bound the time between closing and the deciding round.
    """

    name: str
    hash: str
    public_key: bytes
    pace: Pace
    least_delay_s: int
    most_delay_s: int
    is_test: bool

    def check(self, number: int, signature: bytes) -> None:
        """Raises BadRoundError unless this chain signed the round: canonical point, subgroup, pairing."""
        if len(signature) != SIGNATURE_BYTES:
            raise BadRoundError(f"a signature of {self.name} has {SIGNATURE_BYTES} bytes, not {len(signature)}")
        message = hashlib.sha256(number.to_bytes(8)).digest()
        try:
            point = pyblst.BlstP1Element.uncompress(signature)  # refuses what is not in the subgroup
            key = pyblst.BlstP2Element.uncompress(self.public_key)
        except ValueError as error:
            raise BadRoundError(f"the signature of round {number} is no point of the group") from error
        hashed = pyblst.BlstP1Element.hash_to_group(message, TAG)
        generator = pyblst.BlstP2Element.uncompress(_GENERATOR)
        if not pyblst.final_verify(pyblst.miller_loop(point, generator), pyblst.miller_loop(hashed, key)):
            raise BadRoundError(f"{self.name} did not sign round {number} like this")


QUICKNET = Chain(
    name="drand quicknet",
    hash="52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971",
    public_key=bytes.fromhex(
        "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d106451"
        "0d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a"
    ),
    pace=Pace(genesis=1_692_803_367, period=3),
    least_delay_s=300,
    most_delay_s=DAY_S,
    is_test=False,
)
TEST = Chain(
    name="test beacon",
    hash="f3f79d3980356f66291ec0fb3412643372b029d2bb6960eb8cf4794856a9b482",
    public_key=bytes.fromhex(
        "82f5f495916ff83667a2e366af3eb8991fa3a6954c0f174f2e5b3785f065678d6700cbf0e9fcdc348754d7e5f5006b3e"
        "08e01030b6548a9f16157774ac24503d42e43dfa557c535d98f127d05abb6e827e5d0f90065af8a77428ee13b8af336f"
    ),
    pace=Pace(genesis=1_735_689_600, period=1),
    least_delay_s=5,
    most_delay_s=DAY_S,
    is_test=True,
)
"""Its secret key is SHA-256 of `mingsuan/test-beacon/v1`, for anybody to know: for trying things out, offline."""
CHAINS = {chain.hash: chain for chain in (QUICKNET, TEST)}
