"""A simulated witness: C2SP's tlog-witness over HTTP, with a key and a memory of its own.

`python -m simulation.witness`. It misbehaves on plan. Run beside the shop it shows nothing to anybody: a witness has to
be in other hands.
"""

import asyncio
import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import typer
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI, Request, Response

from mingsuan import clock
from mingsuan.keys import read_or_make
from transactional.draws.log.checkpoints import Checkpoint, checkpoint
from transactional.draws.log.notes import WITNESS, BadNoteError, Note, Verifier, check_signed, cosign, note, verifier
from transactional.draws.log.tiles import put_synced
from transactional.draws.proofs import WrongProofError, check_consistency

DEFAULT_PORT = 8093
NAME = "witness.invalid/simulated"
SLOW_S = 30.0
MOST_STEPS = 63
Fault = Literal["slow", "dies", "refuses", "lies", "other_key", "no_time", "ahead", "garbage", "floods", "forgets"]
"""`lies`: it signs something else. `ahead`: it says that it has seen more. `forgets`: it says that it saw nothing."""


class RefusedError(Exception):
    """A request that the protocol answers with a status. `body` is the answer."""

    def __init__(self, status: int, body: str = "", media_type: str = "text/plain") -> None:
        super().__init__(body)
        self.status, self.body, self.media_type = status, body, media_type


@dataclass(slots=True)
class Witness:
    """Its key and what it has cosigned, in a folder. `logs` are the keys that it knows; `fault` is what is wrong."""

    folder: Path
    logs: tuple[Verifier, ...]
    name: str = NAME
    fault: Fault | None = None
    now: Callable[[], float] = field(default=lambda: clock.now().timestamp())
    asked: int = 0

    @property
    def key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(read_or_make(self.folder / "witness.key"))

    @property
    def verifier(self) -> Verifier:
        return Verifier(self.name, WITNESS, self.key.public_key().public_bytes_raw())

    def shown(self, origin_sha256: str) -> str | None:
        """The newest checkpoint of a log that it cosigned, with that log's signature."""
        return self._memory().get(origin_sha256)

    def add(self, body: str) -> str:
        """Cosigns a checkpoint that extends the last one, and remembers it first. Raises RefusedError."""
        old, steps, content = _parts(body)
        said = self._known(content)
        if old > said.size:
            raise RefusedError(400, "the old size is larger than the new one\n")
        last = self._last(said.origin)
        if old != last.size or self.fault in ("ahead", "forgets"):
            told = {"ahead": said.size + 1000, "forgets": 0}.get(self.fault or "", last.size)
            raise RefusedError(409, f"{told}\n", "text/x.tlog.size")
        _consistent(last, said, steps)
        line = cosign(self._told(content), self.name, self.key, int(self.now()))
        own = tuple(each for each in content.lines if any(each.is_by(log) for log in self.logs))
        memory = self._memory() | {_origin_hash(said.origin): str(Note(content.text, (*own, line)))}
        put_synced(self.folder / "seen.json", json.dumps(memory).encode())
        return str(line)

    def _known(self, content: Note) -> Checkpoint:
        said = _checkpoint(content)
        log = next((each for each in self.logs if each.name == said.origin), None)
        if log is None:
            raise RefusedError(404, "this log is not known here\n")
        try:
            check_signed(content, log)
        except BadNoteError as error:
            raise RefusedError(403, f"{error}\n") from None
        return said

    def _last(self, origin: str) -> Checkpoint:
        shown = self.shown(_origin_hash(origin))
        return checkpoint(note(shown).text) if shown else Checkpoint(origin, 0, hashlib.sha256().digest())

    def _memory(self) -> dict[str, str]:
        path = self.folder / "seen.json"
        found: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
        return found

    def _told(self, content: Note) -> str:
        return f"{content.text}lie\n" if self.fault == "lies" else content.text


