"""Runs the draws' verifier as a program of its own, within bounds; it is never imported."""

import contextlib
import hashlib
import importlib.util
import json
import resource
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any

PROGRAM = "mingsuan.draw_verifier"
BASE_SECONDS = 120.0
SECONDS_A_MEGABYTE = 3.0
"""A megabyte of tickets, 32,768 entries, takes some 0.15 s."""
MEMORY_BYTES = 2 << 30
OUT_OF_MEMORY = ("FORMAT", "MemoryError")
"""How the verifier says that its memory was too little: of any other fault it cannot have been the bound."""
TOLD = 500
USAGE = "USAGE"


@dataclass(frozen=True)
class Verification:
    """What came of one run. `verdict` is None when there is none, and `words` then say why; a fault of this machine,
    such as too little time, is never a verdict on a draw."""

    verdict: str | None
    exit_code: int | None
    words: str
    facts: Mapping[str, Any]
    verifier_version: int | None
    took_seconds: float


@dataclass(frozen=True)
class Verifier:
    """The program and its bounds; it gets `base_seconds` and some more for each megabyte of a bundle."""

    command: tuple[str, ...] = (sys.executable, "-P", "-m", PROGRAM)
    base_seconds: float = BASE_SECONDS
    memory_bytes: int = MEMORY_BYTES

    def verify(self, bundle: BufferedReader, policy: Path, now: int) -> Verification:
        """The verdict on an opened bundle, by these keys, at a second since 1970.

        The program reads the file that is open here, whatever becomes of its name meanwhile.
        """
        descriptor, size = bundle.fileno(), bundle.seek(0, 2)
        bundle.seek(0)  # where the other end of a descriptor may share its place
        seconds = self.base_seconds + SECONDS_A_MEGABYTE * size / (1 << 20)
        named = (f"/dev/fd/{descriptor}", "--policy", str(policy), "--now", str(now), "--json")
        started = time.perf_counter()
        with subprocess.Popen(  # noqa: S603  (our own program)
            [*self.command, *named],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=(descriptor,),
        ) as process:
            self._bound(process.pid)
            try:
                told, complaint = process.communicate(timeout=seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                took = time.perf_counter() - started
                return Verification(None, None, f"the verifier was not done within {seconds:.0f} s", {}, None, took)
        return _read(process.returncode, told, complaint, time.perf_counter() - started)

    def _bound(self, process_id: int) -> None:
        if sys.platform == "linux":  # elsewhere only its time is bounded
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(process_id, resource.RLIMIT_AS, (self.memory_bytes, self.memory_bytes))


def program_sha256() -> str:
    """Of the verifier's one file: with any change of it all bundles are verified again. Raises ModuleNotFoundError."""
    found = importlib.util.find_spec(PROGRAM)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(f"there is no {PROGRAM}")
    return hashlib.sha256(Path(found.origin).read_bytes()).hexdigest()


def _read(exit_code: int, told: bytes, complaint: bytes, took: float) -> Verification:
    try:
        answer = json.loads(told)
        verdict, words, facts = str(answer["verdict"]), str(answer["message"]), dict(answer["facts"])
        exit_told, version = int(answer["exit"]), int(answer["version"])
    except (ValueError, KeyError, TypeError):
        last = complaint.decode(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
        return Verification(None, exit_code, f"the verifier broke down: {last[0][:TOLD]}", {}, None, took)
    if exit_code != exit_told:
        words, verdict = f"the verifier said {verdict}, but ended with exit code {exit_code}", USAGE
    is_unknown = verdict == USAGE or (verdict == OUT_OF_MEMORY[0] and words.endswith(OUT_OF_MEMORY[1]))
    return Verification(None if is_unknown else verdict, exit_code, words[:TOLD], facts, version, took)
