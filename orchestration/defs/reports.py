"""How a step that always does the whole tells Dagster so, when only a part of its assets was selected."""

from collections.abc import Iterable, Iterator

import dagster as dg

Made = dg.MaterializeResult[None]
Events = Iterator[Made | dg.AssetCheckResult]


def reported(context: dg.AssetExecutionContext, made: Iterable[Made], found: Iterable[dg.AssetCheckResult]) -> Events:
    """What was selected as results of the step, all else that it made and found as events of the run.

    Dagster fails the step where a selected blocking check does not pass; others fail it here, for nothing may stand on
    what they found. Raises dg.Failure that names them.
    """
    unsound = []
    for each in made:
        key = dg.AssetKey.from_coercible(each.asset_key or "")
        if key in context.selected_asset_keys:
            yield each
        else:
            context.log_event(dg.AssetMaterialization(key, metadata=each.metadata))
    for check in found:
        check_key = dg.AssetCheckKey(dg.AssetKey.from_coercible(check.asset_key or ""), check.check_name or "")
        if check_key in context.selected_asset_check_keys:
            yield check
        else:
            context.log_event(_evaluation(check_key, check))
            if not check.passed and context.assets_def.get_spec_for_check_key(check_key).blocking:
                unsound.append(f"{check_key.asset_key.to_user_string()} · {check_key.name}")
    if unsound:
        raise dg.Failure(f"Checks that block did not pass: {', '.join(unsound)}", allow_retries=False)


def _evaluation(key: dg.AssetCheckKey, found: dg.AssetCheckResult) -> dg.AssetCheckEvaluation:
    return dg.AssetCheckEvaluation(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=bool(found.passed),
        metadata=found.metadata,
        severity=found.severity,
        description=found.description,
    )
