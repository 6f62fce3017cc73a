"""Whether the figures can be trusted: results of the build's tests, rows counted on both sides."""

from dataclasses import dataclass
from datetime import datetime

from dashboards.queries.asking import Tables, answers


@dataclass(frozen=True, slots=True)
class TableCount:
    """A table's rows in the shop and in the warehouse, counted in the same snapshot.

    `source_rows` is None where the shop was not asked: it counts its largest tables once an hour, not in every batch.
    """

    table_name: str
    source_rows: int | None
    raw_current_rows: int
    raw_versions: int

    @property
    def difference(self) -> int | None:
        """Rows that the warehouse has too many; None where the shop was not asked."""
        return None if self.source_rows is None else self.raw_current_rows - self.source_rows


@dataclass(frozen=True, slots=True)
class CheckResult:
    """How a test of the build ended: pass, warn, fail or error."""

    name: str
    model: str
    column_name: str | None
    severity: str
    status: str
    failures: int | None
    message: str | None
    description: str | None
    failing_since: datetime | None


@answers("owner", "buyer", "auditor", "operator")
def test_results(tables: Tables) -> list[CheckResult]:
    """Every test of the build with its result: failures first, then those that say what they hold the books to."""
    rows = tables.rows(
        """select name, model, column_name, severity, status, failures, message, description, failing_since
        from health_tests
        order by case status when 'error' then 0 when 'fail' then 1 when 'warn' then 2 else 3 end,
        coalesce(description, '') = '', model, name"""
    )
    return [CheckResult(**row) for row in rows]


@answers("owner", "buyer", "auditor", "operator")
def table_counts(tables: Tables) -> list[TableCount]:
    """Row counts of each table, differing ones first, then those that were not counted."""
    rows = tables.rows(
        """select table_name, source_rows, raw_current_rows, raw_versions from health_tables
        order by coalesce(abs(raw_current_rows - source_rows), 0) desc, source_rows is not null, table_name"""
    )
    return [TableCount(**row) for row in rows]
