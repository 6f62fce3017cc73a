"""The command line: one manual for everything that the product does. It wires; the work is done elsewhere.

Parts are imported inside the commands, so that `mingsuan --help` is instant and a broken part breaks only itself.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

from mingsuan.postgres import DatabaseUnavailableError, DatabaseUrls, database
from mingsuan.progress import Progress, console_progress
from mingsuan.settings import Settings

if TYPE_CHECKING:
    from transactional.ledger.command_line import Table

app = typer.Typer(
    name="mingsuan",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
    help="[bold]明算[/bold] · clear accounts for a digital-goods shop.\n\n"
    "A shop on PostgreSQL, a warehouse that follows it exactly once, and dashboards true to the fen. "
    "All local state lives under [cyan]var/[/cyan] ([cyan]MINGSUAN_VAR[/cyan]); "
    "without connection strings an embedded PostgreSQL is used.",
)
import_app = typer.Typer(no_args_is_help=True, help="Bring order histories into the shop.")
shop_app = typer.Typer(no_args_is_help=True, help="Work in the shop from the command line.")
app.add_typer(import_app, name="import", rich_help_panel="Shop")
app.add_typer(shop_app, name="shop", rich_help_panel="Shop")
ledger_app = typer.Typer(no_args_is_help=True, help="Check, seal, close and read the shop's books.")
app.add_typer(ledger_app, name="ledger", rich_help_panel="Shop")
cards_app = typer.Typer(no_args_is_help=True, help="Keys of the encrypted card codes.")
app.add_typer(cards_app, name="cards", rich_help_panel="Shop")

out = Console(emoji=False)
err = Console(stderr=True, emoji=False)


class OutputFormat(StrEnum):
    TABLE = "table"
    CSV = "csv"
    JSON = "json"


class Abort(typer.Exit):
    """Ends a command with a sentence for people on standard error."""

    def __init__(self, message: str, code: int = 1) -> None:
        err.print(f"[red]✗[/red] {escape(message)}", highlight=False)
        super().__init__(code)


@contextmanager
def _database(settings: Settings) -> Iterator[DatabaseUrls]:
    try:
        with database(settings) as urls:
            yield urls
    except DatabaseUnavailableError as error:
        raise Abort(str(error)) from None


@contextmanager
def _migrated(settings: Settings) -> Iterator[DatabaseUrls]:
    from transactional.migrations import migrate as to_newest

    with _database(settings) as urls:
        to_newest(urls.owner)
        yield urls


def _progress() -> Progress:
    return console_progress(err)


@app.command(rich_help_panel="Start here")
def doctor() -> None:
    """Look over this machine and this shop: what works, what is missing, and what to do about it."""
    from mingsuan.doctor import examine

    findings = examine(Settings())
    for finding in findings:
        mark = {"ok": "[green]✓[/green]", "warning": "[yellow]![/yellow]", "error": "[red]✗[/red]"}[finding.level]
        out.print(f"{mark} {finding.subject}: {escape(finding.text)}", highlight=False)
    raise typer.Exit(1 if any(finding.level == "error" for finding in findings) else 0)


@app.command(rich_help_panel="Start here")
def demo(
    serve: Annotated[bool, typer.Option(help="Start shop, dashboards and Dagster when the figures are there.")] = True,
    seed: Annotated[int, typer.Option(help="Seed of the simulated history.")] = 20260101,
    days: Annotated[int, typer.Option(min=30, max=730, help="Days of simulated history, up to yesterday.")] = 180,
) -> None:
    """Simulate a shop's history, refresh the warehouse from it, show what it earned, and serve everything.

    Everything that it invents is marked as simulated. Run again, it continues with the shop that is there.
    """
    from mingsuan.demo import show_figures
    from pipelines.refresh import refresh as run_refresh
    from simulation.history import NotEmptyShopError, simulate

    settings = Settings()
    progress = _progress()
    with _migrated(settings) as urls:
        try:
            simulate(urls.app, settings, seed=seed, days=days, progress=progress)
        except NotEmptyShopError as error:
            raise Abort(str(error)) from None
        settings.gateways_dir.mkdir(exist_ok=True)  # its gateways are simulated from now on
        version = run_refresh(settings, urls.reader, progress=progress)
        show_figures(out, version.folder, settings.language)
        out.print(f"[bold]Published snapshot[/bold] {escape(str(version.folder))}", highlight=False, soft_wrap=True)
        if serve:
            _serve(settings, urls)


@app.command(rich_help_panel="Start here")
def serve() -> None:
    """Start shop, dashboards and Dagster together; say where each is; stop them together (Ctrl-C)."""
    settings = Settings()
    with _migrated(settings) as urls:
        _serve(settings, urls)


def _serve(settings: Settings, urls: DatabaseUrls) -> None:
    from mingsuan.serve import run
    from transactional.first_start import ensure_first_logins

    logins = ensure_first_logins(urls.app, settings)
    gateways = _simulated_gateways(settings)
    if gateways:
        from simulation.benefits_setup import ensure_provider

        ensure_provider(urls.app, settings)
    raise typer.Exit(run(settings, urls, logins, out, gateways))


def _simulated_gateways(settings: Settings) -> dict[str, str]:
    """Settings of the simulated gateways for a shop that a demo made, unless it has real ones; else none."""
    from simulation.gateways.keys import environment

    if settings.has_gateways or not settings.gateways_dir.exists():
        return {}
    return environment(settings.gateways_dir, f"http://127.0.0.1:{settings.simulated_gateways_port}")


@app.command(rich_help_panel="Start here")
def stop() -> None:
    """End what `demo` or `serve` started for this folder."""
    from mingsuan.serve import stop_running

    out.print(stop_running(Settings()), highlight=False, markup=False)


@app.command(rich_help_panel="Shop")
def migrate() -> None:
    """Bring schema `shop` to the newest revision (as role shop_owner)."""
    from transactional.migrations import migrate as to_newest

    with _database(Settings()) as urls:
        out.print(f"Schema shop is at revision {to_newest(urls.owner)}.", highlight=False)


@app.command(rich_help_panel="Shop")
def worker() -> None:
    """Run the shop's jobs until Ctrl-C or SIGTERM: refunds, questions to gateways, ends of holds. `serve` has one."""
    import asyncio

    from transactional.logs import configure
    from transactional.worker import run

    settings = Settings()
    with _migrated(settings) as urls:
        configure(settings.log_format)
        try:
            asyncio.run(run(settings, urls.app))
        except OSError as error:
            raise Abort(str(error)) from None


