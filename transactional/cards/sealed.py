"""A code as the database keeps it: sealed, with all that is needed to open it but the master key."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DataKey:
    """A wrapped data key."""

    id: int
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class SealedCode:
    """A ciphertext and its place."""

    card_id: int
    key: DataKey
    ciphertext: bytes
