"""Whoever keeps the log: its key, folder and name, and the witnesses that it asks. Made once for a process."""

from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mingsuan.keys import read_or_make
from mingsuan.settings import Settings
from transactional.draws.log.checkpoints import Checkpoint
from transactional.draws.log.notes import LOG, WITNESS, BadNoteError, Line, Note, Verifier, sign, verifier


class LogSettingsError(ValueError):
    """The settings name witnesses who cannot be asked so. The message is a sentence."""


@dataclass(frozen=True, slots=True)
class Witness:
    """Somebody else who sees every checkpoint; `is_test` when it is simulated, or run by the same hands as the shop."""

    key: Verifier
    url: str
    is_test: bool


@dataclass(slots=True)
class Memory:
    """What a process knows from its last run: nothing that a new one could not find out again.

    Leaves by transactions before `horizon_xid` are all placed. A witness in `resting` is not asked before an instant
    of the monotonic clock; `failures` counts how often in turn it did not answer as it should. Those in `compared` were
    found to have seen no other log than this one, those in `cosigned` said so of what this process signed, and
    `contradicted` holds, by name, what others have seen instead.
    """

    horizon_xid: int = 0
    compared: set[str] = field(default_factory=set)
    cosigned: set[str] = field(default_factory=set)
    contradicted: dict[str, str] = field(default_factory=dict)
    resting: dict[str, float] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Keeper:
    """`folder` is what is served at /log; `quorum` is how many witnesses make a checkpoint witnessed."""

    key: Ed25519PrivateKey = field(repr=False)
    folder: Path
    origin: str
    witnesses: tuple[Witness, ...] = ()
    quorum: int = 1
    memory: Memory = field(default_factory=Memory, repr=False, compare=False)

    @property
    def verifier(self) -> Verifier:
        """By which the log's signatures are checked."""
        return Verifier(self.origin, LOG, self.key.public_key().public_bytes_raw())

    @property
    def is_witnessed(self) -> bool:
        """Whether outsiders see when a leaf was there: what only test witnesses see proves nothing to others."""
        return sum(not each.is_test for each in self.witnesses) >= self.quorum

    def signed(self, checkpoint: Checkpoint) -> Note:
        """A checkpoint with the log's signature. Only the sequencer knows which may be signed."""
        return Note(checkpoint.text, (self.signature(checkpoint.text),))

    def signature(self, text: str) -> Line:
        return sign(text, self.origin, self.key)


def keeper_of(settings: Settings) -> Keeper:
    """The log of this shop; its key is made on first use. Raises LogSettingsError."""
    key = Ed25519PrivateKey.from_private_bytes(read_or_make(settings.keys_dir / "log.key"))
    origin = settings.log_origin or f"mingsuan.invalid/{key.public_key().public_bytes_raw().hex()[:16]}"
    asked = [part.split() for part in settings.log_witnesses.split(",") if part.strip()]
    witnesses = tuple(map(_witness, asked))
    if len({witness.key.name for witness in witnesses}) < len(witnesses):
        raise LogSettingsError("MINGSUAN_LOG_WITNESSES names one witness twice.")
    if witnesses and settings.log_quorum > len(witnesses):
        raise LogSettingsError("MINGSUAN_LOG_QUORUM is more than there are witnesses: nothing would be witnessed.")
    return Keeper(key, settings.log_dir, origin, witnesses, settings.log_quorum)


def _witness(parts: list[str]) -> Witness:
    if len(parts) not in (2, 3) or parts[2:] not in ([], ["test"]) or not parts[1].startswith(("http://", "https://")):
        raise LogSettingsError("MINGSUAN_LOG_WITNESSES is a list, with commas, of `KEY URL` or `KEY URL test`.")
    try:
        key = verifier(parts[0])
    except BadNoteError as error:
        raise LogSettingsError(f"MINGSUAN_LOG_WITNESSES: {error}.") from None
    if key.kind != WITNESS:
        raise LogSettingsError(f"MINGSUAN_LOG_WITNESSES: {key.name} is not the key of a witness (type 4).")
    return Witness(key, parts[1].rstrip("/"), len(parts) == 3)
