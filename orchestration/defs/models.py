"""The dbt models as assets and their tests as asset checks: one step that builds as `mingsuan build` does.

Lineage comes from dbt's manifest, results from the build, so nothing about a model is written down twice.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, dbt_assets

from orchestration.defs.resources import Shop, progress
from pipelines import warehouse
from pipelines.build import build
from pipelines.computed import COMPUTATIONS, SCHEMA
from pipelines.dbt_run import NodeResult

OWNERS = ["team:operations"]
UNIQUE_ID = "dagster_dbt/unique_id"
BUILD_CONTEXT = dg.AssetSpec(
    ["meta", "build_context"],
    group_name="raw",
    owners=OWNERS,
    kinds={"duckdb"},
    description="One row: source instant, as-of date, zone and currency of a build. Written by the build itself.",
)
COMPUTED = [
    dg.AssetSpec(
        [SCHEMA, table],
        group_name=SCHEMA,
        owners=OWNERS,
        kinds={"python", "duckdb"},
        description=f"Computed in Python, {computation.when.value}, by the build itself.",
    )
    for computation in COMPUTATIONS
    for table in computation.tables
]
Events = Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]


class BuildConfig(dg.Config):
    """How to build."""

    full_refresh: bool = False


class Translator(DagsterDbtTranslator):
    """The shop's tables are the ingested assets `raw/<table>`; models go by their names, grouped by layer."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        name = dbt_resource_props["name"]
        if dbt_resource_props["resource_type"] != "source":
            return dg.AssetKey(name)
        source = dbt_resource_props["source_name"]
        return dg.AssetKey(["raw" if source == "shop" else source, name])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        return str(dbt_resource_props["fqn"][1])

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:  # noqa: ARG002
        return OWNERS


def models(manifest: Mapping[str, Any]) -> dg.AssetsDefinition:
    """The one step that builds and tests every model of the manifest."""

    @dbt_assets(
        manifest=manifest,
        name="models",
        dagster_dbt_translator=Translator(DagsterDbtTranslatorSettings(enable_source_tests_as_checks=True)),
    )
    def build_models(context: dg.AssetExecutionContext, config: BuildConfig, shop: Shop) -> Events:
        settings = shop.settings()
        with warehouse.owned(settings, "Dagster: build", progress(context.log)):
            result = build(settings, full_refresh=config.full_refresh, progress=progress(context.log))
        outcomes = {node.unique_id: node for node in result.nodes}
        yield from _materialized(context, outcomes)
        yield from _checked(context, outcomes)
        if not result.publishable:
            raise dg.Failure(description=result.summary(), allow_retries=False)
        context.log.info(result.summary())

    return build_models


def _materialized(context: dg.AssetExecutionContext, outcomes: Mapping[str, NodeResult]) -> Events:
    specs = context.assets_def.specs_by_key
    keys = {specs[key].metadata[UNIQUE_ID]: key for key in context.selected_asset_keys}
    for unique_id, outcome in outcomes.items():
        if unique_id in keys and outcome.status == "success":
            metadata = {"seconds": round(outcome.seconds, 3), "relation": outcome.relation}
            yield dg.MaterializeResult(asset_key=keys[unique_id], metadata=metadata)


def _checked(context: dg.AssetExecutionContext, outcomes: Mapping[str, NodeResult]) -> Events:
    for spec in context.assets_def.check_specs:
        outcome = outcomes.get((spec.metadata or {}).get(UNIQUE_ID, ""))
        if spec.key not in context.selected_asset_check_keys or outcome is None or outcome.status == "skipped":
            continue
        yield dg.AssetCheckResult(
            asset_key=spec.asset_key,
            check_name=spec.name,
            passed=outcome.status == "pass",
            severity=dg.AssetCheckSeverity.WARN if outcome.status == "warn" else dg.AssetCheckSeverity.ERROR,
            metadata={"failures": outcome.failures or 0, "message": outcome.message or ""},
        )
