"""How long work tells people where it is: a step, and how far it has come."""

from typing import Protocol

from rich.console import Console
from rich.markup import escape


class Progress(Protocol):
    """Called with what is being done now; `done` of `total` when they are known."""

    def __call__(self, step: str, done: int | None = None, total: int | None = None) -> None: ...


def silent(step: str, done: int | None = None, total: int | None = None) -> None:
    """Progress that nobody watches: tests and services."""


class _ConsoleProgress:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._last = ""

    def __call__(self, step: str, done: int | None = None, total: int | None = None) -> None:
        share = f" {done:,}/{total:,}" if done is not None and total is not None else ""
        line = f"[dim]·[/dim] {escape(step)}{share}"
        if line == self._last or (done is not None and total is not None and not self._worth_a_line(done, total)):
            return
        self._last = line
        self._console.print(line, highlight=False)

    @staticmethod
    def _worth_a_line(done: int, total: int) -> bool:
        tenth = max(total // 10, 1)
        return done in (0, total) or done % tenth == 0


def console_progress(console: Console) -> Progress:
    """One line per step, and per tenth of a counted step: readable on a terminal and in a log alike."""
    return _ConsoleProgress(console)
