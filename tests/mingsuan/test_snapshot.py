"""Reading a published snapshot: exact output, one SELECT, and nothing outside the version's folder."""

import csv
import io
import json
import shutil
from pathlib import Path

import duckdb
import pytest
from rich.console import Console

from mingsuan import snapshot
from mingsuan.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Two versions made by hand: one mart each, and a fact in two Parquet segments."""
    for version, fen in (("20260101T000000Z-b1", 100), ("20260102T000000Z-b2", 446)):
        _make_version(tmp_path / "published/versions" / version, fen)
    (tmp_path / "published/current").symlink_to("versions/20260102T000000Z-b2")
    return Settings(var=tmp_path)


def _make_version(folder: Path, fen: int) -> None:
    (folder / "segments").mkdir(parents=True)
    files = [f"segments/fct_sales-2026-0{month}.parquet" for month in (1, 2)]
    with duckdb.connect(folder / "marts.duckdb") as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute(
            "create table mart_profit as select date '2026-01-31' as ledger_date,"
            f" {fen}::bigint as cm3_fen, null::bigint as cogs_fen, 0.1::double + 0.2::double as cost_coverage,"
            " true as is_known, 'a, \"b\"' as title, timestamptz '2026-01-31 04:00:00+00' as closed_at,"
            " 12.30::decimal(9, 2) as rate"
        )
        for number, file in enumerate(files, 1):
            connection.execute(f"copy (select {number} as n, {fen * number} as fen) to '{folder / file}'")
        connection.execute("set file_search_path = ?", [str(folder)])
        connection.execute(f"create view fct_sales as select * from read_parquet({files})")
        connection.execute("create macro one_half(n) as n // 2")
        connection.execute(
            "create macro halves(least) as table select n, one_half(fen) from fct_sales where fen >= least"
        )
    segments = [{"table": "fct_sales", "file": file} for file in files]
    (folder / "manifest.json").write_text(json.dumps({"version": folder.name, "segments": segments}))


def _answer(settings: Settings, sql: str, fmt: str, version: str | None = None) -> str:
    console = Console(file=io.StringIO(), width=200)
    snapshot.run_query(settings, sql, fmt, version, console)
    output = console.file
    assert isinstance(output, io.StringIO)
    return output.getvalue()


def test_csv_is_exact(settings: Settings) -> None:
    header, row = csv.reader(io.StringIO(_answer(settings, "select * from mart_profit", "csv")))
    assert header[:3] == ["ledger_date", "cm3_fen", "cogs_fen"]
    assert row == [
        "2026-01-31",
        "446",
        "",
        "0.30000000000000004",
        "true",
        'a, "b"',
        "2026-01-31T04:00:00+00:00",
        "12.30",
    ]


def test_json_has_one_object_a_row_with_numbers_as_numbers(settings: Settings) -> None:
    (row,) = json.loads(_answer(settings, "from mart_profit", "json"))
    assert row["cm3_fen"] == 446
    assert row["cogs_fen"] is None
    assert row["cost_coverage"] == 0.30000000000000004
    assert row["closed_at"] == "2026-01-31T04:00:00+00:00"


def test_the_table_shows_names_and_values(settings: Settings) -> None:
    text = _answer(settings, "select cm3_fen, cogs_fen from mart_profit", "table")
    assert "cm3_fen" in text
    assert "446" in text
    assert "·" in text


def test_a_row_that_is_wider_than_the_console_is_told_line_by_line(settings: Settings) -> None:
    columns = ", ".join(f"{number} as a_name_of_some_length_{number}" for number in range(20))
    lines = _answer(settings, f"select {columns} union all by name select {columns}", "table").splitlines()
    told = [line for line in lines if "a_name_of_some_length_7 " in line]
    assert len(told) == 2
    assert {line.replace("│", " ").split()[-1] for line in told} == {"7"}


def test_brackets_in_values_and_names_are_shown_as_they_are(settings: Settings) -> None:
    text = _answer(settings, """select '[red]No. 7[/x] :key:' as "[note]\"""", "table")
    assert "[red]No. 7[/x] :key:" in text
    assert "[note]" in text


