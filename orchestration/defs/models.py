"""The dbt models as assets and their tests as asset checks: one step that builds as `mingsuan build` does.

Lineage comes from dbt's manifest, results from the build, so nothing about a model is written down twice.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtProject, dbt_assets

from orchestration.defs.resources import Shop, progress
from orchestration.defs.stewardship import (
    ANALYTICS,
    FOLLOWS_THE_SHOP,
    NIGHTLY,
    OPERATIONS,
    RAW,
    freshness_of,
    group_of,
    owners_of,
)
from pipelines import warehouse
from pipelines.build import build
from pipelines.computed import COMPUTATIONS, SCHEMA, When
from pipelines.dbt_run import NodeResult

UNIQUE_ID = "dagster_dbt/unique_id"
BUILD_CONTEXT = dg.AssetSpec(
    ["meta", "build_context"],
    group_name=RAW,
    owners=[OPERATIONS],
    kinds={"duckdb"},
    freshness_policy=FOLLOWS_THE_SHOP,
    description="One row: source instant, as-of date, zone and currency of a build. Written by the build itself.",
)
COMPUTED = [
    dg.AssetSpec(
        [SCHEMA, table],
        group_name=SCHEMA,
        owners=[ANALYTICS],
        kinds={"python", "duckdb"},
        freshness_policy=NIGHTLY if computation.when is When.NIGHTLY else FOLLOWS_THE_SHOP,
        description=f"Computed in Python, {computation.when.value}, by the build itself.",
    )
    for computation in COMPUTATIONS
    for table in computation.tables
]
Events = Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]


class BuildConfig(dg.Config):
    """How to build: `full_refresh` makes incremental models from the start, `nightly` computes what is slow again."""

    full_refresh: bool = False
    nightly: bool = False


class Translator(DagsterDbtTranslator):
    """The shop's tables are the ingested assets `raw/<table>`; models go by their names, grouped by layer."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        name = dbt_resource_props["name"]
        if dbt_resource_props["resource_type"] != "source":
            return dg.AssetKey(name)
        source = dbt_resource_props["source_name"]
        return dg.AssetKey(["raw" if source == "shop" else source, name])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        return group_of(dbt_resource_props["fqn"])

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        return owners_of(dbt_resource_props["fqn"])

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> dg.AssetSpec:
        spec = super().get_asset_spec(manifest, unique_id, project)
        fqn = self.get_resource_props(manifest, unique_id)["fqn"]
        return spec.replace_attributes(freshness_policy=freshness_of(fqn))


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
            result = build(
                settings,
                full_refresh=config.full_refresh,
                nightly=config.nightly,
                progress=progress(context.log),
            )
        outcomes = {node.unique_id: node for node in result.nodes}
        _report_what_the_build_wrote(context, outcomes)
        yield from _materialized(context, outcomes)
        yield from _checked(context, outcomes)
        if not result.publishable:
            raise dg.Failure(description=result.summary(), allow_retries=False)
        context.log.info(result.summary())

    return build_models


def _report_what_the_build_wrote(context: dg.AssetExecutionContext, outcomes: Mapping[str, NodeResult]) -> None:
    """Of what the build makes beside the models, so that its freshness is known too."""
    written = [BUILD_CONTEXT.key]
    for computation in COMPUTATIONS:
        outcome = outcomes.get(f"computation.{computation.name}")
        if outcome is not None and outcome.status == "success":
            written += [dg.AssetKey([SCHEMA, table]) for table in computation.tables]
    for key in written:
        context.log_event(dg.AssetMaterialization(key))


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
