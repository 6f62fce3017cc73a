"""Commands of the shop: its schema, worker, backups, staff, wallets, and histories brought in."""

from pathlib import Path
from typing import Annotated

import typer

from mingsuan.commands.terminal import Abort, err, migrated, opened, out, shown_progress
from mingsuan.settings import Settings

app = typer.Typer()
import_app = typer.Typer(no_args_is_help=True, help="Bring order histories into the shop.")
shop_app = typer.Typer(no_args_is_help=True, help="Work in the shop from the command line.")


@app.command(rich_help_panel="Shop")
def migrate() -> None:
    """Bring schema `shop` to the newest revision (as role shop_owner)."""
    from transactional.migrations import migrate as to_newest

    with opened(Settings()) as urls:
        out.print(f"Schema shop is at revision {to_newest(urls.owner)}.", highlight=False)


@app.command(rich_help_panel="Shop")
def worker() -> None:
    """Run the shop's jobs until Ctrl-C or SIGTERM: refunds, questions to gateways, ends of holds. `serve` has one."""
    import asyncio

    from transactional.logs import configure
    from transactional.worker import run

    settings = Settings()
    with migrated(settings) as urls:
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
    with opened(settings) as urls:
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
    with opened(settings) as urls:
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
    with migrated(settings) as urls:
        try:
            result = run_import(urls.app, settings, file, mapping, progress=shown_progress())
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
    with migrated(settings) as urls:
        try:
            out.print(run_add(urls.app, settings, email, role), highlight=False, markup=False)
        except CommandRefusedError as error:
            raise Abort(str(error)) from None


@shop_app.command("first-owner")
def first_owner() -> None:
    """Print the code that makes the first owner at /desk/set-up; good for 24 hours, for a shop without staff."""
    from transactional.first_start import CommandRefusedError, first_owner_code

    settings = Settings()
    with migrated(settings) as urls:
        try:
            out.print(first_owner_code(urls.app, settings), highlight=False, markup=False, soft_wrap=True)
        except CommandRefusedError as error:
            raise Abort(str(error)) from None


@shop_app.command("let-back-in")
def let_back_in(email: Annotated[str, typer.Argument(help="E-mail address of the member of staff.")]) -> None:
    """For staff who lost password, authenticator or both: print a code for /desk/join; what they had ends."""
    from transactional.first_start import CommandRefusedError
    from transactional.first_start import let_back_in as run_let_back_in

    settings = Settings()
    with migrated(settings) as urls:
        try:
            out.print(run_let_back_in(urls.app, settings, email), highlight=False, markup=False, soft_wrap=True)
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

    with migrated(Settings()) as urls:
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
    with migrated(settings) as urls:
        try:
            done = run_credit(urls.app, settings, email, amount, source, key)
            out.print(done, highlight=False, markup=False)
        except CommandRefusedError as error:
            raise Abort(str(error)) from None