def create_app(witness: Witness) -> FastAPI:
    """One witness; `app.state.witness` is it."""
    app = FastAPI(title="Simulated witness: it is in no other hands than the shop")
    app.state.witness = witness

    @app.post("/add-checkpoint")
    async def add_checkpoint(request: Request) -> Response:
        witness.asked += 1
        body = await request.body()
        if witness.fault == "slow":
            await asyncio.sleep(SLOW_S)
        if (wrong := _wrong(witness)) is not None:
            return wrong
        try:
            answer = witness.add(body.decode())
        except RefusedError as error:
            return Response(error.body, error.status, media_type=error.media_type)
        except UnicodeDecodeError:
            return Response("this is not UTF-8\n", 400)
        return Response(_as_planned(witness, answer), media_type="text/plain")

    @app.get("/{origin_sha256}/checkpoint")
    async def shown(origin_sha256: str) -> Response:
        found = witness.shown(origin_sha256)
        return Response(found or "", 200 if found else 404, media_type="text/plain")

    @app.get("/key")
    async def key() -> Response:
        return Response(f"{witness.verifier}\n", media_type="text/plain")

    return app


def environment(folder: Path, url: str, log: Verifier) -> dict[str, str]:
    """The shop's settings for which the witness at `url` is its own; from now on the witness knows the log."""
    own = Witness(folder, (log,))
    put_synced(folder / "logs.txt", f"{log}\n".encode())
    return {"MINGSUAN_LOG_WITNESSES": f"{own.verifier} {url.rstrip('/')} test"}


def _wrong(witness: Witness) -> Response | None:
    wrong: dict[Fault | None, Response] = {
        "dies": Response("bad gateway", 502),
        "refuses": Response("no\n", 403),
        "garbage": Response(b"\xff\xfe nothing", media_type="text/plain"),
        "floods": Response(b"x" * 1_000_000, media_type="text/plain"),
    }
    return wrong.get(witness.fault)


def _as_planned(witness: Witness, answer: str) -> str:
    if witness.fault == "no_time":
        name, signed = answer.removeprefix("— ").split()
        content = base64.b64decode(signed)
        return f"— {name} {base64.b64encode(content[:4] + bytes(8) + content[12:]).decode()}\n"
    return answer.replace(witness.name, "witness.invalid/other") if witness.fault == "other_key" else answer


def _parts(body: str) -> tuple[int, list[bytes], Note]:
    """Old size, proof and checkpoint of a request. Raises RefusedError."""
    head, gap, content = body.partition("\n\n")
    first, *steps = head.split("\n")
    word, space, digits = first.partition(" ")
    if not gap or word != "old" or not space or str(int(digits) if digits.isdecimal() else None) != digits:
        raise RefusedError(400, "no old size\n")
    if len(steps) > MOST_STEPS:
        raise RefusedError(400, "the proof is too long\n")
    try:
        return int(digits), [base64.b64decode(step, validate=True) for step in steps], note(content)
    except ValueError as error:
        raise RefusedError(400, f"{error}\n") from None


def _checkpoint(content: Note) -> Checkpoint:
    try:
        return checkpoint(content.text)
    except BadNoteError as error:
        raise RefusedError(400, f"{error}\n") from None


def _consistent(last: Checkpoint, said: Checkpoint, steps: list[bytes]) -> None:
    """Raises RefusedError unless the new checkpoint extends the last; everything extends the empty log."""
    try:
        if last.size:
            check_consistency(last.size, said.size, last.root, said.root, steps)
        elif steps or (not said.size and said.root != last.root):
            raise WrongProofError("nothing is to be proven about an empty log")
    except WrongProofError as error:
        raise RefusedError(422, f"{error}\n") from None


def _origin_hash(origin: str) -> str:
    return hashlib.sha256(origin.encode()).hexdigest()


def main(
    folder: Annotated[Path, typer.Option(help="Folder of its key, its memory and logs.txt, the logs that it knows")],
    host: Annotated[str, typer.Option()] = "127.0.0.1",
    port: Annotated[int, typer.Option()] = DEFAULT_PORT,
    fault: Annotated[str, typer.Option(help="What is wrong with it; nothing by default")] = "",
) -> None:
    """A witness beside the shop, for trying things out. It proves nothing: it is in no other hands."""
    faults: dict[str, Fault] = {name: name for name in Fault.__args__}  # type: ignore[attr-defined]
    known = folder / "logs.txt"
    logs = tuple(verifier(line) for line in known.read_text().split()) if known.exists() else ()
    witness = Witness(folder, logs, fault=faults[fault] if fault else None)
    uvicorn.run(create_app(witness), host=host, port=port, log_level="warning")


if __name__ == "__main__":
    typer.run(main)
