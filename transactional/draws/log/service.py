"""What other parts use of the public log. Texts of leaves are `transactional.draws.leaves`'."""

from transactional.draws.chains import CHAINS
from transactional.draws.log import proving
from transactional.draws.log.batches import batched
from transactional.draws.log.entry_proofs import tlog_proof
from transactional.draws.log.keeper import Keeper, LogSettingsError, keeper_of
from transactional.draws.log.positions import Signed, first_witnessed, newest, position, witnessed
from transactional.draws.log.published import LogBrokenError
from transactional.draws.log.queue import append
from transactional.draws.log.sequencer import Placed, sequence
from transactional.draws.log.strangers import contradicted, highest_number
from transactional.draws.log.tiles import Tiles, TilesError

__all__ = [
    "Keeper",
    "LogBrokenError",
    "LogSettingsError",
    "Placed",
    "Signed",
    "TilesError",
    "append",
    "batched",
    "consistency",
    "contradicted",
    "first_witnessed",
    "highest_number",
    "inclusion",
    "keeper_of",
    "newest",
    "policy",
    "position",
    "sequence",
    "tlog_proof",
    "witnessed",
]


def inclusion(keeper: Keeper, index: int, size: int) -> list[bytes]:
    """What leads from a leaf to the root of the log at a published size. Raises IndexError, TilesError."""
    return proving.inclusion(Tiles(keeper.folder, size), index)


def consistency(keeper: Keeper, first: int, second: int) -> list[bytes]:
    """What shows that the log at one published size only added to an earlier one. Raises IndexError, TilesError."""
    return proving.consistency(Tiles(keeper.folder, second), first)


def policy(keeper: Keeper) -> dict[str, object]:
    """The keys that a verifier has to pin, as docs/draw-bundle.md has them."""
    return {
        "format": "mingsuan/draw-policy/v1",
        "log": str(keeper.verifier),
        "witnesses": [{"key": str(each.key), "test": int(each.is_test)} for each in keeper.witnesses],
        "quorum": keeper.quorum,
        "chains": [
            {
                "hash": chain.hash,
                "public_key": chain.public_key.hex(),
                "genesis": chain.pace.genesis,
                "period": chain.pace.period,
                "least_delay_s": chain.least_delay_s,
                "most_delay_s": chain.most_delay_s,
                "test": int(chain.is_test),
            }
            for chain in CHAINS.values()
        ],
    }
