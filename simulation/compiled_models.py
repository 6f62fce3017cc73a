"""Models of the warehouse as SQL that dbt compiled, run over and over on simulated rows without dbt in between."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from mingsuan.settings import Settings
from pipelines import warehouse
from pipelines.dbt_run import run_dbt
from simulation.planned import PlannedCustomer

REPURCHASE = ("int_repurchase_intervals", "mart_repurchase_curve", "mart_repurchase_intervals")
"""In the order in which they read each other."""
SCORECARD = "mart_channel_scorecard"
MODELS = (*REPURCHASE, SCORECARD)

_NEW = "attach ':memory:' as warehouse; use warehouse; create schema analytics; create schema meta;"
_REPURCHASE_INPUTS = """
create table meta.build_context (as_of_date date);
create table analytics.stg_shop__customers (customer_key bigint, acquisition_channel varchar);
create table analytics.int_order_items
    (customer_key bigint, category_slug varchar, ordered_date date, order_state varchar)
"""
_SCORECARD_INPUTS = """
create table meta.build_context (source_instant timestamp, timezone varchar);
create table analytics.dim_channels (channel_key varchar, code varchar, name varchar, supplier_name varchar);
create table analytics.fct_offer_prices (channel_key varchar, valid_from_at timestamp, change_share double);
create table analytics.fct_supplier_purchases (
    channel_key varchar, has_code boolean, is_defective boolean, was_written_off boolean, listed_fen bigint,
    cost_fen bigint, written_off_fen bigint, written_off_back_fen bigint, credited_fen bigint, seconds_to_end bigint,
    supplier_key varchar default 'any', is_ended boolean default true, replacement_fen bigint default 0,
    created_date date, seconds_to_money_back bigint,
    is_good boolean generated always as (has_code and not is_defective),
    unrecovered_fen bigint generated always as (written_off_fen - written_off_back_fen),
    borne_fen bigint generated always as
        (case when has_code then cost_fen else 0 end + written_off_fen - written_off_back_fen - credited_fen)
)
"""


@dataclass(frozen=True, slots=True)
class BoughtUnit:
    """One ended purchase from a channel, as the scorecard reads it; fen, and seconds until it ended."""

    channel_key: str
    has_code: bool
    is_defective: bool
    was_written_off: bool
    listed_fen: int
    cost_fen: int
    written_off_fen: int
    written_off_back_fen: int
    credited_fen: int
    seconds_to_end: int


class NotCompiledError(RuntimeError):
    """dbt could not compile the models."""


@dataclass(frozen=True)
class CompiledModels:
    """The SQL of each model of `MODELS`."""

    sql: Mapping[str, str]

    def repurchase(self, customers: Iterable[PlannedCustomer], as_of: date) -> duckdb.DuckDBPyConnection:
        """A warehouse in memory in which `REPURCHASE` was built from these customers' occasions alone."""
        connection = duckdb.connect()
        connection.execute(_NEW + _REPURCHASE_INPUTS)
        _fill_occasions(connection, list(customers), as_of)
        return self._built(connection, REPURCHASE)

    def scorecard(self, purchases: Sequence[BoughtUnit], on: date) -> duckdb.DuckDBPyConnection:
        """A warehouse in memory in which the channels' scorecard was built from these purchases, all of one day."""
        connection = duckdb.connect()
        connection.execute(_NEW + _SCORECARD_INPUTS)
        _fill_purchases(connection, purchases, on)
        return self._built(connection, (SCORECARD,))

    def _built(self, connection: duckdb.DuckDBPyConnection, models: Iterable[str]) -> duckdb.DuckDBPyConnection:
        for name in models:
            connection.execute(f"create table analytics.{name} as {self.sql[name]}")
        connection.execute("use warehouse.analytics")
        return connection


def compile_models(settings: Settings) -> CompiledModels:
    """Compile them as for an empty warehouse, in a folder of its own. Raises NotCompiledError with what dbt said."""
    with TemporaryDirectory() as folder:
        apart = settings.model_copy(update={"var": Path(folder), "warehouse": "duckdb"})
        with warehouse.owned(apart, "estimates"):
            outcome = run_dbt(apart, "compile", "--select", *MODELS)
        compiled = {result.name: Path(result.file) for result in outcome.results}
        if outcome.error is not None or not compiled.keys() >= set(MODELS):
            raise NotCompiledError(outcome.error or f"dbt compiled {sorted(compiled)} where {MODELS} were asked for")
        return CompiledModels({name: compiled[name].read_text(encoding="utf-8") for name in MODELS})


def _fill_occasions(connection: duckdb.DuckDBPyConnection, customers: list[PlannedCustomer], as_of: date) -> None:
    """Every occasion is an order that was delivered, of the category that the customer likes."""
    connection.execute(f"insert into meta.build_context values (date '{as_of}')")
    people = ", ".join(f"({one.number}, '{one.channel}')" for one in customers)
    connection.execute(f"insert into analytics.stg_shop__customers values {people}")
    orders = ", ".join(
        f"({one.number}, '{one.taste}', date '{day}', 'delivered')" for one in customers for day in one.occasions
    )
    connection.execute(f"insert into analytics.int_order_items values {orders}")


def _fill_purchases(connection: duckdb.DuckDBPyConnection, purchases: Sequence[BoughtUnit], on: date) -> None:
    connection.execute("insert into meta.build_context values (?, 'UTC')", [datetime.combine(on, time(12))])
    names = [field.name for field in fields(BoughtUnit)]
    columns = [[getattr(one, name) for one in purchases] for name in names]
    connection.execute(
        f"insert into analytics.fct_supplier_purchases ({', '.join(names)})"
        f" select {', '.join(['unnest(?)'] * len(names))}",
        columns,
    )
    connection.execute("update analytics.fct_supplier_purchases set created_date = ?", [on])
    connection.execute(
        "insert into analytics.dim_channels"
        " select distinct channel_key, channel_key, channel_key, 'any' from analytics.fct_supplier_purchases"
    )