def test_long_rows_are_not_wrapped_in_files_for_machines(settings: Settings) -> None:
    wide = _answer(settings, "select repeat('x', 5000) as wide", "csv")
    assert wide.splitlines() == ["wide", "x" * 5000]


def test_facts_are_read_from_their_segments(settings: Settings) -> None:
    assert _answer(settings, "select count(*) as n, sum(fen) as fen from fct_sales", "csv") == "n,fen\n2,1338\n"


def test_an_older_version_can_be_asked(settings: Settings) -> None:
    answer = _answer(settings, "select sum(fen) as fen from fct_sales", "csv", version="20260101T000000Z-b1")
    assert answer == "fen\n300\n"


def test_an_unknown_version_is_refused_with_the_known_ones(settings: Settings) -> None:
    with pytest.raises(snapshot.SnapshotError, match="no version '../x'; kept are: 20260101T000000Z-b1, 2026"):
        snapshot.resolve(settings, "../x")


def test_before_the_first_publication_it_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(snapshot.SnapshotError, match="mingsuan refresh"):
        snapshot.resolve(Settings(var=tmp_path))


@pytest.mark.parametrize(
    "statement",
    [
        "select 1; select 2",
        "drop table mart_profit",
        "copy mart_profit to 'x.csv'",
        "set threads = 1",
        "",
        "attach 'x'",
    ],
)
def test_only_one_select_is_answered(settings: Settings, statement: str) -> None:
    with pytest.raises(snapshot.SnapshotError, match="exactly one SELECT"):
        _answer(settings, statement, "csv")


def test_a_mistake_in_the_sql_is_told_in_the_words_of_the_database(settings: Settings) -> None:
    with pytest.raises(snapshot.SnapshotError, match="mart_losses does not exist"):
        _answer(settings, "select * from mart_losses", "csv")


def test_files_outside_the_version_are_out_of_reach(settings: Settings, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("key\n1\n")
    for source in (f"read_csv('{secret}')", "read_text('/etc/hostname')", "read_text('../../../secret.csv')"):
        with pytest.raises(snapshot.SnapshotError, match="Permission Error"):
            _answer(settings, f"select * from {source}", "csv")


def test_an_open_snapshot_cannot_be_changed_nor_unlocked(settings: Settings) -> None:
    with snapshot.open_snapshot(snapshot.resolve(settings)) as connection:
        for statement in (
            "create table snapshot.t as select 1 as a",
            "delete from snapshot.mart_profit",
            "set enable_external_access = true",
            "set memory_limit = '1GB'",
            "attach '/tmp/x.duckdb'",
        ):
            with pytest.raises(duckdb.Error):
                connection.execute(statement)


def test_cursors_of_an_open_snapshot_have_its_tables_and_utc(settings: Settings) -> None:
    with snapshot.open_snapshot(snapshot.resolve(settings)) as connection, connection.cursor() as cursor:
        assert cursor.execute("select cm3_fen from mart_profit").fetchone() == (446,)
        assert cursor.execute("select current_setting('TimeZone')").fetchone() == ("UTC",)


def test_a_snapshot_that_was_moved_is_still_whole(settings: Settings, tmp_path: Path) -> None:
    moved = tmp_path.with_name(f"{tmp_path.name}-moved")
    shutil.move(tmp_path, moved)
    with snapshot.open_snapshot(snapshot.resolve(moved / "published")) as connection:
        assert connection.execute("select sum(fen) from fct_sales").fetchone() == (1338,)
    moved.rename(tmp_path)


def test_macros_of_a_version_answer_by_bare_name_with_bound_values(settings: Settings) -> None:
    with snapshot.open_snapshot(snapshot.resolve(settings)) as connection:
        cursor = connection.cursor()
        assert cursor.execute("select * from halves(?) order by n", [446]).fetchall() == [(1, 223), (2, 446)]
        assert cursor.execute("select * from halves(?)", [447]).fetchall() == [(2, 446)]
