"""The published version, after all models, and whether it is as new as its readers expect."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import dagster as dg

from mingsuan import clock, snapshot
from orchestration.defs.ingest import TABLE_COUNT
from orchestration.defs.resources import Shop, progress
from orchestration.defs.stewardship import FOLLOWS_THE_SHOP, OPERATIONS, PUBLISHED
from pipelines.publish import NotPublishableError, publish

KEY = dg.AssetKey("published")
FRESH = timedelta(hours=1)  # four missed refreshes


def published(models: Sequence[dg.AssetKey]) -> dg.AssetsDefinition:
    """The asset that depends on every model, since a version holds all of them."""

    @dg.asset(
        key=KEY,
        deps=[*models, TABLE_COUNT],
        group_name=PUBLISHED,
        owners=[OPERATIONS],
        freshness_policy=FOLLOWS_THE_SHOP,
        kinds={"duckdb", "parquet"},
        description="The version that dashboards read. Refused unless every blocking test of the last build passed;"
        " then `current` is moved to it in one step.",
    )
    def publish_version(context: dg.AssetExecutionContext, shop: Shop) -> dg.MaterializeResult[None]:
        try:
            version = publish(shop.settings(), progress=progress(context.log))
        except NotPublishableError as error:
            raise dg.Failure(description=str(error), allow_retries=False) from None
        manifest = version.manifest
        return dg.MaterializeResult(
            metadata={
                "version": version.name,
                "folder": dg.MetadataValue.path(str(version.folder)),
                "source_instant": str(manifest["source_instant"]),
                "as_of_date": str(manifest["as_of_date"]),
                "tests": dg.MetadataValue.json(manifest["tests"]),
                "row_counts": dg.MetadataValue.json(manifest["row_counts"]),
            }
        )

    return publish_version


@dg.asset_check(asset=KEY, description=f"The published version shows the shop of less than {FRESH} ago.")
def snapshot_is_fresh(shop: Shop) -> dg.AssetCheckResult:
    """Age of the source instant that readers see."""
    folder = snapshot.resolve(shop.settings())
    source_instant = datetime.fromisoformat(snapshot.manifest(folder)["source_instant"])
    age = clock.now() - source_instant
    return dg.AssetCheckResult(
        passed=age <= FRESH,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"version": folder.name, "age_s": age.total_seconds()},
    )
