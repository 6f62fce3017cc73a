"""Commands of the books: check, seal, close, read."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table as RichTable

from mingsuan.commands.terminal import Abort, migrated, out
from mingsuan.postgres import DatabaseUrls
from mingsuan.settings import Settings

if TYPE_CHECKING:
    from transactional.ledger.command_line import Table

ledger_app = typer.Typer(no_args_is_help=True, help="Check, seal, close and read the shop's books.")


@contextmanager
def _books(settings: Settings) -> Iterator[DatabaseUrls]:
    from transactional.ledger.command_line import LedgerRefusedError

    with migrated(settings) as urls:
        try:
            yield urls
        except LedgerRefusedError as error:
            raise Abort(str(error)) from None


def _day_of(month: str) -> date:
    try:
        return date.fromisoformat(f"{month}-01")
    except ValueError:
        raise Abort(f"{month!r} is not a month: write it like 2026-01.", code=2) from None


def _print_table(table: "Table") -> None:
    shown = RichTable(title=table.title)
    for heading in table.headings:
        is_amount = heading in ("Debit", "Credit", "Balance")
        shown.add_column(heading, justify="right" if is_amount else "left", no_wrap=is_amount)
    for row in table.rows:
        shown.add_row(*map(escape, row))
    out.print(shown)


@ledger_app.command("check")
def check_ledger() -> None:
    """Look for anything wrong with the books: one sentence a finding; the exit code is 0 when there is none."""
    from transactional.ledger.command_line import findings

    settings = Settings()
    with _books(settings) as urls:
        found = findings(urls.app, settings)
    for sentence in found:
        out.print(f"[red]✗[/red] {escape(sentence)}", highlight=False, soft_wrap=True)
    if found:
        raise typer.Exit(1)
    out.print("[green]✓[/green] The books are whole.", highlight=False)


@ledger_app.command("seal")
def seal_ledger(
    republish: Annotated[bool, typer.Option(help="Write heads anew that the published file lost.")] = False,
    accept_loss: Annotated[
        str | None, typer.Option(metavar="REASON", help="Sign that seals missing after a restore are lost.")
    ] = None,
) -> None:
    """Seal every ended transaction now, and publish the heads; the worker does it each minute."""
    from transactional.ledger.command_line import seal

    settings = Settings()
    with _books(settings) as urls:
        done = seal(urls.app, settings, republish=republish, accept_loss=accept_loss)
    out.print(done, highlight=False, markup=False, soft_wrap=True)


@ledger_app.command("close-month")
def close_ledger_month(
    month: Annotated[str, typer.Argument(help="Such as 2026-01; months are closed in order.")],
) -> None:
    """Close an ended month: nothing is dated into it any more. It cannot be opened again."""
    from transactional.ledger.command_line import close_month

    settings = Settings()
    day = _day_of(month)
    with _books(settings) as urls:
        out.print(close_month(urls.app, settings, day), highlight=False, markup=False)


@ledger_app.command("trial-balance")
def show_trial_balance(
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Business date; today.")] = None,
) -> None:
    """The balance of every account at the end of a day."""
    from transactional.ledger.command_line import trial_balance

    settings = Settings()
    with _books(settings) as urls:
        _print_table(trial_balance(urls.app, settings, until.date() if until else None))


@ledger_app.command("statement")
def show_statement(
    account: Annotated[str, typer.Argument(help="Code of the account, such as customer_wallet.")],
    customer: Annotated[str | None, typer.Option(help="Only what concerns this e-mail address.")] = None,
    since: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"])] = datetime(1970, 1, 1),  # noqa: DTZ001
    until: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"])] = datetime(9998, 12, 31),  # noqa: DTZ001
    limit: Annotated[int, typer.Option(min=1)] = 1000,
) -> None:
    """What moved on an account, with its running balance."""
    from transactional.ledger.command_line import statement

    settings = Settings()
    with _books(settings) as urls:
        _print_table(statement(urls.app, settings, account, customer, since.date(), until.date(), limit))


@ledger_app.command("export")
def export_journal(
    month: Annotated[str, typer.Argument(help="Such as 2026-01.")],
    file: Annotated[Path, typer.Argument(dir_okay=False, help="A file that ends in .csv or .xlsx.")],
) -> None:
    """Write a month's journal for the accountant."""
    from transactional.ledger.command_line import journal

    if file.suffix not in (".csv", ".xlsx"):
        raise Abort("The file must end in .csv or .xlsx.", code=2)
    settings = Settings()
    day = _day_of(month)
    with _books(settings) as urls:
        file.write_bytes(journal(urls.app, settings, day, "csv" if file.suffix == ".csv" else "xlsx"))
    out.print(f"Wrote {file}", highlight=False, markup=False, soft_wrap=True)
