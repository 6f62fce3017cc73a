"""Commands about statements that come in by file: of advertising platforms, of couriers, whatever the inbox holds."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mingsuan.commands.terminal import Abort, err, migrated, out
from mingsuan.settings import Settings

if TYPE_CHECKING:
    from transactional.statements.inbox import Handled

app = typer.Typer()
REFUSED = 3
"""Exit code of `import-inbox` when it refused a file; 1 when it could not deal with one."""
File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV or XLSX (docs/statements.md).")]


@app.command("import-ad-spend", rich_help_panel="Shop")
def import_ad_spend(
    file: File,
    platform: Annotated[str, typer.Option(help="Advertising platform that it is of, such as oceanengine.")],
) -> None:
    """Take a statement of advertising spend in: whole or not at all, once, each line posted on its day."""
    _import(file, "ad-spend", platform)


@app.command("import-courier-costs", rich_help_panel="Shop")
def import_courier_costs(
    file: File, courier: Annotated[str, typer.Option(help="Courier that it is of, such as shunfeng.")]
) -> None:
    """Take a courier's statement in: whole or not at all, once, each charge posted to its parcel's goods."""
    _import(file, "courier", courier)


@app.command("import-inbox", rich_help_panel="Shop")
def import_inbox(
    as_json: Annotated[bool, typer.Option("--json", help="A summary for machines.")] = False,
) -> None:
    """Take every statement in the inbox in; each file moves to done/ or refused/ with a report beside it.

    Ends with 3 when a file was refused, with 1 when one could not be dealt with and is tried again.
    """
    from transactional.statements.commands import import_inbox as run_import
    from transactional.statements.inbox import OUTCOMES

    settings = Settings()
    with migrated(settings) as urls:
        handled = run_import(urls.app, settings)
    counts = {outcome: sum(each.outcome == outcome for each in handled) for outcome in OUTCOMES}
    if as_json:
        typer.echo(json.dumps({**counts, "files": [asdict(each) for each in handled]}, ensure_ascii=False))
    else:
        _show(handled, settings.inbox_dir)
    if counts["failed"]:
        raise typer.Exit(1)
    if counts["refused"]:
        raise typer.Exit(REFUSED)


def _import(file: Path, kind: str, sender: str) -> None:
    from transactional.errors import ShopError
    from transactional.statements.commands import import_file

    settings = Settings()
    with migrated(settings) as urls:
        try:
            done = import_file(urls.app, settings, kind, sender, file)
        except ShopError as refusal:
            for problem in refusal.problems:
                err.print(str(problem), highlight=False, markup=False, soft_wrap=True)
            raise Abort(str(refusal)) from None
    out.print(done.text().rstrip(), highlight=False, markup=False, soft_wrap=True)


def _show(handled: "list[Handled]", inbox: Path) -> None:
    for each in handled:
        out.print(f"{each.path} · {each.outcome}", highlight=False, markup=False, soft_wrap=True)
        for line in (each.summary, *each.details):
            out.print(f"  {line}", highlight=False, markup=False, soft_wrap=True)
    if not handled:
        out.print(f"Nothing is in {inbox}.", highlight=False, markup=False, soft_wrap=True)