@app.command("backup", rich_help_panel="Shop")
def write_backup(
    folder: Annotated[Path, typer.Argument(help="A new folder; it appears whole or not at all.")],
    with_keys: Annotated[
        bool, typer.Option(help="Take the keys along; without them the backup's codes cannot be read.")
    ] = False,
) -> None:
    """Write the shop at one instant, its jobs and the published heads into a new folder."""
    from mingsuan.backup import backup
    from mingsuan.backup_manifest import BackupError

    settings = Settings()
    with _database(settings) as urls:
        try:
            manifest = backup(settings, urls, folder, with_keys=with_keys)
        except BackupError as error:
            raise Abort(str(error)) from None
    last = manifest.source.last_order_no or "none"
    said = f"Backed up {manifest.source.orders:,} orders (last {last}) as of {manifest.taken_at:%Y-%m-%d %H:%M:%S} UTC."
    out.print(said, highlight=False)
    if not with_keys:
        text = f"The keys in {settings.keys_dir} are not in it: keep a copy elsewhere, without them every code is lost."
        out.print(text, highlight=False, markup=False)


@app.command("restore", rich_help_panel="Shop")
def put_back(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="A backup's folder.")],
) -> None:
    """Put a backup into an empty database; refused when anything is there already."""
    from mingsuan.backup_manifest import BackupError
    from mingsuan.restore import next_steps, restore

    settings = Settings()
    with _database(settings) as urls:
        try:
            manifest = restore(settings, urls, folder)
        except BackupError as error:
            raise Abort(str(error)) from None
    last = manifest.source.last_order_no or "none"
    out.print(f"Restored {manifest.source.orders:,} orders (last {last}). Next:", highlight=False)
    for step in next_steps(settings, manifest):
        out.print(f"· {step}", highlight=False, markup=False, soft_wrap=True)


