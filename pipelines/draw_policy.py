"""Which keys of log, witnesses and beacons the audit of draws believes: never those that come with what it verifies."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from mingsuan.settings import Settings
from pipelines.attempt import write_whole

PINNED = "draw-policy.json"
PUBLISHED = "policy.json"
FORMAT = "mingsuan/draw-policy/v1"


class NoPolicyError(RuntimeError):
    """There are no keys to verify draws by. The message is a sentence that says what to do."""


@dataclass(frozen=True)
class Policy:
    """The pinned file. `is_published`: the public log names the same keys today; None when it names none."""

    file: Path
    sha256: str
    is_published: bool | None


def pinned(settings: Settings) -> Policy:
    """The file of the setting, else the copy that was kept when the audit first met the public log.

    The copy is never renewed by itself: whoever changes the shop's log or witnesses could otherwise change what its
    draws are measured by. Raises NoPolicyError.
    """
    published = settings.log_dir / PUBLISHED
    if settings.draw_policy_file is not None:
        file = settings.draw_policy_file
        if not file.exists():
            raise NoPolicyError(f"MINGSUAN_DRAW_POLICY_FILE names {file}, which is not there")
    else:
        file = settings.warehouse_file.parent / PINNED
        if not file.exists():
            write_whole(file, _content(published))
    content = _content(file)
    return Policy(file, _hash(content), _hash(_content(published)) == _hash(content) if published.exists() else None)


def _content(file: Path) -> object:
    """Raises NoPolicyError."""
    try:
        content = json.loads(file.read_bytes())
    except FileNotFoundError:
        raise NoPolicyError(
            f"{file} is not there: the shop's worker writes it when it begins to keep the log"
        ) from None
    except (OSError, ValueError) as error:
        raise NoPolicyError(f"{file} cannot be read: {error}") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise NoPolicyError(f"{file} is no policy of the form {FORMAT}")
    return content


def _hash(content: object) -> str:
    """Of what it says, however it is written."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
