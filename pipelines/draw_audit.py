"""Audits every draw in the warehouse: runs the draws' verifier on its public bundle and compares what is proven with
the books. Writes `computed.draw_audit`, one row per draw. What a draw earned or cost is told in models.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields, replace
from datetime import datetime
from pathlib import Path

import duckdb

from mingsuan import clock
from mingsuan.progress import Progress
from mingsuan.settings import Settings
from pipelines import draw_verdicts
from pipelines.build_context import BuildContext
from pipelines.draw_books import BookedDraw, Books, read
from pipelines.draw_examination import Examination, Examined
from pipelines.draw_policy import Policy
from pipelines.draw_verdicts import Verdict
from pipelines.draw_verifying import Verifier
from pipelines.warehouse import transaction

PENDING, OVERDUE = "pending", "OVERDUE"
PROVEN = ("VALID", "VALID-UNTIMED", "TEST", "VOID", "VOID-UNTIMED")
"""Verdicts that say that every check held; which of them are green, `mart_draw_audit` tells."""
_TABLE = """
create or replace table computed.draw_audit (
    draw_id varchar, draw_no bigint, state varchar, verdict varchar, is_verified boolean, words varchar,
    books_differ varchar, exit_code bigint, entries bigint, bundle varchar, bundle_sha256 varchar,
    verifier_version bigint, policy_sha256 varchar, is_policy_published boolean, verified_at timestamptz,
    took_seconds double, computed_at timestamptz
)"""


@dataclass(frozen=True)
class Audited:
    """A row of the table, in the order of its columns. `verdict` is null when there should be one and is none."""

    draw_id: str
    draw_no: int | None
    state: str
    verdict: str | None
    is_verified: bool | None
    words: str
    books_differ: str | None = None
    exit_code: int | None = None
    entries: int | None = None
    bundle: str | None = None
    bundle_sha256: str | None = None
    verifier_version: int | None = None
    policy_sha256: str | None = None
    is_policy_published: bool | None = None
    verified_at: datetime | None = None
    took_seconds: float | None = None


def compute(
    connection: duckdb.DuckDBPyConnection, settings: Settings, context: BuildContext, progress: Progress
) -> None:
    """As every build does: what was verified since the last night, by the same verifier and keys, stands."""
    audit(connection, settings, context, progress)


def audit(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    context: BuildContext,
    progress: Progress,
    *,
    verifier: Verifier | None = None,
) -> None:
    """Replaces `computed.draw_audit`, whole or not at all. What fails of one draw is told in its row."""
    connection.execute("create schema if not exists computed")
    books = read(connection)
    asked = [draw for draw in books.draws if draw.pending(context.source_instant) is None]
    examination = Examination(connection, settings, context, verifier or Verifier()) if asked else None
    found = list(examination.run(asked, progress)) if examination else []
    examined = {draw.draw_id: each for draw, each in zip(asked, found, strict=True)}
    at = context.source_instant
    rows = [_audited(draw, books, examined.get(draw.draw_id), at) for draw in books.draws]
    with transaction(connection):
        _write(connection, rows)
        if examination is not None and examination.by is not None:
            verdicts = [each.verdict for each in found if each.verdict is not None]
            draw_verdicts.remember(connection, examination.by, verdicts)


def _audited(draw: BookedDraw, books: Books, examined: Examined | None, at: datetime) -> Audited:
    of = (str(draw.draw_id), draw.number, draw.state)
    if examined is None:
        return Audited(*of, PENDING, None, draw.pending(at) or "")
    bundle = _name(examined.bundle)
    if examined.shows_no_end and draw.has_just_ended(at):
        return Audited(*of, PENDING, None, "it has just ended, and its bundle is being made")
    verdict, policy = examined.verdict, examined.policy
    if examined.shows_no_end and not draw.is_over and (verdict is None or verdict.verdict != OVERDUE):
        words = f"its round was due by {draw.result_due_at:%Y-%m-%d %H:%M:%S} UTC, and there is no result"
        return Audited(*of, OVERDUE, False, words, bundle=bundle)
    if verdict is None or policy is None:
        return Audited(*of, None, None, examined.words, bundle=bundle)
    differences = draw.differences(verdict.facts, verdict.rounds, books.rounds.get(draw.chain_hash, {}))
    is_verified = verdict.verdict in PROVEN and not differences
    row = Audited(*of, verdict.verdict, is_verified, examined.words or verdict.words, bundle=bundle)
    return _proven(replace(row, books_differ="; ".join(differences) or None), verdict, policy)


def _proven(row: Audited, verdict: Verdict, policy: Policy) -> Audited:
    return replace(
        row,
        exit_code=verdict.exit_code,
        entries=verdict.facts.get("entries"),
        bundle_sha256=verdict.bundle_sha256,
        verifier_version=verdict.verifier_version,
        policy_sha256=policy.sha256,
        is_policy_published=policy.is_published,
        verified_at=verdict.verified_at,
        took_seconds=verdict.took_seconds,
    )


def _name(bundle: Path | None) -> str | None:
    """Of the file, with the draw's folder."""
    return f"{bundle.parent.name}/{bundle.name}" if bundle else None


def _write(connection: duckdb.DuckDBPyConnection, rows: Sequence[Audited]) -> None:
    connection.execute(_TABLE)
    marks = ", ".join("?" * (len(fields(Audited)) + 1))
    at = clock.now()
    for row in rows:
        connection.execute(f"insert into computed.draw_audit values ({marks})", [*astuple(row), at])
