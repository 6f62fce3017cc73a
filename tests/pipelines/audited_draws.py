"""Draws in the books of a warehouse with their public bundles beside it: what tests of the audit start from."""

import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from mingsuan import clock
from mingsuan.progress import Progress, silent
from mingsuan.settings import Settings
from pipelines import draw_audit
from pipelines.build_context import BuildContext
from pipelines.draw_verifying import Verifier
from tests.draws.worlds import Case, Story, policy
from transactional.canonical_json import canonical
from transactional.draws.ticket_file import folder_of

_TABLES = """
create schema raw_current;
create table raw_current.draw (
    id bigint, public_id uuid, number bigint, state varchar, mode varchar, capacity bigint, next_index bigint,
    free_count bigint, house_count bigint, paid_count bigint, closes_at timestamptz, last_second bigint,
    closed_at timestamptz, delay_s bigint, chain_hash varchar, round_no bigint, round_at timestamptz,
    decided_at timestamptz, voided_at timestamptz
);
create table raw_current.draw_winner (
    draw_id bigint, place bigint, entry_index bigint, entry_id bigint, replaces_id bigint
);
create table raw_current.draw_reserve (draw_id bigint, place bigint, entry_index bigint);
create table raw_current.draw_entry (id bigint, draw_id bigint, first_index bigint, count bigint, kind varchar);
create table raw_current.beacon_round (chain_hash varchar, round_no bigint, signature blob);
"""
COUNTING = "import pathlib, runpy, sys; pathlib.Path(sys.argv[1]).open('a').write('started\\n'); del sys.argv[:2];"
"""Leaves a line for each time that it is started; what follows is what it does then."""
VERIFYING = "sys.argv.insert(0, ''); runpy.run_module('mingsuan.draw_verifier', run_name='__main__')"


def instant(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def booked(story: Story, state: str) -> dict[str, Any]:
    """What a shop's books say of a story that came so far; never asks what the story told others."""
    said, plan = story.commitment, story.plan
    kinds = {kind: sum(each.count for each in story.ranges if each.kind == kind) for kind in ("free", "house", "paid")}
    opening, at = story.opening, instant(story.at)
    return {
        "id": plan.number,
        "public_id": plan.draw_id,
        "number": plan.number,
        "state": state,
        "mode": plan.mode,
        "capacity": opening.capacity,
        "next_index": len(story.tickets),
        **{f"{kind}_count": count for kind, count in kinds.items()},
        "closes_at": instant(opening.closes_at) if opening.closes_at else None,
        "last_second": story.ranges[-1].at if story.ranges else None,
        "closed_at": instant(said.closed_at) if said else None,
        "delay_s": opening.delay_s,
        "chain_hash": plan.chain.hash,
        "round_no": said.round_no if said else None,
        "round_at": instant(said.round_time) if said else None,
        "decided_at": at if state in ("decided", "finished") else None,
        "voided_at": at if state == "void" else None,
    }


@dataclass
class Audit:
    """A warehouse in memory, the shop's public folder in `settings`, and how often the verifier was started."""

    settings: Settings
    connection: duckdb.DuckDBPyConnection = field(default_factory=duckdb.connect)
    program: str = VERIFYING
    seconds: float = 60.0

    def __post_init__(self) -> None:
        self.connection.execute(_TABLES)
        self.pin(policy())

    def pin(self, content: object) -> None:
        """The policy as the shop publishes it."""
        file = self.settings.log_dir / "policy.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(canonical(content))

    def book(self, story: Story, state: str, **changes: object) -> None:
        """The draw with its winners, reserves and round, as the books have them."""
        row = booked(story, state) | changes
        self.insert("draw", row)
        if row["decided_at"] is None:
            return
        for place, index in enumerate(story.winners()):
            self.insert("draw_winner", {"draw_id": row["id"], "place": place, "entry_index": index})
        for place, index in enumerate(story.reserves()):
            self.insert("draw_reserve", {"draw_id": row["id"], "place": place, "entry_index": index})
        kept = {"chain_hash": row["chain_hash"], "round_no": row["round_no"], "signature": story.signature}
        self.insert("beacon_round", kept)

    def publish(self, story: Story, case: Case | None = None, name: str = "bundle-9-aa-1.zip") -> Path:
        """The bundle where the shop puts it."""
        path = folder_of(self.settings.public_dir, story.plan.draw_id) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((case or story.case()).bundle)
        return path

    def insert(self, table: str, row: dict[str, Any]) -> None:
        marks = ", ".join("?" * len(row))
        self.connection.execute(f"insert into raw_current.{table} ({', '.join(row)}) values ({marks})", [*row.values()])

    def run(self, at: int, progress: Progress = silent) -> None:
        """An audit of the books as of a second; the clock is a little later."""
        context = BuildContext(instant(at).date(), instant(at), 1, "CNY", "Asia/Shanghai", False)
        started = str(self.settings.var / "started")
        command = (sys.executable, "-P", "-c", COUNTING + self.program, started)
        verifier = Verifier(command, base_seconds=self.seconds)
        with clock.at(instant(at) + timedelta(hours=1)):
            draw_audit.audit(self.connection, self.settings, context, progress, verifier=verifier)

    @property
    def started(self) -> int:
        """How often the program was started so far."""
        file = self.settings.var / "started"
        return len(file.read_text().splitlines()) if file.exists() else 0

    def rows(self) -> dict[int | None, dict[str, Any]]:
        """What the audit wrote, by the draws' numbers."""
        cursor = self.connection.execute("select * from computed.draw_audit")
        names = [column[0] for column in cursor.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        return {row["draw_no"]: row for row in rows}
