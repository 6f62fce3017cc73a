"""The warehouse's own models of repurchase as SQL that dbt compiled, run over and over without dbt in between."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from mingsuan.settings import Settings
from pipelines import warehouse
from pipelines.dbt_run import run_dbt
from simulation.planned import PlannedCustomer

MODELS = ("int_repurchase_intervals", "mart_repurchase_curve", "mart_repurchase_intervals")
"""In the order in which they read each other."""

_INPUTS = """
create schema analytics; create schema meta;
create table meta.build_context (as_of_date date);
create table analytics.stg_shop__customers (customer_key bigint, acquisition_channel varchar);
create table analytics.int_order_items
    (customer_key bigint, category_slug varchar, ordered_date date, order_state varchar)
"""


class NotCompiledError(RuntimeError):
    """dbt could not compile the models."""


@dataclass(frozen=True)
class RepurchaseModels:
    """The SQL of each model of `MODELS`."""

    sql: tuple[str, ...]

    def figures(self, customers: Iterable[PlannedCustomer], as_of: date) -> duckdb.DuckDBPyConnection:
        """A warehouse in memory in which the models were built from these customers' occasions alone."""
        connection = duckdb.connect()
        connection.execute("attach ':memory:' as warehouse; use warehouse;" + _INPUTS)
        _fill(connection, list(customers), as_of)
        for name, sql in zip(MODELS, self.sql, strict=True):
            connection.execute(f"create table analytics.{name} as {sql}")
        connection.execute("use warehouse.analytics")
        return connection


def compile_models(settings: Settings) -> RepurchaseModels:
    """Compile them as for an empty warehouse, in a folder of its own. Raises NotCompiledError with what dbt said."""
    with TemporaryDirectory() as folder:
        apart = settings.model_copy(update={"var": Path(folder), "warehouse": "duckdb"})
        with warehouse.owned(apart, "estimates"):
            outcome = run_dbt(apart, "compile", "--select", *MODELS)
        compiled = {result.name: Path(result.file) for result in outcome.results}
        if outcome.error is not None or not compiled.keys() >= set(MODELS):
            raise NotCompiledError(outcome.error or f"dbt compiled {sorted(compiled)} where {MODELS} were asked for")
        return RepurchaseModels(tuple(compiled[name].read_text(encoding="utf-8") for name in MODELS))


def _fill(connection: duckdb.DuckDBPyConnection, customers: list[PlannedCustomer], as_of: date) -> None:
    """Every occasion is an order that was delivered, of the category that the customer likes."""
    connection.execute(f"insert into meta.build_context values (date '{as_of}')")
    people = ", ".join(f"({one.number}, '{one.channel}')" for one in customers)
    connection.execute(f"insert into analytics.stg_shop__customers values {people}")
    orders = ", ".join(
        f"({one.number}, '{one.taste}', date '{day}', 'delivered')" for one in customers for day in one.occasions
    )
    connection.execute(f"insert into analytics.int_order_items values {orders}")
