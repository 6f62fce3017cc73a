"""The shop's tables in the warehouse: one step, because one batch holds all of them as of one instant."""

from collections.abc import Sequence

import dagster as dg

from mingsuan.settings import Settings
from orchestration.defs.reports import Events, reported
from orchestration.defs.resources import Shop, progress
from orchestration.defs.retries import tried_again
from orchestration.defs.stewardship import FOLLOWS_THE_SHOP, OPERATIONS, RAW
from pipelines import warehouse
from pipelines.attempt import record_attempt
from pipelines.bookkeeping import TableCount
from pipelines.ingest import ingest

TABLE_COUNT = dg.AssetKey(["ingest", "table_count"])
SAME_ROWS = "same_rows_as_source"
OPEN_TRANSACTION = "oldest_open_transaction"
OPEN_TRANSACTION_LIMIT_S = 300.0


class IngestConfig(dg.Config):
    """How to ingest: `resync` reads everything again and reconciles, as after a restore of the source."""

    resync: bool = False


def raw(tables: Sequence[str]) -> dg.AssetsDefinition:
    """The step that brings every change of these tables into the warehouse, whichever of them were selected."""
    specs = [
        dg.AssetSpec(
            _key(table),
            group_name=RAW,
            owners=[OPERATIONS],
            freshness_policy=FOLLOWS_THE_SHOP,
            kinds={"postgres", "duckdb"},
            description=f"Every version of each row of shop.{table} (`raw.{table}`), and the latest"
            f" (`raw_current.{table}`), as of the batch's instant.",
            skippable=True,
        )
        for table in tables
    ]
    bookkeeping = dg.AssetSpec(
        TABLE_COUNT,
        group_name=RAW,
        owners=[OPERATIONS],
        freshness_policy=FOLLOWS_THE_SHOP,
        kinds={"duckdb"},
        description="Rows of each table in the source and in the warehouse, by batch.",
        skippable=True,
    )
    checks = [
        *(dg.AssetCheckSpec(SAME_ROWS, asset=_key(table), blocking=True, description=_SAME_ROWS) for table in tables),
        dg.AssetCheckSpec(OPEN_TRANSACTION, asset=TABLE_COUNT, description=_OPEN_TRANSACTION),
    ]

    @dg.multi_asset(name="raw", specs=[*specs, bookkeeping], check_specs=checks, can_subset=True)
    def ingest_shop(context: dg.AssetExecutionContext, config: IngestConfig, shop: Shop) -> Events:
        settings, tell = shop.settings(), progress(context.log)
        with tried_again(context), shop.reader_url() as reader_url, warehouse.owned(settings, "Dagster: ingest", tell):
            try:
                batch = ingest(settings, reader_url, resync=config.resync, progress=tell)
            except Exception as error:
                record_attempt(settings, source_instant=None, version=None, error=str(error), tests=())
                raise
            counts = _counts(settings, batch.batch_id)
        context.log.info(batch.summary())
        made = [_materialized(count, batch.batch_id) for count in counts]
        made.append(
            dg.MaterializeResult(asset_key=TABLE_COUNT, metadata={"batch": batch.batch_id, "rows": batch.row_count})
        )
        found = [_compared(count) for count in counts]
        yield from reported(context, made, [*found, _open_transaction(batch.state.oldest_transaction_age_s)])

    return ingest_shop


_SAME_ROWS = "`raw_current` has as many rows as the source had at the batch's instant."
_OPEN_TRANSACTION = (
    f"No transaction was open longer than {OPEN_TRANSACTION_LIMIT_S:.0f} s; an old one makes every batch look back"
    " to its start."
)


def _key(table: str) -> dg.AssetKey:
    return dg.AssetKey(["raw", table])


def _counts(settings: Settings, batch_id: int) -> list[TableCount]:
    with warehouse.connect(settings) as connection:
        rows = connection.execute(
            "select table_name, source_rows, raw_current_rows, raw_versions, new_rows from ingest.table_count"
            " where batch_id = ? order by table_name",
            [batch_id],
        ).fetchall()
    return [TableCount(*row) for row in rows]


def _materialized(count: TableCount, batch_id: int) -> dg.MaterializeResult[None]:
    metadata = {
        "dagster/row_count": count.raw_current_rows,
        "new_rows": count.new_rows,
        "row_versions": count.raw_versions,
        "batch": batch_id,
    }
    return dg.MaterializeResult(asset_key=_key(count.table), metadata=metadata)


def _compared(count: TableCount) -> dg.AssetCheckResult:
    """Large tables are not counted in every batch; then there is nothing to compare with."""
    counted = count.source_rows is not None
    return dg.AssetCheckResult(
        asset_key=_key(count.table),
        check_name=SAME_ROWS,
        passed=not counted or count.source_rows == count.raw_current_rows,
        metadata={
            "source_rows": count.source_rows if count.source_rows is not None else "not counted in this batch",
            "raw_current_rows": count.raw_current_rows,
        },
    )


def _open_transaction(age_s: float | None) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=TABLE_COUNT,
        check_name=OPEN_TRANSACTION,
        passed=(age_s or 0.0) <= OPEN_TRANSACTION_LIMIT_S,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"age_s": age_s or 0.0},
    )
