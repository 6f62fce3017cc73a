"""A whole log: what no bundle can show is found, and an honest log passes from a folder and over HTTP."""

import functools
import gzip
import http.server
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from mingsuan.draw_verifier import FaultError, Outcome, policy_of, seen_of
from mingsuan.log_verifier import Folder, GivenLog, Levels, Source, Tiles, Web, tile_path, verify_log
from tests.draws.memory_log import LOG, WITNESS, MemoryLog, cosignature
from tests.draws.vectors import vectors
from tests.draws.worlds import OPENED_AT, Plan, Story, policy
from transactional.canonical_json import canonical
from transactional.draws import leaves
from transactional.draws.chains import TEST

LONG_AFTER = OPENED_AT + 90 * 86_400
LATER = OPENED_AT + 3_000
"""When what began at first is over."""


@dataclass
class Served:
    """Files in memory, as a log's source."""

    files: dict[str, bytes]
    asked: list[str] = field(default_factory=list)

    def read(self, path: str, most: int) -> bytes | None:
        self.asked.append(path)
        return self.files.get(path)


@dataclass(frozen=True)
class Shown:
    """A log as somebody shows it."""

    files: Mapping[str, bytes]
    policy: Mapping[str, Any] = field(default_factory=policy)
    now: int = LONG_AFTER
    seen: tuple[str, ...] = ()

    def verdict(self, source: Source | None = None) -> Outcome:
        pinned = policy_of(canonical(self.policy))
        seen = tuple(seen_of(text.encode(), pinned.log) for text in self.seen)
        return verify_log(GivenLog(source or Served(dict(self.files)), pinned, self.now, seen))


def served(log: MemoryLog, size: int | None = None) -> dict[str, bytes]:
    """Its files with a checkpoint that the witness signed."""
    size = len(log.leaves) if size is None else size
    return {**log.files(size), "checkpoint": log.checkpoint(size, [WITNESS], LONG_AFTER - 60).encode()}


def lived(log: MemoryLog, first: int = 1) -> list[Story]:
    """Three draws in a log: decided, voided, and one whose winner forfeited; with the ledger's seals between."""
    decided = Story(Plan(number=first), log).open().sell()
    voided = Story(Plan(number=first + 1, closes_after=3_600), log).open().sell(20)
    log.append(leaves.seal(1, bytes(32)))
    decided.commit().decide()
    voided.void()
    forfeited = Story(Plan(number=first + 2, opened_at=LATER, winners=1), log).open().sell().commit().decide()
    forfeited.forfeit(forfeited.winners()[0]).deliver(forfeited.reserves()[0])
    return [decided, voided, forfeited]


def honest(**given: Any) -> Shown:
    log = MemoryLog()
    lived(log)
    return Shown(served(log), **given)


def long_log(entries: int = 700) -> MemoryLog:
    """Of more leaves than a tile has, a draw among them."""
    log = MemoryLog()
    lived(log)
    while len(log.leaves) < entries:
        log.append(leaves.seal(len(log.leaves), bytes(32)))
    return log


def with_plan(second: Plan) -> Shown:
    """Two decided draws, the second as told, and later."""
    log = MemoryLog()
    for plan in (Plan(), replace(second, opened_at=LATER)):
        Story(plan, log).open().sell().commit().decide()
    return Shown(served(log))


def hidden_commit() -> Shown:
    """Both commitments are in the log; each bundle shows one of them."""
    log = MemoryLog()
    story = Story(Plan(), log).open().sell().commit().decide()
    other = replace(story.committed, fresh_round=story.committed.fresh_round - 1)
    story.say(leaves.commitment(other))
    return Shown(served(log))


def changed(path: str, change: Callable[[bytes], bytes], log: MemoryLog | None = None) -> Shown:
    files = served(log or long_log())
    return Shown({**files, path: change(files[path])})


def lacking(path: str) -> Shown:
    files = served(long_log())
    del files[path]
    return Shown(files)


def rewritten() -> Shown:
    """A leaf says something else, in the entries, in every tile, but not under the checkpoint's root."""
    log = long_log()
    checkpoint = served(log)["checkpoint"]
    other = MemoryLog()
    for place, body in enumerate(log.leaves):
        other.append(leaves.seal(99, bytes(32)) if place == 5 else body)
    return Shown({**other.files(), "checkpoint": checkpoint})


