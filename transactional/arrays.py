"""Many rows in one statement: each column travels as one array, unnested by the database.

So that every entry of a ledger transaction arrives in one INSERT, whatever their number.
"""

from collections.abc import Mapping, Sequence


def insert(table: str, columns: Mapping[str, str], instead: Mapping[str, str] | None = None) -> str:
    """INSERT of all rows of `arrays(table, …)`; `columns` maps names to PostgreSQL types.

    `instead` maps a column to an SQL expression over the given columns that is written in its place.
    """
    names = ", ".join(columns)
    written = ", ".join((instead or {}).get(name, name) for name in columns)
    values = ", ".join(f"cast(:{table}_{name} as {kind}[])" for name, kind in columns.items())
    return f"insert into shop.{table} ({names}) select {written} from unnest({values}) as given ({names})"


def arrays(table: str, columns: Mapping[str, str], rows: Sequence[Sequence[object]]) -> dict[str, list[object]]:
    """The parameters of `insert`, from rows in the columns' order."""
    by_column = list(zip(*rows, strict=True)) if rows else [()] * len(columns)
    return {f"{table}_{name}": list(values) for name, values in zip(columns, by_column, strict=True)}
