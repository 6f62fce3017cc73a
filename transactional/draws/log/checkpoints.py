"""What a checkpoint of the log says (C2SP tlog-checkpoint): whose log, how many leaves, which root. No files here."""

import base64
import binascii
import re
from dataclasses import dataclass

from transactional.draws.log.notes import BadNoteError

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One size of a log, named by its origin."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """What is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def checkpoint(text: str) -> Checkpoint:
    """What a note's text says; lines after the third are left unread. Raises BadNoteError."""
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] or not all(lines[:-1]) or not _SIZE.fullmatch(lines[1]):
        raise BadNoteError("a note is no checkpoint")
    try:
        root = base64.b64decode(lines[2], validate=True)
    except (binascii.Error, ValueError):
        raise BadNoteError("a checkpoint's root is not base64") from None
    if len(root) != 32:
        raise BadNoteError("a checkpoint's root is not 32 bytes long")
    return Checkpoint(lines[0], int(lines[1]), root)
