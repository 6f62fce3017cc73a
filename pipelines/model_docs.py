"""The documentation of all models with their lineage: dbt's own pages as one file that needs no server."""

import shutil
from pathlib import Path

from mingsuan.progress import Progress, silent
from mingsuan.settings import Settings
from pipelines import warehouse
from pipelines.dbt_run import run_dbt


class DocsError(RuntimeError):
    """dbt could not write the documentation; the message says why."""


def write_docs(settings: Settings, progress: Progress = silent) -> Path:
    """Write `docs/index.html` under the folder of local state, from the models and the warehouse as it is now.

    Raises DocsError when there is no warehouse or the models cannot be read.
    """
    if not settings.warehouse_file.exists():
        raise DocsError("there is no warehouse yet: run `mingsuan refresh`")
    with warehouse.owned(settings, "docs", progress):
        progress("reading models and catalogue")
        outcome = run_dbt(settings, "docs generate", "--static", progress=progress)
    written = settings.var / "dbt" / "target" / "static_index.html"
    if outcome.error is not None or not written.exists():
        raise DocsError(f"the documentation could not be written: {outcome.error or 'dbt wrote nothing'}")
    index = settings.var / "docs" / "index.html"
    index.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(written, index)
    return index
