"""Monthly Parquet segments: shared while equal, written again when not."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pipelines.segments import Segment, write_segments


@pytest.fixture
def facts() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(
            "create table fct_order_items as select i::bigint as n, date '2026-01-30' + i::int as ordered_date"
            " from range(40) numbers(i)"
        )
        yield connection


def _write(
    facts: duckdb.DuckDBPyConnection, folder: Path, earlier: Path | None = None, known: tuple[Segment, ...] = ()
) -> list[Segment]:
    (folder / "segments").mkdir(parents=True)
    return write_segments(facts, "main.fct_order_items", folder, earlier, known)


def _links(folder: Path) -> dict[str, int]:
    return {file.stem: file.stat().st_nlink for file in (folder / "segments").iterdir()}


def test_each_month_is_a_file_with_its_rows(facts: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    segments = _write(facts, tmp_path / "a")
    assert [(segment.month, segment.row_count) for segment in segments] == [
        ("2026-01", 2),
        ("2026-02", 28),
        ("2026-03", 10),
    ]
    for segment in segments:
        rows = facts.execute("select count(*) from read_parquet(?)", [str(tmp_path / "a" / segment.file)]).fetchone()
        assert rows == (segment.row_count,)


def test_equal_months_are_links_whatever_the_order_of_rows(facts: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    first = _write(facts, tmp_path / "a")
    facts.execute("create or replace table fct_order_items as select * from fct_order_items order by n desc")
    facts.execute("update fct_order_items set n = -1 where ordered_date = date '2026-02-10'")
    _write(facts, tmp_path / "b", tmp_path / "a", tuple(first))
    assert _links(tmp_path / "b") == {
        "fct_order_items-2026-01": 2,
        "fct_order_items-2026-02": 1,
        "fct_order_items-2026-03": 2,
    }


def test_a_changed_column_writes_every_month_again(facts: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    first = _write(facts, tmp_path / "a")
    facts.execute("alter table fct_order_items rename n to number")
    _write(facts, tmp_path / "b", tmp_path / "a", tuple(first))
    assert set(_links(tmp_path / "b").values()) == {1}


def test_a_segment_that_was_cut_short_or_lost_is_written_again(
    facts: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    first = _write(facts, tmp_path / "a")
    (tmp_path / "a" / first[0].file).write_bytes(b"PAR1")
    (tmp_path / "a" / first[1].file).unlink()
    mended = _write(facts, tmp_path / "b", tmp_path / "a", tuple(first))
    files = [str(tmp_path / "b" / segment.file) for segment in mended]
    assert facts.execute("select count(*) from read_parquet(?)", [files]).fetchone() == (40,)
