"""What is wrong with a file of order history, and the refusal of the whole file."""

from collections.abc import Sequence
from dataclasses import dataclass

MOST_PROBLEMS = 1000
"""Reading stops here: a file with more is not the file that the mapping describes."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason for refusal; line numbers count from 1 as an editor shows them, spreadsheet rows likewise."""

    reason: str
    line: int | None = None
    column: str | None = None

    def __str__(self) -> str:
        if self.line is None:
            return self.reason
        place = f"line {self.line}" if self.column is None else f"line {self.line}, column {self.column!r}"
        return f"{place}: {self.reason}"


class RefusedFileError(ValueError):
    """Nothing was written; `problems` holds every reason."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = list(problems)
