"""Questions with parameters that a published version answers: DuckDB macros, one file a subject under `sql/`.

A version is a DuckDB file whichever engine built the marts, so these need not be portable.
"""

from pathlib import Path

import duckdb

FOLDER = Path(__file__).resolve().parent / "sql"


def create_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Create all macros in the current database, whose marts must be there already."""
    for file in sorted(FOLDER.glob("*.sql")):
        connection.execute(file.read_text(encoding="utf-8"))
