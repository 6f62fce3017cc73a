"""Secret keys in files of their own, outside the database."""

import os
import secrets
from pathlib import Path

KEY_BYTES = 32


def read_or_make(path: Path) -> bytes:
    """The 32-byte key in `path`, made on first use, readable by its owner only. Raises ValueError on another size."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)  # fails when another process was first: its key stands
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return read(path)


def read(path: Path) -> bytes:
    """The 32-byte key in `path`. Raises ValueError on another size, FileNotFoundError."""
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise ValueError(f"{path} must hold exactly {KEY_BYTES} bytes, not {len(key)}")
    return key
