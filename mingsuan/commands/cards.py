"""Commands of the card pool: codes in and out, keys renewed."""

from pathlib import Path
from typing import Annotated

import typer

from mingsuan.commands.shop import shop_app
from mingsuan.commands.terminal import Abort, err, migrated, out, shown_progress
from mingsuan.settings import Settings

cards_app = typer.Typer(no_args_is_help=True, help="Keys of the encrypted card codes.")


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
    with migrated(settings) as urls:
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
    with migrated(settings) as urls:
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
    with migrated(settings) as urls:
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
    with migrated(settings) as urls:
        try:
            out.print(run_re_encrypt(urls.app, settings, batch, shown_progress()), highlight=False, markup=False)
        except CommandRefusedError as error:
            raise Abort(str(error)) from None
