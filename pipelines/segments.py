"""Large facts of a published version as immutable Parquet segments, one a month; unchanged ones are shared.

A segment that the version before holds with the same content is hard-linked, so that a version costs what changed.
"""

import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import duckdb

FOLDER = "segments"
MONTH_COLUMNS = {
    "fct_ledger_entries": "ledger_date",
    "fct_margin_lines": "ledger_date",
    "fct_order_items": "ordered_date",
}
"""The facts that are cut into months, and the date that decides on the month."""


@dataclass(frozen=True)
class Segment:
    """One Parquet file of a version. `checksum` tells equal content, independent of the order of rows."""

    table: str
    month: str
    file: str
    row_count: int
    checksum: str
    file_bytes: int


def write_segments(
    warehouse: duckdb.DuckDBPyConnection, relation: str, folder: Path, earlier: Path | None, known: Iterable[Segment]
) -> list[Segment]:
    """The months of `relation`, named with its schema, as files in `folder`; linked from `earlier` where equal."""
    table = relation.rsplit(".", 1)[-1]
    before = {
        (segment.month, segment.row_count, segment.checksum): segment for segment in known if segment.table == table
    }
    segments = []
    for month, row_count, checksum in _months(warehouse, relation, MONTH_COLUMNS[table]):
        file = f"{FOLDER}/{table}-{month:%Y-%m}.parquet"
        target = folder / file
        same = before.get((f"{month:%Y-%m}", row_count, checksum))
        if same is not None and earlier is not None and _is_whole(earlier / same.file, same):
            os.link(earlier / same.file, target)
        else:
            _write(warehouse, relation, MONTH_COLUMNS[table], month, target)
        segments.append(Segment(table, f"{month:%Y-%m}", file, row_count, checksum, target.stat().st_size))
    return segments


def _is_whole(file: Path, segment: Segment) -> bool:
    """A file that was cut short or lost is written again, so that a refresh mends it."""
    return file.exists() and file.stat().st_size == segment.file_bytes


def as_json(segments: Iterable[Segment]) -> list[dict[str, object]]:
    """For the manifest."""
    return [asdict(segment) for segment in segments]


def _months(warehouse: duckdb.DuckDBPyConnection, relation: str, column: str) -> list[tuple[date, int, str]]:
    """Each month with its number of rows and a checksum over names, types and values.

    DuckDB promises equal hashes within one version only, so its version and the columns are part of the checksum.
    """
    shape = str(warehouse.execute(f"describe {relation}").fetchall())
    rows = warehouse.execute(
        f"select date_trunc('month', {column})::date as month, count(*), sum(hash(facts)::hugeint),"
        f" bit_xor(hash(facts)), hash(?) from {relation} as facts group by month order by month",
        [shape],
    ).fetchall()
    return [
        (month, count, f"{duckdb.__version__}-{of_shape:x}-{total:x}-{xor:x}")
        for month, count, total, xor, of_shape in rows
    ]


def _write(warehouse: duckdb.DuckDBPyConnection, relation: str, column: str, month: date, target: Path) -> None:
    warehouse.execute(
        f"copy (select * from {relation} where {column} >= date '{month}'"
        f" and {column} < date '{month}' + interval 1 month order by {column})"
        f" to '{str(target).replace(chr(39), chr(39) * 2)}' (format parquet, compression zstd)"
    )
