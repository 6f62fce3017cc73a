"""What a build must know beside the shop's tables: the source instant, the as-of date, zone and currency.

Written to `meta.build_context` before each build, so that models read it as a table and parsing stays cached.
"""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from mingsuan import clock
from mingsuan.settings import Settings

SIMULATED_SOURCE = "simulation"


class NothingIngestedError(RuntimeError):
    """The warehouse has no batch of the shop yet, so there is nothing to build."""


class AsOfDateError(ValueError):
    """The date lies after the source: nobody knows yet who buys again until then."""


@dataclass(frozen=True)
class BuildContext:
    """The one row of `meta.build_context`."""

    as_of_date: date
    source_instant: datetime
    batch_id: int
    currency: str
    timezone: str
    simulated: bool


def write_context(warehouse: duckdb.DuckDBPyConnection, settings: Settings) -> BuildContext:
    """Read the last batch and the shop's profile and leave them for the models.

    `built_batch_id`, the batch up to which the models were built before, is left empty: `increments` knows.
    """
    context = _context(warehouse, settings)
    warehouse.execute("create schema if not exists meta")
    warehouse.execute(
        "create or replace table meta.build_context"
        " (as_of_date date, source_instant timestamptz, batch_id bigint, currency varchar, timezone varchar,"
        " simulated boolean, built_batch_id bigint)"
    )
    warehouse.execute(
        "insert into meta.build_context values (?, ?, ?, ?, ?, ?, null)",
        [
            context.as_of_date,
            context.source_instant,
            context.batch_id,
            context.currency,
            context.timezone,
            context.simulated,
        ],
    )
    return context


def _context(warehouse: duckdb.DuckDBPyConnection, settings: Settings) -> BuildContext:
    try:
        batch = warehouse.execute(
            "select batch_id, source_instant from ingest.batch order by batch_id desc limit 1"
        ).fetchone()
    except duckdb.CatalogException:
        batch = None
    if batch is None:
        raise NothingIngestedError("the warehouse is empty: run `mingsuan ingest` or `mingsuan refresh` first")
    profile = warehouse.execute("select currency, timezone from raw_current.shop_profile").fetchone()
    currency, timezone = profile or (settings.currency, settings.timezone)
    simulated = warehouse.execute(
        "select exists (select 1 from raw_current.orders where source = ?)", [SIMULATED_SOURCE]
    ).fetchone()
    return BuildContext(
        as_of_date=as_of_date(settings, batch[1], ZoneInfo(timezone)),
        source_instant=batch[1],
        batch_id=batch[0],
        currency=currency,
        timezone=timezone,
        simulated=bool(simulated and simulated[0]),
    )


def as_of_date(settings: Settings, source_instant: datetime, zone: ZoneInfo) -> date:
    """The setting, else the date that `remember_as_of` keeps, else the business date of the source instant.

    Raises AsOfDateError when the chosen date lies after that of the source instant.
    """
    kept, latest = _as_of_file(settings), clock.business_date(source_instant, zone)
    chosen = settings.as_of_date
    if chosen is None and kept.exists():
        chosen = date.fromisoformat(kept.read_text().strip())
    if chosen is not None and chosen > latest:
        raise AsOfDateError(
            f"as-of date {chosen} lies after the source's date, {latest}: unset MINGSUAN_AS_OF_DATE or"
            " `mingsuan refresh --as-of today`"
        )
    return chosen or latest


def remember_as_of(settings: Settings, as_of: str) -> None:
    """Keep an as-of date for this and later builds; `today` releases it.

    Raises ValueError when it is no date or lies in the future, or when the setting MINGSUAN_AS_OF_DATE says otherwise.
    """
    released = as_of == "today"
    try:
        wanted = None if released else date.fromisoformat(as_of)
    except ValueError:
        raise ValueError(f"as-of date {as_of!r} is neither a date such as 2026-06-30 nor 'today'") from None
    if settings.as_of_date is not None and wanted != settings.as_of_date:
        raise ValueError(
            f"MINGSUAN_AS_OF_DATE fixes the as-of date at {settings.as_of_date}; unset it to choose {as_of}"
        )
    if wanted is not None and wanted > clock.business_date(clock.now(), settings.zone):
        raise AsOfDateError(f"as-of date {wanted} lies in the future: nobody knows yet who buys again until then")
    kept = _as_of_file(settings)
    if wanted is None:
        kept.unlink(missing_ok=True)
    else:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(f"{wanted.isoformat()}\n")


def _as_of_file(settings: Settings) -> Path:
    return settings.warehouse_file.parent / "as_of_date"
