"""Statements that come in by file: a sensor that sees them and a job that has the shop take them in."""

import json
from collections.abc import Iterator
from typing import Any

import dagster as dg

from mingsuan import clock
from mingsuan.settings import Settings
from orchestration.defs.stewardship import INBOX, OPERATIONS
from orchestration.inbox import InboxError, TakenIn, import_inbox, take_in, waiting

KEY = dg.AssetKey("statements_inbox")
NOTHING_REFUSED = "nothing_refused"
AGAIN_S = 3600.0
"""What a run left in the inbox is tried again after this."""
Events = Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]


@dg.multi_asset(
    name="take_in_statements",
    specs=[
        dg.AssetSpec(
            KEY,
            group_name=INBOX,
            owners=[OPERATIONS],
            kinds={"python", "csv", "postgres"},
            description="Statements of advertising, couriers and suppliers, taken in by `mingsuan import-inbox`: each"
            " whole or not at all, once by its content, and moved to `done/` or `refused/` with a report beside it.",
        )
    ],
    check_specs=[
        dg.AssetCheckSpec(
            NOTHING_REFUSED,
            asset=KEY,
            description="No file of the last run was refused or left. A refused one lies in `refused/` beside its"
            " report, and comes back mended as a new file.",
        )
    ],
)
def take_in_statements(context: dg.AssetExecutionContext) -> Events:
    """Runs the shop's command; raises Failure when it could not do its work at all."""
    try:
        taken = take_in(import_inbox)
    except InboxError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from None
    for each in taken.files:
        context.log.info(f"{each['path']}: {each['outcome']}. {each['summary']}")
    yield dg.MaterializeResult(asset_key=KEY, metadata=_metadata(taken))
    yield dg.AssetCheckResult(
        asset_key=KEY,
        check_name=NOTHING_REFUSED,
        passed=not taken.refused and not taken.count("failed"),
        metadata={"refused": "\n".join(taken.refused) or "none", "failed": taken.count("failed")},
    )


import_statements = dg.define_asset_job(
    "import_statements",
    selection=dg.AssetSelection.assets(KEY),
    executor_def=dg.in_process_executor,
    description="Have the shop take in what lies in its inbox.",
)


@dg.sensor(
    name="inbox",
    job=import_statements,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Files that have settled under var/inbox start one run; what stays is tried again each hour.",
)
def inbox_sensor(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """The cursor holds what the last run was started for, and when."""
    now = clock.now().timestamp()
    found = waiting(Settings().inbox_dir, now)
    if found is None:
        return dg.SkipReason("nothing has settled in the inbox")
    before = json.loads(context.cursor or "{}")
    if before.get("found") == found and now - before["at"] < AGAIN_S:
        return dg.SkipReason("what lies in the inbox has had its run")
    context.update_cursor(json.dumps({"found": found, "at": now}))
    return dg.RunRequest(run_key=f"{found}-{int(now)}")


def _metadata(taken: TakenIn) -> dict[str, Any]:
    counts = {outcome: taken.count(outcome) for outcome in ("imported", "known", "refused", "waiting", "failed")}
    return {**counts, "files": dg.MetadataValue.json(list(taken.files))}