@app.command(rich_help_panel="Shop")
def outbox(count: Annotated[int, typer.Option(min=1, max=500, help="How many messages.")] = 10) -> None:
    """Show the newest mails and text messages of a shop that has no provider for them, one-time codes included."""
    from transactional.notices.senders.console import newest

    messages = list(newest(Settings().outbox_dir, count))
    if not messages:
        out.print("Nothing was sent yet.")
    for message in reversed(messages):
        out.print(f"{message['at'][:19]} UTC · {message['channel']} · {message['target']}", style="bold", markup=False)
        out.print(f"{message['title']}\n{message['text']}\n", highlight=False, markup=False, soft_wrap=True)


@import_app.command("orders")
def import_orders(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV, TSV, fixed-width or XLSX.")],
    mapping: Annotated[str, typer.Option(help="Name of a shipped mapping, or a TOML file of your own.")],
) -> None:
    """Import an order history: validated whole, then written whole, or refused with every bad cell named.

    Importing the same rows again changes nothing. Costs that the file does not know stay unknown.
    """
    from transactional.orders.history_import import RefusedFileError
    from transactional.orders.history_import import import_orders as run_import

    settings = Settings()
    with _migrated(settings) as urls:
        try:
            result = run_import(urls.app, settings, file, mapping, progress=_progress())
        except RefusedFileError as error:
            for problem in error.problems:
                err.print(str(problem), highlight=False, markup=False, soft_wrap=True)
            raise Abort(
                f"{file.name} was refused whole; {len(error.problems)} problem(s), nothing was written."
            ) from None
    out.print(
        f"{result.rows:,} rows read, {result.new_orders:,} new orders,"
        f" {result.known_orders:,} already known, {result.new_customers:,} new customers.",
        highlight=False,
    )


@shop_app.command("add-staff")
def add_staff(
    email: str,
    role: Annotated[str, typer.Option(help="owner, buyer, operator or auditor")] = "operator",
) -> None:
    """Give a member of staff a log-in; prints the one-time password."""
    from transactional.first_start import CommandRefusedError
    from transactional.first_start import add_staff as run_add

    settings = Settings()
    with _migrated(settings) as urls:
        try:
            out.print(run_add(urls.app, settings, email, role), highlight=False, markup=False)
        except CommandRefusedError as error:
            raise Abort(str(error)) from None


@shop_app.command("first-owner")
def first_owner() -> None:
    """Print the code that makes the first owner at /desk/set-up; good for 24 hours, for a shop without staff."""
    from transactional.first_start import CommandRefusedError, first_owner_code

    settings = Settings()
    with _migrated(settings) as urls:
        try:
            out.print(first_owner_code(urls.app, settings), highlight=False, markup=False, soft_wrap=True)
        except CommandRefusedError as error:
            raise Abort(str(error)) from None


@shop_app.command("pause-selling")
def pause_selling(reason: Annotated[str, typer.Option(help="Why; kept with the act, not shown to shoppers.")]) -> None:
    """Take no more orders, until `resume-selling`; what was ordered is still paid and delivered."""
    _switch_selling(reason)


@shop_app.command("resume-selling")
def resume_selling() -> None:
    """Take orders again."""
    _switch_selling(None)


def _switch_selling(reason: str | None) -> None:
    from sqlalchemy.exc import NoResultFound

    from transactional.selling import switch_from_command_line

    with _migrated(Settings()) as urls:
        try:
            now = switch_from_command_line(urls.app, reason)
        except NoResultFound:
            raise Abort("This shop was never opened: there is nothing to pause.") from None
    since = f"{now.paused_at:%Y-%m-%d %H:%M:%S} UTC" if now.paused_at else None
    out.print(f"Selling is paused since {since}." if since else "The shop is selling.", highlight=False)


