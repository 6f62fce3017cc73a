"""Values as text of SQL, for statements that cannot have, or had better not have, bound parameters."""

from datetime import datetime


def literal(value: object) -> str:
    """A value in SQL. DuckDB imports pandas when it binds its first parameter: a second or more for every process."""
    if value is None:
        return "null"
    if isinstance(value, int | float):
        return repr(value)
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    return "'" + text.replace("'", "''") + "'"
