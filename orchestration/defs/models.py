"""The dbt models as assets and their tests as asset checks: one step that builds as `mingsuan build` does.

Lineage comes from dbt's manifest, results from the build, so nothing about a model is written down twice.
"""

import sys
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtProject, dbt_assets

from orchestration import model_tests
from orchestration.defs.reports import Events, reported
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
from pipelines.computed import COMPUTATIONS, SCHEMA, Computation, When
from pipelines.dbt_run import NodeResult

UNIQUE_ID = "dagster_dbt/unique_id"
BUILD_CONTEXT = dg.AssetSpec(
    ["meta", "build_context"],
    group_name=RAW,
    owners=[OPERATIONS],
    kinds={"duckdb"},
    freshness_policy=FOLLOWS_THE_SHOP,
    description="One row: source instant, as-of date, zone and currency of a build. Written by the build itself:"
    " materialize any model.",
)


def _told(computation: Computation) -> str:
    """The first sentence of the module that computes it, and how to have it computed again."""
    what = " ".join((sys.modules[computation.compute.__module__].__doc__ or "").split()).partition(". ")[0]
    how = {
        When.EVERY_BUILD: "by every build: materialize any model.",
        When.NIGHTLY: "each night, or when it is missing: launch the job `rebuild`.",
    }
    return f"{what.rstrip('.')}. Computed in Python {how[computation.when]}"


COMPUTED = [
    dg.AssetSpec(
        [SCHEMA, table],
        group_name=SCHEMA,
        owners=[ANALYTICS],
        kinds={"python", "duckdb"},
        freshness_policy=NIGHTLY if computation.when is When.NIGHTLY else FOLLOWS_THE_SHOP,
        description=_told(computation),
    )
    for computation in COMPUTATIONS
    for table in computation.tables
]


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

    def get_asset_check_spec(
        self, asset_spec: dg.AssetSpec, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetCheckSpec | None:
        """Asked of every parent of a test; one of them shows it."""
        test, parents = manifest["nodes"][unique_id], manifest["parent_map"][unique_id]
        home = model_tests.home_of(test, parents)
        if home is None or self.get_asset_spec(manifest, home, project).key != asset_spec.key:
            return None
        beside = {self.get_asset_spec(manifest, parent, project).key for parent in parents} - {asset_spec.key}
        return dg.AssetCheckSpec(
            model_tests.name_of(test),
            asset=asset_spec.key,
            description=model_tests.sentence(test),
            additional_deps=sorted(beside),
            metadata={UNIQUE_ID: unique_id, "test": test["name"]},
            blocking=(test["config"].get("severity") or "error").lower() == "error",
        )


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
        made, found = _materialized(build_models, outcomes), _checked(build_models, outcomes)
        yield from reported(context, [*made, *map(dg.MaterializeResult, _beside(outcomes))], found)
        if not result.publishable:
            raise dg.Failure(description=result.summary(), allow_retries=False)
        context.log.info(result.summary())

    return build_models


def _beside(outcomes: Mapping[str, NodeResult]) -> Iterator[dg.AssetKey]:
    """What the build makes beside the models; reported so that its freshness is known too."""
    yield BUILD_CONTEXT.key
    for computation in COMPUTATIONS:
        outcome = outcomes.get(f"computation.{computation.name}")
        if outcome is not None and outcome.status == "success":
            yield from (dg.AssetKey([SCHEMA, table]) for table in computation.tables)


def _materialized(
    models: dg.AssetsDefinition, outcomes: Mapping[str, NodeResult]
) -> Iterator[dg.MaterializeResult[None]]:
    keys = {spec.metadata[UNIQUE_ID]: spec.key for spec in models.specs}
    for unique_id, outcome in outcomes.items():
        if unique_id in keys and outcome.status == "success":
            metadata = {"seconds": round(outcome.seconds, 3), "relation": outcome.relation}
            yield dg.MaterializeResult(asset_key=keys[unique_id], metadata=metadata)


def _checked(models: dg.AssetsDefinition, outcomes: Mapping[str, NodeResult]) -> Iterator[dg.AssetCheckResult]:
    for spec in models.check_specs:
        outcome = outcomes.get((spec.metadata or {}).get(UNIQUE_ID, ""))
        if outcome is None or outcome.status == "skipped":
            continue
        yield dg.AssetCheckResult(
            asset_key=spec.asset_key,
            check_name=spec.name,
            passed=outcome.status == "pass",
            severity=dg.AssetCheckSeverity.WARN if outcome.status == "warn" else dg.AssetCheckSeverity.ERROR,
            description=outcome.message or None,
            metadata={"failing_rows": outcome.failures or 0, "test": outcome.name},
        )