def forked_before(size: int) -> Shown:
    """Somebody was shown a log whose first `size` leaves end otherwise."""
    log, other = long_log(), MemoryLog()
    for body in log.leaves[: size - 1]:
        other.append(body)
    other.append(leaves.seal(1234, bytes(32)))
    return Shown(served(log), seen=(other.checkpoint(size),))


def shortened() -> Shown:
    """The shop shows less than it once showed: something was to be forgotten."""
    log = long_log()
    return Shown(served(log, 300), seen=(log.checkpoint(301),))


def seen_before(*sizes: int) -> Shown:
    log = long_log()
    return Shown(served(log), seen=tuple(log.checkpoint(size) for size in sizes))


def false_draw() -> Shown:
    log = MemoryLog()
    Story(Plan(), log).open().sell().commit().decide(lambda says: {**says, "winners": says["winners"][::-1]})
    return Shown(served(log))


def with_leaf(body: str) -> Shown:
    log = MemoryLog()
    lived(log)
    log.append(body)
    return Shown(served(log))


def waiting(now: int) -> Shown:
    log = MemoryLog()
    story = Story(Plan(), log).open().sell().commit()
    return Shown(served(log), now=story.committed.round_time + now)


def foreign() -> Shown:
    log = MemoryLog(replace(LOG, made_from="somebody else"))
    lived(log)
    return Shown(served(log))


def flipped(content: bytes) -> bytes:
    return content[:40] + bytes([content[40] ^ 1]) + content[41:]


def prize_again(item: str = "gift-card-1", *, voided: bool) -> Shown:
    """What the first draw gave away or, when it was voided, did not."""
    log = MemoryLog()
    first = Story(Plan(), log).open().sell().commit()
    (first.void() if voided else first.decide()).log.append(leaves.seal(1, bytes(32)))
    Story(Plan(number=2, opened_at=LATER, item=item), log).open().sell().commit().decide()
    return Shown(served(log))


def twice_numbered() -> Shown:
    log = MemoryLog()
    Story(Plan(), log).open().sell().commit().decide()
    Story(Plan(number=2, opened_at=LATER), log).open(lambda says: replace(says, number=1)).sell().commit().decide()
    return Shown(served(log))


def behind_a_later_round(end: Callable[[Story], object], plan: Plan | None = None) -> Shown:
    """Of two draws at once the second is decided, and only then the first goes on."""
    log = MemoryLog()
    first = Story(plan or Plan(), log).open().sell()
    if plan is None:
        first.commit()
    Story(Plan(number=2, entries=120), log).open().sell().commit().decide()
    end(first)
    return Shown(served(log))


def voided_in_its_own_words(after_deadline_s: int) -> Shown:
    log = MemoryLog()
    story = Story(Plan(), log).open().sell().commit()
    story.void(at=story.committed.round_time - 60 + after_deadline_s)
    return Shown(served(log))


def contradicting_seals() -> Shown:
    log = MemoryLog()
    lived(log)
    log.append(leaves.seal(1, bytes([1]) * 32))
    return Shown(served(log))


def unwieldy_batch() -> Shown:
    runs = [("free" if place % 2 else "paid", 2**53 - 1) for place in range(2_050)]
    return with_leaf(leaves.batch(Plan(number=9).draw_id, 0, 1, bytes(32), runs, OPENED_AT))


