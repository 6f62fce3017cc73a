"""A simulated past for an empty shop, up to yesterday: `simulate` plans it, writes it and keeps its truth."""

import asyncio
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg

from mingsuan import clock
from mingsuan.clock import business_date
from mingsuan.progress import Progress, silent
from mingsuan.settings import Settings
from simulation.plan import plan_history
from simulation.shop_rows import SOURCE, ShopRows
from simulation.truth import keep_truth, truth_of
from transactional.bulk_copy import Connection
from transactional.cards.vault import Vault, open_vault
from transactional.db import engine, reading
from transactional.orders.history_import import wait_for_writers
from transactional.profile_row import OtherCurrencyError, fix_profile

CUSTOMERS = 6000
SEED = 20260101
DAYS = 180


class NotEmptyShopError(RuntimeError):
    """The shop has goods or orders of its own, which a simulated history must not be mixed with."""


@dataclass(frozen=True, slots=True)
class SimulatedHistory:
    """What was added: no orders when the shop had its simulated history already. Seconds include the planning."""

    orders: int
    seconds: float
    truth_file: Path

    @property
    def orders_per_minute(self) -> int:
        return round(self.orders / self.seconds * 60) if self.seconds else 0


def truth_file(settings: Settings) -> Path:
    """Where the truth about the simulated history is kept."""
    return settings.var / "simulation" / "truth.json"


def simulate(
    app_url: str,
    settings: Settings,
    *,
    seed: int = SEED,
    days: int = DAYS,
    customers: int = CUSTOMERS,
    progress: Progress = silent,
) -> SimulatedHistory:
    """Give an empty shop `days` business dates of history up to yesterday, marked by source 'simulation'.

    Does nothing when the shop has one. Raises NotEmptyShopError when it has goods or orders of its own, or keeps
    its accounts in another currency than that of the settings.
    """
    started = time.perf_counter()
    vault = asyncio.run(_vault(app_url, settings))
    with psycopg.connect(app_url) as connection:
        wait_for_writers(connection, progress)
        if _is_simulated(connection):
            progress("this shop has its simulated history already; nothing was added")
            return SimulatedHistory(0, time.perf_counter() - started, truth_file(settings))
        _refuse_real_shop(connection)
        try:
            zone = ZoneInfo(fix_profile(connection, settings.currency, settings.timezone))
        except OtherCurrencyError as error:
            raise NotEmptyShopError(str(error)) from None
        progress(f"simulating {customers:,} customers over {days} days, seed {seed}")
        last = business_date(clock.now(), zone) - timedelta(days=1)
        plan = plan_history(seed, last, days, customers, zone)
        ShopRows(connection, plan, vault, progress).write()
        keep_truth(truth_file(settings), truth_of(plan))
    done = SimulatedHistory(len(plan.shopped.orders), time.perf_counter() - started, truth_file(settings))
    rate = f"{done.orders_per_minute:,} a minute"
    progress(f"simulated {done.orders:,} orders in {done.seconds:.1f} s ({rate}); truth kept in {done.truth_file}")
    return done


async def _vault(app_url: str, settings: Settings) -> Vault:
    source = engine(app_url)
    try:
        async with reading(source) as session:
            return await open_vault(session, settings)
    finally:
        await source.dispose()


def _is_simulated(connection: Connection) -> bool:
    found = connection.execute("select from shop.orders where source = %s limit 1", (SOURCE,)).fetchone()
    return found is not None


def _refuse_real_shop(connection: Connection) -> None:
    for table in ("orders", "product", "category"):
        if connection.execute(f"select from shop.{table} limit 1").fetchone() is not None:
            raise NotEmptyShopError(
                "this shop has goods or orders of its own; a simulated history is only for an empty shop"
                " (another folder in MINGSUAN_VAR, or another database)"
            )
