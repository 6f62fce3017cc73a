"""Many rows in one statement: each column travels as one array, unnested by the database.

So that every entry of a ledger transaction arrives in one INSERT, whatever their number.
"""

from collections.abc import Mapping, Sequence


def insert(table: str, columns: Mapping[str, str]) -> str:
    """INSERT of all rows of `arrays(table, …)`; `columns` maps names to PostgreSQL types."""
    names = ", ".join(columns)
    values = ", ".join(f"cast(:{table}_{name} as {kind}[])" for name, kind in columns.items())
    return f"insert into shop.{table} ({names}) select * from unnest({values})"


def arrays(table: str, columns: Mapping[str, str], rows: Sequence[Sequence[object]]) -> dict[str, list[object]]:
    """The parameters of `insert`, from rows in the columns' order."""
    by_column = list(zip(*rows, strict=True)) if rows else [()] * len(columns)
    return {f"{table}_{name}": list(values) for name, values in zip(columns, by_column, strict=True)}
