"""The log as anybody sees it: the served checkpoint and the tiles behind it. Nothing is signed here."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from transactional.draws.log import proving, tiles
from transactional.draws.log.checkpoints import Checkpoint, checkpoint
from transactional.draws.log.keeper import Keeper
from transactional.draws.log.notes import BadNoteError, Note, check_signed, note
from transactional.draws.log.tiles import Tiles, TilesError

CHECKPOINT = "checkpoint"
POLICY = "policy.json"


class LogBrokenError(RuntimeError):
    """What was published, signed or witnessed contradicts what is here; the log is not extended. A sentence."""


@dataclass(frozen=True, slots=True)
class Published:
    """A checkpoint that was found on the disk, with all signatures below it."""

    checkpoint: Checkpoint
    note: Note


def read(keeper: Keeper) -> Published | None:
    """What is served, once its signature and root are found right; None before the log began. Raises LogBrokenError."""
    path = keeper.folder / CHECKPOINT
    try:
        content = path.read_bytes().decode()
    except FileNotFoundError:
        return None
    try:
        found = note(content)
        check(keeper, found)
        said = checkpoint(found.text)
        root = proving.root(Tiles(keeper.folder, said.size))
    except (BadNoteError, TilesError, UnicodeDecodeError) as error:
        raise LogBrokenError(f"{path} cannot be built upon: {str(error).rstrip('.')}.") from None
    if root != said.root:
        raise LogBrokenError(f"{path} does not say what the tiles beside it hold.")
    return Published(said, found)


def check(keeper: Keeper, content: Note) -> None:
    """Raises LogBrokenError unless a checkpoint is by this name and this key."""
    origin = checkpoint(content.text).origin
    if origin != keeper.origin:
        raise LogBrokenError(f"The log began as {origin}: it cannot go on as {keeper.origin}.")
    try:
        check_signed(content, keeper.verifier)
    except BadNoteError:
        raise LogBrokenError("The log was signed with another key: bring back the file log.key.") from None


def after(folder: Path, size: int, leaves: Sequence[bytes]) -> tuple[dict[str, bytes], bytes]:
    """The files that the log needs for further leaves, not written yet, and the root that it then has."""
    files = tiles.extended(Tiles(folder, size), leaves)
    return files, proving.root(tiles.with_files(folder, size + len(leaves), files))


def extend(keeper: Keeper, before: int, files: dict[str, bytes], content: Note) -> None:
    """Publishes a checkpoint: its tiles first, so that nobody meets a checkpoint without them."""
    tiles.write(keeper.folder, files)
    show(keeper, content)
    tiles.drop_partial(keeper.folder, before, checkpoint(content.text).size)


def show(keeper: Keeper, content: Note) -> None:
    """Serves a checkpoint whose tiles are there."""
    tiles.put_synced(keeper.folder / CHECKPOINT, str(content).encode())


def show_policy(keeper: Keeper, content: bytes) -> None:
    """Lays the keys beside the log that they check, for whoever reads the folder."""
    path = keeper.folder / POLICY
    if not path.exists() or path.read_bytes() != content:
        tiles.put_synced(path, content)
