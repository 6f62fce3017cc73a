"""The history of test results in `meta.test_result`, and since when a test has been failing."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from pipelines.dbt_run import NodeResult

KEPT = timedelta(days=30)
BROKEN = ("fail", "error")
EXAMPLES, EXAMPLE_SIGNS = 3, 160
"""How many of the rows that a test found are told with it, and how much of each value."""
_COLUMNS = {
    "run_id": "varchar",
    "run_at": "timestamptz",
    "name": "varchar",
    "model": "varchar",
    "column_name": "varchar",
    "severity": "varchar",
    "status": "varchar",
    "failures": "bigint",
    "message": "varchar",
    "description": "varchar",
    "file": "varchar",
    "failing_since": "timestamptz",
}


@dataclass(frozen=True)
class TestResult:
    """One test of one build. `status` is pass, warn, fail, or error when its SQL did not run."""

    __test__ = False

    run_id: str
    run_at: datetime
    name: str
    model: str
    column_name: str | None
    severity: str
    status: str
    failures: int | None
    message: str | None
    description: str
    file: str
    failing_since: datetime | None

    @property
    def blocks(self) -> bool:
        """Whether this result forbids publication."""
        return self.status in BROKEN

    def sentence(self) -> str:
        """For people: which test, since when, what it found, where its SQL is."""
        since = f", failing since {self.failing_since:%Y-%m-%d %H:%M} UTC" if self.failing_since else ""
        found = " ".join((self.message or "").splitlines()[:2])
        return f"{self.name} on {self.model}: {self.status}{since}. {found} SQL: {self.file}"


def record(
    warehouse: duckdb.DuckDBPyConnection, run_id: str, run_at: datetime, nodes: tuple[NodeResult, ...]
) -> tuple[TestResult, ...]:
    """Add a run's results to the history. Skipped tests say nothing; a model that broke counts as a failed test."""
    _prepare(warehouse)
    failing = _failing(warehouse)
    told = [
        node for node in nodes if node.status != "skipped" and (node.resource_type == "test" or node.status in BROKEN)
    ]
    results = tuple(_result(_with_examples(warehouse, node), run_id, run_at, failing) for node in told)
    if results:
        placeholders = ", ".join("?" * len(_COLUMNS))
        warehouse.executemany(
            f"insert into meta.test_result values ({placeholders})",
            [list(asdict(result).values()) for result in results],
        )
    warehouse.execute("delete from meta.test_result where run_at < ?", [run_at - KEPT])
    return results


def of_run(warehouse: duckdb.DuckDBPyConnection, run_id: str) -> tuple[TestResult, ...]:
    """The results that `record` kept for a run, broken ones first."""
    rows = warehouse.execute(
        f"select {', '.join(_COLUMNS)} from meta.test_result where run_id = ?"
        " order by case status when 'error' then 0 when 'fail' then 1 when 'warn' then 2 else 3 end, model, name",
        [run_id],
    ).fetchall()
    return tuple(TestResult(*row) for row in rows)


def _prepare(warehouse: duckdb.DuckDBPyConnection) -> None:
    columns = ", ".join(f"{name} {kind}" for name, kind in _COLUMNS.items())
    warehouse.execute("create schema if not exists meta")
    warehouse.execute(f"create table if not exists meta.test_result ({columns})")


def _failing(warehouse: duckdb.DuckDBPyConnection) -> dict[str, datetime]:
    """Of each test whose last result was not good: since when."""
    return dict(
        warehouse.execute(
            "select name, failing_since from meta.test_result"
            " qualify row_number() over (partition by name order by run_at desc) = 1 and failing_since is not null"
        ).fetchall()
    )


def _with_examples(warehouse: duckdb.DuckDBPyConnection, node: NodeResult) -> NodeResult:
    """With the first rows that a failed or warning test found, so that whoever reads of it knows what to look for."""
    file = Path(node.file)
    if node.resource_type != "test" or node.status not in {"fail", "warn"} or not file.exists():
        return node
    try:
        with warehouse.cursor() as reader:  # beside the caller's transaction, which an error would end
            rows = reader.execute(f"select * from (\n{file.read_text()}\n) limit {EXAMPLES}").fetchall()
            names = [column[0] for column in reader.description or ()]
    except duckdb.Error:  # the models are another engine's
        return node
    told = [", ".join(f"{name} {_shown(value)}" for name, value in zip(names, row, strict=True)) for row in rows]
    return replace(node, message="\n".join([node.message or "", f"For example: {'; '.join(told)}"])) if told else node


def _shown(value: object) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= EXAMPLE_SIGNS else f"{text[:EXAMPLE_SIGNS]}…"


def _result(node: NodeResult, run_id: str, run_at: datetime, failing: dict[str, datetime]) -> TestResult:
    good = node.status in {"pass", "success"}
    return TestResult(
        run_id=run_id,
        run_at=run_at,
        name=node.name,
        model=node.model,
        column_name=node.column,
        severity=node.severity,
        status="pass" if good else node.status,
        failures=node.failures,
        message=None if good else node.message,
        description=node.description,
        file=node.file,
        failing_since=None if good else failing.get(node.name, run_at),
    )
