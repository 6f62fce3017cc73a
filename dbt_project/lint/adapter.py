"""What dbt's `adapter` is to a linter that renders models without dbt: a dispatched macro is a call of its name."""

from collections.abc import Callable


def dispatch(name: str, _package: str) -> Callable[..., str]:
    """`{{ days_between('a', 'b') }}` becomes `days_between(a, b)`."""
    return lambda *arguments: f"{name}({', '.join(map(str, arguments))})"
