"""Commands about suppliers: their statements come in through files."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from mingsuan.commands.terminal import Abort, err, migrated, out
from mingsuan.settings import Settings

app = typer.Typer()
DAY = ["%Y-%m-%d"]


@app.command("import-statement", rich_help_panel="Shop")
def import_statement(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="CSV or XLSX, a line for each charge or return.")
    ],
    channel: Annotated[str, typer.Option(help="Code of the channel whose supplier sent it.")],
    since: Annotated[
        datetime | None, typer.Option("--from", formats=DAY, help="First day; that of its lines when left out.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option("--to", formats=DAY, help="Last day, included; the first one when left out.")
    ] = None,
) -> None:
    """Take a supplier's statement in: whole or not at all, once, every line held against the ledger."""
    from transactional.first_start import CommandRefusedError
    from transactional.suppliers.commands import import_statement as run_import
    from transactional.suppliers.errors import RefusedStatementError

    settings = Settings()
    with migrated(settings) as urls:
        try:
            done = run_import(urls.app, settings, file, channel, _days(since, until))
            out.print(done, highlight=False, markup=False)
        except RefusedStatementError as error:
            for problem in error.problems:
                err.print(str(problem), highlight=False, markup=False, soft_wrap=True)
            raise Abort(f"{file.name} was refused whole; nothing was written.") from None
        except CommandRefusedError as error:
            raise Abort(str(error)) from None


def _days(since: datetime | None, until: datetime | None) -> tuple[date, date] | None:
    if since is None and until is None:
        return None
    if since is None or (until is not None and until < since):
        raise Abort("Say the first day with --from, and a last day that is not before it.")
    return since.date(), (until or since).date()
