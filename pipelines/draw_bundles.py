"""The public bundles of draws as files: which is the newest, whether one is whole, what it says of beacon rounds.

Nothing here judges a draw.
"""

import contextlib
import hashlib
import json
import zipfile
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import Any
from uuid import UUID

MANIFEST = "manifest.json"
MANIFEST_BYTES = 64 << 20
"""The most that the format allows."""


def newest(public_dir: Path, draw_id: UUID) -> Path | None:
    """The bundle with the most leaves that the shop made of a draw, the last of those; None without any.

    Its name is `bundle-<leaves>-<what was witnessed>-<signatures>.zip`.
    """
    made = []
    for path in (public_dir / "draws" / draw_id.hex).glob("bundle-*.zip"):
        with contextlib.suppress(FileNotFoundError, ValueError):  # replaced meanwhile, or somebody else's file
            made.append((int(path.name.split("-")[1]), path.stat().st_mtime_ns, path))
    return max(made, default=(0, 0, None))[2]


def sha256(file: BufferedReader) -> str:
    """Of the whole file, which is read from its beginning."""
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()


def is_whole(file: BufferedReader) -> bool:
    """Whether it is an archive whose members' checksums hold, with a manifest that is JSON: not damaged on its way."""
    try:
        _manifest(file)
        with zipfile.ZipFile(file) as archive:
            return archive.testzip() is None
    except (OSError, ValueError, KeyError, RecursionError, EOFError, NotImplementedError, zipfile.BadZipFile):
        return False


def rounds(file: BufferedReader) -> dict[int, str]:
    """The beacon's rounds that a verified bundle names, with their signatures in hexadecimal."""
    return {number: signature for leaf in _leaves(file) for number, signature in _named(leaf)}


def _named(leaf: dict[str, Any]) -> Iterator[tuple[int, str]]:
    if "fresh_round" in leaf:
        yield leaf["fresh_round"], leaf["fresh_signature"]
    if leaf["type"] == "draw-result/v1":
        yield leaf["round"], leaf["signature"]


def _leaves(file: BufferedReader) -> Iterator[dict[str, Any]]:
    for placed in _manifest(file)["leaves"]:
        yield json.loads(placed["leaf"])


def _manifest(file: BufferedReader) -> dict[str, Any]:
    """Raises what reading an archive raises, and ValueError when there is no JSON object of a sensible size."""
    file.seek(0)
    with zipfile.ZipFile(file) as archive, archive.open(MANIFEST) as member:
        content = json.loads(member.read(MANIFEST_BYTES + 1))
    if not isinstance(content, dict):
        raise ValueError(f"{MANIFEST} is no object")
    return content
