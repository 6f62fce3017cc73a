"""Commands to begin with: look the machine over, simulate, serve, stop."""

from typing import Annotated

import typer
from rich.markup import escape

from mingsuan.commands.terminal import Abort, migrated, out, shown_progress
from mingsuan.postgres import DatabaseUrls
from mingsuan.settings import Settings

app = typer.Typer()


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
    progress = shown_progress()
    with migrated(settings) as urls:
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
    with migrated(settings) as urls:
        _serve(settings, urls)


def _serve(settings: Settings, urls: DatabaseUrls) -> None:
    from mingsuan.serve import run
    from transactional.first_start import ensure_first_logins

    logins = ensure_first_logins(urls.app, settings)
    gateways = simulated_gateways(settings)
    if gateways:
        from simulation.benefits_setup import ensure_provider
        from simulation.draws_setup import ensure_draws
        from simulation.suppliers_setup import ensure_suppliers

        ensure_provider(urls.app, settings)
        ensure_suppliers(urls.app, settings)
        ensure_draws(urls.app, settings)
    raise typer.Exit(run(settings, urls, logins, out, gateways))


def simulated_gateways(settings: Settings) -> dict[str, str]:
    """Settings of the simulated gateways for a shop that a demo made, unless it has real ones; else none.

    A witness of the log of draws is simulated with them, unless there is a real one, and draws are for trying out.
    """
    from simulation import witness
    from simulation.gateways.keys import environment
    from transactional.draws.log.keeper import keeper_of

    if settings.has_gateways or not settings.gateways_dir.exists():
        return {}
    made = environment(settings.gateways_dir, f"http://127.0.0.1:{settings.simulated_gateways_port}")
    made["MINGSUAN_DRAW_TRIAL"] = "1"
    if settings.log_witnesses:
        return made
    log, url = keeper_of(settings).verifier, f"http://127.0.0.1:{settings.simulated_witness_port}"
    return made | witness.environment(settings.witness_dir, url, log)


@app.command(rich_help_panel="Start here")
def stop() -> None:
    """End what `demo` or `serve` started for this folder."""
    from mingsuan.serve import stop_running

    out.print(stop_running(Settings()), highlight=False, markup=False)
