"""Verdicts that are remembered: of one bundle, by one verifier and one set of keys, they do not change."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import duckdb

_TABLE = """
create table if not exists computed.draw_verification (
    bundle_sha256 varchar, program_sha256 varchar, policy_sha256 varchar, verdict varchar, exit_code bigint,
    words varchar, facts varchar, rounds varchar, verifier_version bigint, verified_at timestamptz,
    took_seconds double
)"""
_COLUMNS = (
    "bundle_sha256, program_sha256, policy_sha256, verdict, exit_code, words, facts, rounds, verifier_version,"
    " verified_at, took_seconds"
)
BY_THE_CLOCK = ("OPEN", "OVERDUE")
"""Verdicts that a later clock may turn into others: never remembered."""


@dataclass(frozen=True)
class By:
    """What a verdict depends on beside the bundle: the verifier's file and the pinned keys."""

    program_sha256: str
    policy_sha256: str


@dataclass(frozen=True)
class Verdict:
    """One verdict on one bundle. `rounds` are the signatures, in hexadecimal, of the beacon's rounds that it names."""

    bundle_sha256: str
    verdict: str
    exit_code: int
    words: str
    verifier_version: int
    verified_at: datetime
    took_seconds: float
    facts: Mapping[str, Any] = field(default_factory=dict)
    rounds: Mapping[int, str] = field(default_factory=dict)


def remembered(connection: duckdb.DuckDBPyConnection, by: By) -> dict[str, Verdict]:
    """By bundle, of this verifier and these keys."""
    connection.execute(_TABLE)
    rows = connection.execute(
        f"select {_COLUMNS} from computed.draw_verification where program_sha256 = ? and policy_sha256 = ?",
        [by.program_sha256, by.policy_sha256],
    ).fetchall()
    return {row[0]: _verdict(*row) for row in rows}


def remember(connection: duckdb.DuckDBPyConnection, by: By, verdicts: Iterable[Verdict]) -> None:
    """Replaces what was remembered; the caller's transaction."""
    connection.execute(_TABLE)
    connection.execute("delete from computed.draw_verification")
    distinct = {each.bundle_sha256: each for each in verdicts if each.verdict not in BY_THE_CLOCK}
    for each in distinct.values():
        connection.execute(
            f"insert into computed.draw_verification ({_COLUMNS}) values ({', '.join('?' * 11)})",
            [
                *(each.bundle_sha256, by.program_sha256, by.policy_sha256, each.verdict, each.exit_code, each.words),
                *(json.dumps(dict(each.facts)), json.dumps(dict(each.rounds)), each.verifier_version),
                *(each.verified_at, each.took_seconds),
            ],
        )


def _verdict(
    bundle: str,
    _program: str,
    _policy: str,
    verdict: str,
    exit_code: int,
    words: str,
    facts: str,
    rounds: str,
    version: int,
    verified_at: datetime,
    took: float,
) -> Verdict:
    signatures = {int(number): signature for number, signature in json.loads(rounds).items()}
    return Verdict(bundle, verdict, exit_code, words, version, verified_at, took, json.loads(facts), signatures)
