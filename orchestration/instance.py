"""Dagster's home folder, and the runs that a stopped machine left unfinished. No definitions here."""

import os
import sys
from pathlib import Path

import dagster as dg
import yaml

CONFIGURATION = Path(__file__).with_name("dagster.yaml")
DATABASE = "DAGSTER_POSTGRES_URL"
LOCATION = "mingsuan"
UNFINISHED = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]


def make_home() -> None:
    """Put the configuration into DAGSTER_HOME, where every Dagster process looks for it.

    Runs, events and ticks are kept in the PostgreSQL that DATABASE names in the environment, or else in SQLite files.
    """
    home = Path(os.environ["DAGSTER_HOME"])
    home.mkdir(parents=True, exist_ok=True)
    configuration = yaml.safe_load(CONFIGURATION.read_text())
    if os.environ.get(DATABASE):
        configuration["storage"] = {"postgres": {"postgres_url": {"env": DATABASE}}}
    draft = home / ".dagster.yaml"
    draft.write_text(yaml.safe_dump(configuration, sort_keys=False))
    draft.replace(home / "dagster.yaml")


def write_workspace(socket: Path) -> None:
    """Tell webserver and daemon where the code server is, under a name that stays: schedules are kept by it."""
    server = {"grpc_server": {"host": "localhost", "socket": str(socket), "location_name": LOCATION}}
    content = yaml.safe_dump({"load_from": [server]})
    (Path(os.environ["DAGSTER_HOME"]) / "workspace.yaml").write_text(content)


def close_interrupted_runs(instance: dg.DagsterInstance) -> list[str]:
    """Mark runs as failed whose processes cannot exist any more, for they would hold up the queue for ever.

    Right only before any run is launched. Returns the ids of those runs.
    """
    runs = instance.get_runs(dg.RunsFilter(statuses=UNFINISHED))
    for run in runs:
        instance.report_run_failed(run, "Interrupted: Dagster was stopped while this run was working.")
    return [run.run_id for run in runs]


def start_afresh(*, close_interrupted: bool = True) -> None:
    """Home and tables made, interrupted runs closed: what has to happen before the daemon starts."""
    make_home()
    with dg.DagsterInstance.get() as instance:
        if close_interrupted:
            close_interrupted_runs(instance)


if __name__ == "__main__":
    start_afresh(close_interrupted="--close-interrupted" in sys.argv[1:])
