"""What Dagster runs and watches. This module only wires; settings are read when Dagster loads it, not at import."""

import dagster as dg

from mingsuan.settings import Settings
from orchestration.defs.alerts import TOLD, alerts_sensor
from orchestration.defs.checks import checks
from orchestration.defs.inbox import import_statements, inbox_sensor, take_in_statements
from orchestration.defs.ingest import raw
from orchestration.defs.manifest import manifest
from orchestration.defs.models import BUILD_CONTEXT, COMPUTED, models
from orchestration.defs.published import published, snapshot_is_fresh
from orchestration.defs.resources import Shop
from orchestration.defs.schedules import JOBS, schedules
from pipelines.tables import TABLES


@dg.definitions
def definitions() -> dg.Definitions:
    """Everything: tables → models → published, their checks, the refresh and when it runs."""
    settings = Settings()
    built = models(manifest(settings))
    return dg.Definitions(
        assets=[
            raw([table.name for table in TABLES]),
            BUILD_CONTEXT,
            *COMPUTED,
            built,
            published(sorted(built.keys)),
            take_in_statements,
            TOLD,
        ],
        asset_checks=[snapshot_is_fresh, *checks()],
        jobs=[*JOBS, import_statements],
        schedules=schedules(settings),
        sensors=[inbox_sensor, alerts_sensor],
        resources={"shop": Shop()},
        executor=dg.in_process_executor,
    )
