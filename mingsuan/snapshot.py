"""Reading published snapshots: which one, opened read-only and shut off from the rest of the machine.

Nothing else opens the files of a published version.
"""

import csv
import io
import json
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from mingsuan.settings import Settings

WIDEST = 10_000
"""Columns of text that a table may ask for before it is broken into a block a row."""


class SnapshotError(RuntimeError):
    """There is no such snapshot, or it cannot answer; the message says why."""


def resolve(published: Settings | Path, version: str | None = None) -> Path:
    """The real folder of the current version, or of the named one. Raises SnapshotError when there is none."""
    folder = published.published_dir if isinstance(published, Settings) else published
    if version is None:
        chosen = folder / "current"
        missing = "nothing is published yet: run `mingsuan refresh`"
    else:
        chosen = folder / "versions" / version
        known = sorted(path.parent.name for path in folder.glob("versions/[!.]*/manifest.json"))
        missing = f"there is no version {version!r}; kept are: {', '.join(known) or 'none'}"
        if version not in known:
            raise SnapshotError(missing)
    if not (chosen / "manifest.json").exists():
        raise SnapshotError(missing)
    return chosen.resolve()


def manifest(folder: Path) -> dict[str, Any]:
    """What the version says of itself: source instant, as-of date, tests, row counts."""
    content: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return content


def open_snapshot(folder: Path) -> duckdb.DuckDBPyConnection:
    """A connection with the version's tables and macros by bare names that reads nothing else. Times are UTC.

    The connection has a DuckDB instance of its own, so that it cannot be in another's way; its `cursor()`s share it.
    """
    folder = folder.resolve()
    marts = folder / "marts.duckdb"
    if not marts.exists():
        raise SnapshotError(f"{folder} is not a published version")
    connection = duckdb.connect()
    connection.execute(f"attach {_literal(str(marts))} as snapshot (read_only)")
    segments: dict[str, list[str]] = {}
    for segment in manifest(folder)["segments"]:
        segments.setdefault(segment["table"], []).append(str(folder / segment["file"]))
    for (table,) in connection.execute(
        "select table_name from information_schema.tables where table_catalog = 'snapshot'"
    ).fetchall():
        # The views in the file name segments relative to the folder; here they are bound to where it is now.
        files = segments.get(table)
        source = f"read_parquet([{', '.join(map(_literal, files))}])" if files else f"snapshot.{table}"
        connection.execute(f"create view {table} as select * from {source}")
    _bring_macros(connection)
    connection.execute("set global timezone = 'UTC'")
    connection.execute(f"set allowed_directories = [{_literal(str(folder))}]")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")
    return connection


def _bring_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Macros of the file by bare names too, bound to the views of this connection."""
    macros = connection.execute(
        "select function_name, function_type, parameters, macro_definition from duckdb_functions()"
        " where database_name = 'snapshot' and not internal"
    ).fetchall()
    waiting = [
        f"create macro {name}({', '.join(parameters)}) as {'table ' if kind == 'table_macro' else ''}{body}"
        for name, kind, parameters, body in macros
    ]
    while waiting:
        # A file does not keep its macros in the order of their making, and one that names another must come after it.
        too_early = [statement for statement in waiting if not _created(connection, statement)]
        if len(too_early) == len(waiting):
            connection.execute(waiting[0])
        waiting = too_early


def _created(connection: duckdb.DuckDBPyConnection, statement: str) -> bool:
    try:
        connection.execute(statement)
    except duckdb.CatalogException:
        return False
    return True


def run_query(
    settings: Settings, sql: str, fmt: str, version: str | None, console: Console, parameters: Sequence[object] = ()
) -> None:
    """Print the rows of one SELECT as a table that fits the console, as exact CSV, or as a JSON array of objects.

    Raises SnapshotError for anything else than one SELECT, and for what DuckDB says against it.
    """
    with open_snapshot(resolve(settings, version)) as connection:
        try:
            statements = connection.extract_statements(sql)
            if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
                raise SnapshotError("the snapshot answers exactly one SELECT")
            cursor = connection.execute(statements[0], list(parameters))
            names = [column[0] for column in cursor.description or ()]
            rows = cursor.fetchall()
        except duckdb.Error as error:
            raise SnapshotError(str(error)) from None
    if fmt == "csv":
        _write_exactly(console, _as_csv(names, rows))
    elif fmt == "json":
        _write_exactly(console, _as_json(names, rows))
    else:
        console.print(_fitting(console, names, rows))


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _write_exactly(console: Console, text: str) -> None:
    """Past rich, which would wrap and colour what machines read."""
    console.file.write(text)
    console.file.flush()


def _as_csv(names: list[str], rows: list[tuple[Any, ...]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([["" if value is None else _plain(value) for value in row] for row in rows])
    return text.getvalue()


def _as_json(names: list[str], rows: list[tuple[Any, ...]]) -> str:
    content = [dict(zip(names, row, strict=True)) for row in rows]
    return json.dumps(content, ensure_ascii=False, indent=1, default=_plain) + "\n"


def _fitting(console: Console, names: list[str], rows: list[tuple[Any, ...]]) -> Table | Group:
    """A table; when its lines would have to be broken, a block a row with a line a column."""
    table = _as_table(names, rows)
    fits = console.measure(table, options=console.options.update(width=WIDEST)).maximum <= console.width
    return table if fits or not rows else Group(*(_as_record(names, number, row) for number, row in enumerate(rows, 1)))


def _as_record(names: list[str], number: int, row: tuple[Any, ...]) -> Table:
    table = Table(title=f"{number}", title_justify="left", show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in zip(names, row, strict=True):
        table.add_row(Text(name), _cell(value))
    return table


def _cell(value: object) -> Text:
    return Text("·" if value is None else _plain(value))


def _as_table(names: list[str], rows: list[tuple[Any, ...]]) -> Table:
    table = Table()
    for position, name in enumerate(names):
        numbers = any(isinstance(row[position], int | float | Decimal) for row in rows)
        table.add_column(Text(name), justify="right" if numbers else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(_cell, row))
    return table


def _plain(value: object) -> str:
    """Values as text: floats so that they read back equal, truth values as SQL writes them, times in ISO 8601."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)
