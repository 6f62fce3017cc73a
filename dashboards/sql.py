"""Fragments of SQL that questions share. Pure: names come from the questions' own text, values are always bound."""

from collections.abc import Collection


def limit(rows: int | None) -> str:
    """At most so many rows; all of them for None."""
    return "" if rows is None else f" limit {int(rows)}"


def among(**chosen: Collection[str] | str | None) -> tuple[str, list[object]]:
    """` and column in (?, ?)` for each column with values to choose from, and what to bind; nothing chosen is all."""
    conditions, bound = [], list[object]()
    for column, values in chosen.items():
        wanted = [values] if isinstance(values, str) else list(values or ())
        if wanted:
            conditions.append(f" and {column} in ({', '.join('?' * len(wanted))})")
            bound += wanted
    return "".join(conditions), bound
