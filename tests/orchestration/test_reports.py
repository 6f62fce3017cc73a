"""A step that always does the whole says so, when people selected a part of it."""

import dagster as dg
import pytest

from orchestration.defs.reports import Events, reported

pytestmark = [pytest.mark.xdist_group("dagster"), pytest.mark.filterwarnings("ignore")]
NAMES = ("left", "right")
TIDY = dg.AssetCheckKey(dg.AssetKey("right"), "tidy")


@dg.multi_asset(
    specs=[dg.AssetSpec(name, skippable=True) for name in NAMES],
    check_specs=[
        *(dg.AssetCheckSpec("sound", asset=name, blocking=True) for name in NAMES),
        dg.AssetCheckSpec(TIDY.name, asset=TIDY.asset_key),
    ],
    can_subset=True,
)
def both(context: dg.AssetExecutionContext) -> Events:
    """Makes both, whichever was selected; the run's tag says which is not sound, and the right one is never tidy."""
    unsound = context.run.tags["unsound"]
    made = [dg.MaterializeResult(asset_key=name, metadata={"rows": 7}) for name in NAMES]
    found = [dg.AssetCheckResult(asset_key=name, check_name="sound", passed=name != unsound) for name in NAMES]
    tidy = dg.AssetCheckResult(asset_key=TIDY.asset_key, check_name=TIDY.name, passed=False)
    yield from reported(context, made, [*found, tidy])


@pytest.mark.parametrize(
    ("selected", "unsound", "failure"),
    [
        (["left"], "none", None),
        (["left", "right"], "none", None),
        (["left"], "right", "Checks that block did not pass: right · sound"),
        (["left", "right"], "right", "by Dagster itself"),
    ],
)
def test_all_that_was_made_and_found_is_known_whatever_was_selected_and_nothing_stands_on_what_is_not_sound(
    selected: list[str], unsound: str, failure: str | None
) -> None:
    sound = [dg.AssetCheckKey(dg.AssetKey(name), "sound") for name in NAMES]
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize(
            [both], selection=selected, instance=instance, raise_on_error=False, tags={"unsound": unsound}
        )
        made = [instance.get_latest_materialization_event(dg.AssetKey(name)) for name in NAMES]
        found = instance.event_log_storage.get_asset_check_summary_records([*sound, TIDY])
        records = [found[key].last_completed_check_execution_record for key in (*sound, TIDY)]
    for event in made:
        assert event is not None
        assert event.asset_materialization is not None
        assert event.asset_materialization.metadata["rows"].value == 7
    assert [record.status.value if record else None for record in records] == [
        "SUCCEEDED",
        "FAILED" if unsound == "right" else "SUCCEEDED",
        "FAILED",
    ]
    assert result.success is (failure is None)
    for event in result.get_step_failure_events():
        own = event.step_failure_data.user_failure_data
        assert (own.description if own is not None else "by Dagster itself") == failure