CASES: Mapping[str, tuple[Callable[[], Shown], str]] = {
    "honest": (honest, "VALID"),
    "longer than a tile": (lambda: Shown(served(long_log())), "VALID"),
    "of whole tiles exactly": (lambda: Shown(served(long_log(512))), "VALID"),
    "without an entry": (lambda: Shown(served(MemoryLog())), "VALID"),
    "seen before, at several sizes": (lambda: seen_before(0, 1, 256, 300, 700), "VALID"),
    "with a test witness": (lambda: honest(policy=policy(test_witness=1)), "TEST"),
    "with a test chain": (lambda: with_plan(Plan(number=2, chain=TEST, delay_s=120)), "TEST"),
    "that no witness signed": (lambda: honest(policy=policy(())), "VALID-UNTIMED"),
    "whose round is to come": (lambda: waiting(0), "VALID"),
    "that withholds a result": (lambda: waiting(1), "OVERDUE"),
    "with a hidden second commitment": (hidden_commit, "SECOND-COMMIT"),
    "that gives a prize away twice": (lambda: prize_again(voided=False), "SECOND-COMMIT"),
    "that gives a voided draw's prize away": (lambda: prize_again(voided=True), "VALID"),
    "that gives a prize away twice under names that look the same": (
        lambda: prize_again("\uff47ift-card-1 ", voided=False),
        "SECOND-COMMIT",
    ),
    "with a commitment behind a later round": (
        lambda: behind_a_later_round(lambda story: story.commit().decide(), Plan(number=1)),
        "LATE-COMMIT",
    ),
    "with a void behind a later round": (
        lambda: behind_a_later_round(lambda story: story.void(at=story.committed.round_time - 300)),
        "INVALID-VOID",
    ),
    "with a result behind a later round": (lambda: behind_a_later_round(Story.decide), "VALID"),
    "with a void that calls itself late": (lambda: voided_in_its_own_words(1), "INVALID-VOID"),
    "with a void at the last moment": (lambda: voided_in_its_own_words(0), "VALID"),
    "with a batch of more entries than can be": (unwieldy_batch, "FORMAT"),
    "that leaves a number out": (lambda: with_plan(Plan(number=3)), "NUMBER-GAP"),
    "that has a number twice": (twice_numbered, "NUMBER-GAP"),
    "whose draw is false": (false_draw, "WRONG-WINNERS"),
    "with a leaf of no known type": (lambda: with_leaf('{"type":"draw-secret/v1"}'), "FORMAT"),
    "with a leaf that is no JSON": (lambda: with_leaf("hello"), "FORMAT"),
    "with leaves of a draw that never opened": (
        lambda: with_leaf(leaves.void(Plan(number=9).draw_id, "cancelled", "no", OPENED_AT)),
        "FORMAT",
    ),
    "by somebody else": (foreign, "LOG-KEY"),
    "without a checkpoint": (lambda: lacking("checkpoint"), "BAD-TILES"),
    "with a checkpoint that is no text": (lambda: changed("checkpoint", lambda _: b"\xff"), "FORMAT"),
    "without a tile of hashes": (lambda: lacking("tile/0/001"), "BAD-TILES"),
    "without a tile above": (lambda: lacking("tile/1/000.p/2"), "BAD-TILES"),
    "without a tile of entries": (lambda: lacking("tile/entries/002.p/188"), "BAD-TILES"),
    "with an altered hash": (lambda: changed("tile/0/000", flipped), "BAD-TILES"),
    "with an altered hash at its end": (lambda: changed("tile/0/002.p/188", flipped), "BAD-TILES"),
    "with an altered hash above": (lambda: changed("tile/1/000.p/2", flipped), "BAD-TILES"),
    "with an altered entry": (lambda: changed("tile/entries/000", flipped), "BAD-TILES"),
    "with entries cut short": (lambda: changed("tile/entries/000", lambda content: content[:-1]), "BAD-TILES"),
    "rewritten throughout": (rewritten, "BAD-TILES"),
    "that was shown otherwise": (lambda: forked_before(700), "SPLIT-VIEW"),
    "that was shown otherwise long ago": (lambda: forked_before(40), "SPLIT-VIEW"),
    "that became shorter": (shortened, "SPLIT-VIEW"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_log(name: str) -> None:
    shown, code = CASES[name]
    outcome = shown().verdict()
    assert outcome.code == code, outcome.message


def test_a_false_line_of_the_witness_is_told() -> None:
    log = MemoryLog()
    lived(log)
    text = log.checkpoint(len(log.leaves)) + cosignature(WITNESS, log.body(3), LONG_AFTER)
    assert Shown({**log.files(), "checkpoint": text.encode()}).verdict().code == "BAD-WITNESS"


def test_a_fault_of_a_draw_names_it() -> None:
    assert false_draw().verdict().message.startswith("draw 1: ")


def test_the_facts_are_what_the_log_holds() -> None:
    facts = honest().verdict().facts
    assert (facts["draws"], facts["decided"], facts["voided"], facts["ledger_seals"]) == (3, 2, 1, 1)


def test_seals_of_one_number_that_differ_are_told() -> None:
    assert honest().verdict().facts["ledger_seals_contradicted"] == 0
    assert contradicting_seals().verdict().facts["ledger_seals_contradicted"] == 1


def test_a_leaf_that_is_dated_ahead_of_the_witness_is_told() -> None:
    log = MemoryLog()
    Story(Plan(), log).open().sell()
    files = {**log.files(), "checkpoint": log.checkpoint(len(log.leaves), [WITNESS], OPENED_AT - 600).encode()}
    assert Shown(files).verdict().code == "CLOSING"


def test_a_source_that_packs_what_it_sends_is_not_unpacked() -> None:
    bomb = gzip.compress(bytes(1 << 22))
    packed = httpx.Response(200, headers={"Content-Encoding": "gzip"}, content=bomb)
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers["Accept-Encoding"])
        return packed

    client = httpx.Client(transport=httpx.MockTransport(answer))
    with client, pytest.raises(OSError, match="packed"):
        Web("http://log", client).read("checkpoint", 1 << 16)
    assert asked == ["identity"]


def test_a_whole_tile_stands_for_the_partial_one_before_it() -> None:
    log = long_log(600)
    files = {**log.files(512), **served(log, 300)}
    partial = [path for path in files if ".p/" in path and "/1/" not in path]
    for path in partial:
        del files[path]
    assert Shown(files).verdict().code == "VALID"


def test_tiles_are_where_the_specification_puts_them() -> None:
    (number, path), *_ = vectors("c2sp_signed_note")["tile_path"].items()
    assert tile_path("entries", int(number)) == f"tile/entries/{path}"
    assert tile_path("0", 5, 7) == "tile/0/005.p/7"


def test_a_tree_of_seventy_thousand_has_the_tiles_of_the_specification() -> None:
    checked: list[tuple[int, int, int]] = []

    class Noted(Tiles):
        def check(self, level: int, number: int, hashes: object) -> None:
            checked.append((level, number, len(list(hashes))))  # type: ignore[call-overload]

    levels = Levels(Noted(Served({}), 70_000))
    for _ in range(70_000):
        levels.add(bytes(32))
    levels.finish()
    says = vectors("c2sp_signed_note")["tile_counts_size_70000"]
    widths = {level: [width for at, _, width in checked if at == level] for level in range(4)}
    assert widths[0] == [256] * says["level0_full"] + [says["level0_partial_width"]]
    assert widths[1] == [256] * says["level1_full"] + [says["level1_partial_width"]]
    assert widths[2] == [says["level2_partial_width"]]
    assert widths[3] == []


def written(files: Mapping[str, bytes], folder: Path) -> Path:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def test_a_copied_log_is_read_from_its_folder(tmp_path: Path) -> None:
    shown = Shown(served(long_log()))
    assert shown.verdict(Folder(written(shown.files, tmp_path))).code == "VALID"
    (tmp_path / "tile/0/001").unlink()
    assert shown.verdict(Folder(tmp_path)).code == "BAD-TILES"


def test_a_file_that_is_too_large_is_not_read_to_its_end(tmp_path: Path) -> None:
    (tmp_path / "checkpoint").write_bytes(bytes(2_000_000))
    with pytest.raises(FaultError, match="larger"):
        Folder(tmp_path).read("checkpoint", 1_000_000)


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """The folder behind a web server on a port of its own."""
    handler = functools.partial(Quiet, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.mark.enable_socket
def test_a_served_log_is_read_over_http(tmp_path: Path, web: str) -> None:
    shown = Shown(served(long_log()))
    written(shown.files, tmp_path)
    with httpx.Client() as client:
        assert shown.verdict(Web(web, client)).code == "VALID"
        assert shown.verdict(Web(f"{web}/elsewhere/", client)).code == "BAD-TILES"
        with pytest.raises(FaultError, match="larger"):
            Web(web, client).read("tile/0/000", 8_191)


@pytest.mark.enable_socket
def test_a_log_that_does_not_answer_has_no_verdict() -> None:
    with httpx.Client() as client, pytest.raises(OSError, match="did not answer"):
        honest().verdict(Web("http://127.0.0.1:9", client))


def test_a_leaf_is_not_believed_before_its_tile_is() -> None:
    """An altered entry is told as such, even when what it now says is no leaf at all."""
    log = long_log()
    files = served(log)
    first = json.dumps({"no": "leaf"}).encode()
    rest = files["tile/entries/000"][2 + len(log.leaves[0].encode()) :]
    shown = Shown({**files, "tile/entries/000": len(first).to_bytes(2) + first + rest})
    assert shown.verdict().code == "BAD-TILES"
