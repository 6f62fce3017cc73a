"""How long the verification of a large draw takes, against a bare loop of the same hashes on one core.

The draw has MINGSUAN_BENCH_ENTRIES entries in a thousand batches. Pairs take turns in processes of their own, and the
ratio is the median of MINGSUAN_BENCH_ROUNDS pairs'; the memory is the most that a verifying process ever held.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.report import Report
from tests.draws.worlds import Plan, decided, policy
from transactional.canonical_json import canonical

BATCHES = 1_000
RANGES_A_BATCH = 50
AIM_RATIO, AIM_MIB = 1.5, 100


@dataclass(frozen=True)
class Spent:
    """What one process needed: seconds of a core, seconds on the clock, MiB."""

    cpu_s: float
    clock_s: float
    peak_mib: float


@dataclass(frozen=True)
class Pair:
    """One verification and one bare loop, one after the other."""

    verification: Spent
    loop: Spent


def measure() -> Report:
    entries = int(os.environ.get("MINGSUAN_BENCH_ENTRIES", "1000000"))
    rounds = int(os.environ.get("MINGSUAN_BENCH_ROUNDS", "5"))
    with tempfile.TemporaryDirectory(prefix="mb-") as name:
        folder = Path(name)
        batches = lay_out(entries, folder)
        pairs = [_told(_pair(folder, entries, nodes(entries, batches)), number + 1, rounds) for number in range(rounds)]
        size = (folder / "bundle.zip").stat().st_size
    return report(pairs, entries, batches, size)


def lay_out(entries: int, folder: Path) -> int:
    """Writes an honest bundle, its tickets and its policy; hands back in how many batches the entries came."""
    range_size = max(entries // (BATCHES * RANGES_A_BATCH), 1)
    plan = Plan(entries=entries, winners=10, reserves=10, range_size=range_size, ranges_a_batch=RANGES_A_BATCH)
    story = decided(plan)
    (folder / "bundle.zip").write_bytes(story.case().bundle)
    (folder / "tickets.bin").write_bytes(b"".join(story.tickets))
    (folder / "policy.json").write_bytes(canonical(policy()))
    return sum('"type":"draw-batch/v1"' in story.log.leaves[position] for position in story.positions)


def nodes(entries: int, batches: int) -> int:
    """Inner nodes of the draw's tree, and of its batches' trees together."""
    return (entries - 1) + (entries - batches)


def _pair(folder: Path, entries: int, inner: int) -> Pair:
    verification = _run("verify_once", str(folder / "bundle.zip"), str(folder / "policy.json"))
    return Pair(verification, _run("hash_loop", str(folder / "tickets.bin"), str(entries), str(inner)))


def _run(module: str, *arguments: str) -> Spent:
    command = [sys.executable, "-m", f"benchmarks.draws.{module}", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600)
    return Spent(**json.loads(done.stdout))


def _told(pair: Pair, number: int, rounds: int) -> Pair:
    print(
        f"· round {number} of {rounds}: verified in {pair.verification.cpu_s:.2f} s of a core,"
        f" bare loop {pair.loop.cpu_s:.2f} s, peak {pair.verification.peak_mib:.0f} MiB",
        flush=True,
    )
    return pair


def report(pairs: list[Pair], entries: int, batches: int, bundle_bytes: int) -> Report:
    """The aims are told beside what was reached."""
    peak = max(pair.verification.peak_mib for pair in pairs)
    ratio = statistics.median(pair.verification.cpu_s / pair.loop.cpu_s for pair in pairs)
    return Report(
        name="draw_verify",
        ratios={"vs_hash_loop": round(ratio, 3)},
        figures={
            "entries": entries,
            "batches": batches,
            "hashes": entries + nodes(entries, batches),
            "bundle_mib": round(bundle_bytes / 2**20, 1),
            "verify_s": round(statistics.median(pair.verification.cpu_s for pair in pairs), 3),
            "verify_clock_s": round(statistics.median(pair.verification.clock_s for pair in pairs), 3),
            "hash_loop_s": round(statistics.median(pair.loop.cpu_s for pair in pairs), 3),
            "peak_mib": round(peak, 1),
            "aim_ratio": AIM_RATIO,
            "aim_peak_mib": AIM_MIB,
            "rounds": len(pairs),
        },
    )
