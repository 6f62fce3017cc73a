"""What a backup is: a folder of files and `manifest.json`, which names each file with its hash and what it holds."""

import hashlib
import json
import os
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

MANIFEST = "manifest.json"
DUMP = "shop.dump"
PUBLIC, KEYS = "public", "keys"
FORMAT = 1
CHUNK = 1 << 20


class BackupError(RuntimeError):
    """A backup or restore was refused or failed, and nothing was changed; the message is for people."""


class Facts(BaseModel):
    """What the source was at the snapshot. `system_identifier` names the server it was."""

    model_config = ConfigDict(frozen=True)

    system_identifier: str
    server_version: int
    revision: str
    orders: int
    last_order_no: str | None
    last_seal_no: int | None
    last_seal_head: str | None


class Manifest(BaseModel):
    """`files` are paths inside the folder with the SHA-256 of each."""

    model_config = ConfigDict(frozen=True)

    format: int = FORMAT
    taken_at: AwareDatetime
    source: Facts
    with_keys: bool
    files: dict[str, str]

    def write(self, folder: Path) -> None:
        write_whole(folder / MANIFEST, json.dumps(self.model_dump(mode="json"), indent=2).encode())


def verified(folder: Path) -> Manifest:
    """The manifest of a backup whose files are all there, unchanged, and no others. Raises BackupError."""
    try:
        manifest = Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    except FileNotFoundError:
        raise BackupError(f"{folder} is not a backup: it has no {MANIFEST}") from None
    except ValidationError:
        raise BackupError(f"{folder / MANIFEST} cannot be read: it is damaged, or of a newer version") from None
    if manifest.format != FORMAT:
        raise BackupError(f"the backup is of format {manifest.format}; this program reads format {FORMAT}")
    found = hashes(folder)
    for name in sorted(set(found) ^ set(manifest.files)):
        raise BackupError(f"{name} {'is missing from' if name in manifest.files else 'does not belong to'} the backup")
    for name, expected in manifest.files.items():
        if found[name] != expected:
            raise BackupError(f"{name} was changed since the backup was written: its hash is another")
    return manifest


def hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below the folder, but for the manifest."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / MANIFEST)
    return {path.relative_to(folder).as_posix(): _sha256(path) for path in files}


def write_whole(path: Path, content: bytes) -> None:
    """The file, on the disk, readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """The names in a folder are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
