"""Commands of the warehouse: ingest, build, publish, query."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

import typer

from mingsuan.commands.terminal import Abort, opened, out, shown_progress
from mingsuan.settings import Settings

app = typer.Typer()


FullRefresh = Annotated[
    bool, typer.Option(help="Rebuild incremental models from the start; computes as --nightly does, too.")
]
Nightly = Annotated[
    bool, typer.Option(help="Compute again what otherwise waits for the night, such as customer value.")
]


class OutputFormat(StrEnum):
    TABLE = "table"
    CSV = "csv"
    JSON = "json"


class Grain(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


@app.command(rich_help_panel="Warehouse")
def ingest(
    resync: Annotated[bool, typer.Option(help="Accept a restored source: re-stamp its rows and reconcile.")] = False,
) -> None:
    """Bring every change of the shop into the warehouse, exactly once."""
    from pipelines.ingest import ingest as run_ingest
    from pipelines.source import IngestError
    from transactional.migrations.restamp import restamp

    settings = Settings()
    with opened(settings) as urls:
        if resync:
            restamp(urls.owner)
        try:
            batch = run_ingest(settings, urls.reader, resync=resync, progress=shown_progress())
        except IngestError as error:
            raise Abort(str(error)) from None
    out.print(batch.summary(), highlight=False)


@app.command(rich_help_panel="Warehouse")
def build(full_refresh: FullRefresh = False, nightly: Nightly = False) -> None:
    """Build and test all models in the warehouse."""
    from pipelines.build import build as run_build
    from pipelines.build_context import AsOfDateError, NothingIngestedError

    try:
        result = run_build(Settings(), full_refresh=full_refresh, nightly=nightly, progress=shown_progress())
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
        version = run_publish(Settings(), progress=shown_progress())
    except NotPublishableError as error:
        raise Abort(str(error)) from None
    out.print(f"Published {version.folder}", highlight=False, markup=False, soft_wrap=True)


@app.command(rich_help_panel="Warehouse")
def refresh(
    as_of: Annotated[
        str | None, typer.Option(help="Business date that censors open intervals; sticky; 'today' to release it.")
    ] = None,
    full_refresh: FullRefresh = False,
    nightly: Nightly = False,
) -> None:
    """Ingest, build, test and publish in one go."""
    from pipelines.publish import NotPublishableError
    from pipelines.refresh import refresh as run_refresh
    from pipelines.source import IngestError

    settings = Settings()
    with opened(settings) as urls:
        try:
            version = run_refresh(
                settings,
                urls.reader,
                as_of=as_of,
                full_refresh=full_refresh,
                nightly=nightly,
                progress=shown_progress(),
            )
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


@app.command(rich_help_panel="Warehouse")
def measure(
    metrics: Annotated[list[str], typer.Argument(help="Names from the glossary, such as net_sales cm3.")],
    by: Annotated[list[str] | None, typer.Option(help="A dimension, such as product__title_zh; repeatable.")] = None,
    grain: Annotated[Grain | None, typer.Option(help="Cut by time, in the shop's zone.")] = None,
    since: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First business date.")] = None,
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last business date.")] = None,
    output: Annotated[OutputFormat, typer.Option("--format", help="How to print the rows.")] = OutputFormat.TABLE,
    version: Annotated[str | None, typer.Option(help="Name of an older published version.")] = None,
) -> None:
    """Ask the published snapshot for metrics by their declared names; each has one definition."""
    from mingsuan.semantics.compiler import Question, compiled
    from mingsuan.semantics.declared import SemanticsError, of_version
    from mingsuan.snapshot import SnapshotError, resolve, run_query

    settings = Settings()
    bounds = (since.date() if since else date.min, until.date() if until else date.max)
    period = bounds if since or until else None
    question = Question(tuple(metrics), tuple(by or ()), grain.value if grain else None, period)
    try:
        asked = compiled(of_version(resolve(settings, version)), question)
        run_query(settings, asked.sql, output.value, version, out, asked.parameters)
    except (SemanticsError, SnapshotError) as error:
        raise Abort(str(error)) from None


@app.command(rich_help_panel="Warehouse")
def check_estimates(
    seeds: Annotated[int, typer.Option(min=1, help="How many simulated shops; 200 take some minutes.")] = 200,
) -> None:
    """Hold the models' estimates against the truth of simulated shops: do 95 % intervals hold it 95 times in 100?"""
    from rich.table import Table

    from simulation.compiled_models import NotCompiledError, compile_models
    from simulation.estimates import coverages, sources

    try:
        models = compile_models(Settings())
    except NotCompiledError as error:
        raise Abort(str(error)) from None
    table = Table("of", "figure", "truth", "median estimate", "median width", f"held of {seeds}", "as claimed")
    verdicts = {True: "yes", False: "no", None: "too few shops"}
    found = [one for source in sources(models) for one in coverages(source, range(seeds))]
    for one in found:
        figures = (f"{value:.4g}" for value in (one.truth, one.median_estimate, one.median_width))
        table.add_row(one.of, one.figure, *figures, str(one.covered), verdicts[one.as_claimed])
    out.print(table)
    raise typer.Exit(1 if any(one.as_claimed is False for one in found) else 0)
