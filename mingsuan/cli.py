"""The command line: one manual for everything that the product does. It wires; the work is done elsewhere."""

import typer
from pydantic import ValidationError
from rich.markup import escape

from mingsuan.commands import cards, documents, draws, ledger, shop, start, statements, suppliers, warehouse
from mingsuan.commands.terminal import err
from mingsuan.settings import Settings

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
app.add_typer(start.app)
app.add_typer(shop.app)
app.add_typer(suppliers.app)
app.add_typer(statements.app)
for name, part in {
    "import": shop.import_app,
    "shop": shop.shop_app,
    "ledger": ledger.ledger_app,
    "cards": cards.cards_app,
}.items():
    app.add_typer(part, name=name, rich_help_panel="Shop")
app.add_typer(draws.app)
app.add_typer(warehouse.app)
app.add_typer(documents.app)


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
