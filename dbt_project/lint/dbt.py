"""What dbt's cross-database macros are to a linter that renders models without dbt: each is a call of its name."""

from collections.abc import Callable


def __getattr__(name: str) -> Callable[..., str]:
    if name.startswith("__"):
        raise AttributeError(name)
    return lambda *arguments: f"{name.removeprefix('type_')}({', '.join(map(str, arguments))})"