@shop_app.command("credit-wallet")
def credit_wallet(
    email: Annotated[str, typer.Argument(help="Customer's e-mail address.")],
    amount: Annotated[str, typer.Argument(help="In the shop's currency, such as 100.00.")],
    source: Annotated[str, typer.Option(help="bank (money received) or goodwill (at the shop's expense)")] = "bank",
    key: Annotated[str | None, typer.Option(help="Idempotency key: the same key credits once.")] = None,
) -> None:
    """Credit a customer's wallet, posted to the ledger."""
    from transactional.first_start import CommandRefusedError
    from transactional.first_start import credit_wallet as run_credit

    settings = Settings()
    with _migrated(settings) as urls:
        try:
            done = run_credit(urls.app, settings, email, amount, source, key)
            out.print(done, highlight=False, markup=False)
        except CommandRefusedError as error:
            raise Abort(str(error)) from None


@shop_app.command("import-cards")
def import_cards(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV, TXT or XLSX, one code a row.")],
    sku: Annotated[str, typer.Option(help="Code of the SKU that the codes belong to.")],
    cost: Annotated[str | None, typer.Option(help="Cost of the whole batch; unknown when left out.")] = None,
    supplier: str = "",
    expires: Annotated[
        str | None, typer.Option(help="Last day on which the codes are good, such as 2026-12-31.")
    ] = None,
) -> None:
    """Import a batch of card codes: encrypted, refused whole when any code is bad or already known."""
    from transactional.cards.examination import RefusedBatchError
    from transactional.first_start import CommandRefusedError, import_card_file

    settings = Settings()
    with _migrated(settings) as urls:
        try:
            done = import_card_file(urls.app, settings, file, sku, cost, supplier, expires)
            out.print(done, highlight=False, markup=False)
        except RefusedBatchError as error:
            for problem in error.problems:
                err.print(str(problem), highlight=False, markup=False, soft_wrap=True)
            raise Abort(f"{file.name} was refused whole; nothing was written.") from None
        except CommandRefusedError as error:
            raise Abort(str(error)) from None


@shop_app.command("export-cards")
def export_cards(
    batch: Annotated[str, typer.Argument(help="Id of the batch.")],
    reason: Annotated[str, typer.Option(help="Why the codes are taken out; kept on record.")],
    to: Annotated[Path | None, typer.Option(dir_okay=False, help="File to write; standard output without it.")] = None,
    delivered: Annotated[bool, typer.Option(help="Also the codes that customers have.")] = False,
) -> None:
    """Take a batch's codes out in clear, as CSV; on record before it happens."""
    from transactional.cards.commands import export_cards as run_export
    from transactional.first_start import CommandRefusedError

    settings = Settings()
    with _migrated(settings) as urls:
        try:
            content, done = run_export(urls.app, settings, batch, reason, to, delivered=delivered)
        except CommandRefusedError as error:
            raise Abort(str(error)) from None
    typer.echo(content, nl=False)
    err.print(done, highlight=False, markup=False)


@cards_app.command("rotate-master-key")
def rotate_master_key() -> None:
    """Bring in a new master key: every data key is wrapped again, all codes stay readable, shops go on running."""
    from transactional.cards.commands import rotate_master_key as run_rotation
    from transactional.first_start import CommandRefusedError

    settings = Settings()
    with _migrated(settings) as urls:
        try:
            out.print(run_rotation(urls.app, settings), highlight=False, markup=False)
        except CommandRefusedError as error:
            raise Abort(str(error)) from None


@cards_app.command("re-encrypt")
def re_encrypt(
    batch: Annotated[str | None, typer.Option(help="Id of one batch; everything without it.")] = None,
) -> None:
    """Seal codes again under new data keys, chunk by chunk; run again after an interruption, it goes on."""
    from transactional.cards.commands import re_encrypt as run_re_encrypt
    from transactional.first_start import CommandRefusedError

    settings = Settings()
    with _migrated(settings) as urls:
        try:
            out.print(run_re_encrypt(urls.app, settings, batch, _progress()), highlight=False, markup=False)
        except CommandRefusedError as error:
            raise Abort(str(error)) from None


