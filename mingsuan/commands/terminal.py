"""What every command needs: where it prints, how it ends with a sentence, the database that it works on."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.markup import escape

from mingsuan.postgres import DatabaseUnavailableError, DatabaseUrls, database
from mingsuan.progress import Progress, console_progress
from mingsuan.settings import Settings

out = Console(emoji=False)
err = Console(stderr=True, emoji=False)


class Abort(typer.Exit):
    """Ends a command with a sentence for people on standard error."""

    def __init__(self, message: str, code: int = 1) -> None:
        err.print(f"[red]✗[/red] {escape(message)}", highlight=False)
        super().__init__(code)


@contextmanager
def opened(settings: Settings) -> Iterator[DatabaseUrls]:
    try:
        with database(settings) as urls:
            yield urls
    except DatabaseUnavailableError as error:
        raise Abort(str(error)) from None


@contextmanager
def migrated(settings: Settings) -> Iterator[DatabaseUrls]:
    from transactional.migrations import migrate as to_newest

    with opened(settings) as urls:
        to_newest(urls.owner)
        yield urls


def shown_progress() -> Progress:
    return console_progress(err)
