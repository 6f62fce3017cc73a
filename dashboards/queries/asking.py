"""Who may ask what: the one door to a version's tables, which refuses before anything is read.

Pages hold a Reader, which answers nothing by itself. A question declares the roles that it answers; asked by one of
them, it is given the version's tables as that person may see them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

import pandas as pd

from dashboards.access import Role, Viewer, require
from dashboards.queries import customers

P = ParamSpec("P")
R = TypeVar("R")


class Version(Protocol):
    """What answers SQL: an open published version."""

    @property
    def name(self) -> str: ...

    def frame(self, sql: str, parameters: Sequence[object] = ()) -> pd.DataFrame: ...

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[dict[str, Any]]: ...


class Tables:
    """The tables of a version as one viewer may see them: customers are named, stood in for, or left out."""

    def __init__(self, version: Version, viewer: Viewer) -> None:
        self._version = version
        self.viewer = viewer

    def frame(self, sql: str, parameters: Sequence[object] = ()) -> pd.DataFrame:
        """Rows as a frame whose integers stay integers, also where some are null."""
        return customers.shown_frame(self._version.frame(sql, parameters), self.viewer, self._version.name)

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[dict[str, Any]]:
        """Rows as dictionaries of Python values."""
        return customers.shown_rows(self._version.rows(sql, parameters), self.viewer, self._version.name)


class Reader:
    """An open version and who looks at it: what pages hand to every question."""

    def __init__(self, version: Version, viewer: Viewer) -> None:
        self._version = version
        self.viewer = viewer

    def admitted(self, roles: frozenset[Role]) -> Tables:
        """The tables, for a viewer with one of the roles. Raises AccessRefusedError for everybody else."""
        require(self.viewer, *sorted(roles))
        return Tables(self._version, self.viewer)


@dataclass(frozen=True, slots=True)
class Question:
    """A declared question: its name (`profit.totals`), whom it answers, and how it is asked."""

    name: str
    roles: frozenset[Role]
    ask: Callable[..., Any]


DECLARED: dict[str, Question] = {}
"""All questions by name, filled as the modules of this package are imported."""


def answers(*roles: Role) -> Callable[[Callable[Concatenate[Tables, P], R]], Callable[Concatenate[Reader, P], R]]:
    """Declares a question and the roles that may ask it; asked by anyone else it raises AccessRefusedError."""
    allowed = frozenset(roles)

    def declare(question: Callable[Concatenate[Tables, P], R]) -> Callable[Concatenate[Reader, P], R]:
        @wraps(question)
        def asked(reader: Reader, /, *args: P.args, **more: P.kwargs) -> R:
            return question(reader.admitted(allowed), *args, **more)

        name = f"{question.__module__.rpartition('.')[2]}.{question.__name__}"
        DECLARED[name] = Question(name, allowed, asked)
        return asked

    return declare