@contextmanager
def _books(settings: Settings) -> Iterator[DatabaseUrls]:
    from transactional.ledger.command_line import LedgerRefusedError

    with _migrated(settings) as urls:
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


@app.command(rich_help_panel="Warehouse")
def ingest(
    resync: Annotated[bool, typer.Option(help="Accept a restored source: re-stamp its rows and reconcile.")] = False,
) -> None:
    """Bring every change of the shop into the warehouse, exactly once."""
    from pipelines.ingest import ingest as run_ingest
    from pipelines.source import IngestError
    from transactional.migrations.restamp import restamp

    settings = Settings()
    with _database(settings) as urls:
        if resync:
            restamp(urls.owner)
        try:
            batch = run_ingest(settings, urls.reader, resync=resync, progress=_progress())
        except IngestError as error:
            raise Abort(str(error)) from None
    out.print(batch.summary(), highlight=False)


@app.command(rich_help_panel="Warehouse")
def build(
    full_refresh: Annotated[bool, typer.Option(help="Rebuild incremental models from the start.")] = False,
) -> None:
    """Build and test all models in the warehouse."""
    from pipelines.build import build as run_build
    from pipelines.build_context import AsOfDateError, NothingIngestedError

    try:
        result = run_build(Settings(), full_refresh=full_refresh, progress=_progress())
    except (AsOfDateError, NothingIngestedError) as error:
        raise Abort(str(error)) from None
    out.print(result.summary(), highlight=False, markup=False)
    raise typer.Exit(0 if result.publishable else 1)


@app.command(rich_help_panel="Warehouse")
def publish() -> None:
    """Publish the warehouse as a new version; refused unless its last build passed every blocking test."""
    from pipelines.publish import NotPublishableError
    from pipelines.publish import publish as run_publish

    try:
        version = run_publish(Settings(), progress=_progress())
    except NotPublishableError as error:
        raise Abort(str(error)) from None
    out.print(f"Published {version.folder}", highlight=False, markup=False, soft_wrap=True)


@app.command(rich_help_panel="Warehouse")
def refresh(
    as_of: Annotated[
        str | None, typer.Option(help="Business date that censors open intervals; sticky; 'today' to release it.")
    ] = None,
    full_refresh: Annotated[bool, typer.Option(help="Rebuild incremental models from the start.")] = False,
) -> None:
    """Ingest, build, test and publish in one go."""
    from pipelines.publish import NotPublishableError
    from pipelines.refresh import refresh as run_refresh
    from pipelines.source import IngestError

    settings = Settings()
    with _database(settings) as urls:
        try:
            version = run_refresh(settings, urls.reader, as_of=as_of, full_refresh=full_refresh, progress=_progress())
        except (IngestError, NotPublishableError, ValueError) as error:
            raise Abort(str(error)) from None
    out.print(f"Published {version.folder}", highlight=False, markup=False, soft_wrap=True)


@app.command(rich_help_panel="Warehouse")
def query(
    sql: Annotated[str, typer.Argument(help="One SELECT; tables go by bare names, such as mart_profit_daily.")],
    output: Annotated[OutputFormat, typer.Option("--format", help="How to print the rows.")] = OutputFormat.TABLE,
    version: Annotated[str | None, typer.Option(help="Name of an older published version.")] = None,
) -> None:
    """Query the published snapshot, read-only."""
    from mingsuan.snapshot import SnapshotError, run_query

    try:
        run_query(Settings(), sql, output.value, version, out)
    except SnapshotError as error:
        raise Abort(str(error)) from None


def main() -> None:
    """Entry point of the console script."""
    try:
        app()
    except ValidationError as error:
        if error.title != Settings.__name__:
            raise
        for problem in error.errors():
            name = "_".join(str(part) for part in problem["loc"]).upper()
            err.print(
                f"[red]✗[/red] MINGSUAN_{name}: {escape(problem['msg'].removeprefix('Value error, '))}", highlight=False
            )
        raise SystemExit(2) from None
