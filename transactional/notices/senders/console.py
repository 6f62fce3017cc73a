"""The sender of a shop without a provider: messages become files in a folder, which `mingsuan outbox` shows."""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mingsuan import clock
from transactional.notices.senders.interface import Message

KEPT = 500
"""Files that stay; older ones go."""


class Outbox:
    """Writes `<instant>-<key>.json`, readable by its owner only; the same key again changes nothing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, message: Message) -> str:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not any(self._folder.glob(f"*-{message.key}.json")):
            self._write(message)
            self._forget()
        return message.key

    async def aclose(self) -> None:
        """There is nothing to end."""

    def _write(self, message: Message) -> None:
        at = clock.now()
        file = self._folder / f"{at:%Y%m%dT%H%M%S%f}-{message.key}.json"
        draft = file.with_suffix(".draft")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            json.dump({"at": at.isoformat(), **asdict(message)}, opened, ensure_ascii=False)
        draft.replace(file)

    def _forget(self) -> None:
        for file in sorted(self._folder.glob("*.json"))[:-KEPT]:
            file.unlink(missing_ok=True)


def newest(folder: Path, count: int) -> Iterator[dict[str, Any]]:
    """The newest messages of an outbox, newest first."""
    for file in sorted(folder.glob("*.json"), reverse=True)[:count]:
        yield json.loads(file.read_text(encoding="utf-8"))
