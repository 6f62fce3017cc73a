"""Questions in the declared words become one SQL statement for a published version.

Names come from the declaration alone and values are bound, so a question cannot say anything else than it asks.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from mingsuan.semantics.declared import Condition, Dimension, Measure, Metric, Semantics, SemanticsError, SemanticTable

Grain = Literal["day", "week", "month", "quarter", "year"]
TIME = "metric_time"
"""The column with the first day of each grain; weeks begin on Monday."""

_AGGREGATES = {"sum": "cast(sum({}) as bigint)", "count_distinct": "count(distinct {})"}


@dataclass(frozen=True)
class Filter:
    """Rows whose dimension has one of the values, or none of them. None is among values what is not known."""

    dimension: str
    values: tuple[object, ...]
    exclude: bool = False


@dataclass(frozen=True)
class Question:
    """Metrics, by dimensions and by time. `period` has its first and last business date, both included."""

    metrics: tuple[str, ...]
    by: tuple[str, ...] = ()
    grain: Grain | None = None
    period: tuple[date, date] | None = None
    where: tuple[Filter, ...] = ()


@dataclass(frozen=True)
class Compiled:
    """A SELECT with the values for its placeholders. Columns: metric_time with a grain, dimensions, metrics.

    Rows are in the order of time and dimensions. A metric is null where nothing of it is known.
    """

    sql: str
    parameters: tuple[object, ...]


def compiled(semantics: Semantics, question: Question) -> Compiled:
    """The question as SQL on the published tables' bare names.

    A quotient is that of two sums, never a mean of quotients. Metrics of several tables are each summed in their own
    table and then put side by side. Raises SemanticsError for what is not declared or cannot be cut so.
    """
    metrics = _checked(semantics, question)
    needed = {measure.name: table.name for metric in metrics for measure, table in semantics.measures_of(metric)}
    tables = [table for table in semantics.tables if table.name in needed.values()]
    ctes, parameters = [], list[object]()
    for table in tables:
        sql, bound = _summed(semantics, table, [m for m in table.measures if m.name in needed], question)
        ctes.append(f"{table.name} as (\n{sql}\n)")
        parameters += bound
    groups = [*([TIME] if question.grain else []), *question.by]
    columns = [*groups, *(f"{_value(semantics, metric)} as {metric.name}" for metric in metrics)]
    sources = "\n    union all by name\n".join(f"    select * from {table.name}" for table in tables)
    order = f"\norder by {', '.join(f'{group} nulls last' for group in groups)}" if groups else ""
    grouped = f"\ngroup by {', '.join(groups)}" if groups else ""
    sql = f"with {', '.join(ctes)}\nselect\n    {_lines(columns)}\nfrom (\n{sources}\n){grouped}{order}"
    return Compiled(sql, tuple(parameters))


def _checked(semantics: Semantics, question: Question) -> list[Metric]:
    if not question.metrics:
        raise SemanticsError("a question names at least one metric")
    if question.grain is not None and question.grain not in get_args(Grain):
        raise SemanticsError(f"{question.grain!r} is no grain; there are {', '.join(get_args(Grain))}")
    asked = [*question.metrics, *question.by]
    if twice := sorted({name for name in asked if asked.count(name) > 1}):
        raise SemanticsError(f"named twice: {', '.join(twice)}")
    metrics = [semantics.metric(name) for name in question.metrics]
    for metric in metrics:
        allowed = semantics.dimensions_for(metric)
        for name in (*question.by, *(chosen.dimension for chosen in question.where)):
            if name not in allowed:
                raise SemanticsError(f"{metric.name!r} cannot be cut by {name!r}; {_instead(name, allowed)}")
    return metrics


def _instead(name: str, allowed: Collection[str]) -> str:
    """What to ask by; a shared dimension needs no entity in front of its name."""
    bare = name.rpartition("__")[2]
    if bare != name and bare in allowed:
        return f"that is called {bare!r}"
    return f"it can be by {', '.join(sorted(allowed))}" if allowed else "only by time"


def _summed(
    semantics: Semantics, table: SemanticTable, measures: Sequence[Measure], question: Question
) -> tuple[str, list[object]]:
    """One table's measures in the groups of the question, with the values that it binds."""
    reached = semantics.dimensions_of(table)
    names = (*question.by, *(chosen.dimension for chosen in question.where))
    joins = dict.fromkeys(entity for entity, _ in (reached[name] for name in names) if entity)
    groups = {name: _column(reached[name]) for name in question.by}
    if question.grain:
        groups = {TIME: f"cast(date_trunc('{question.grain}', facts.{table.time_column}) as date)", **groups}
    columns = [f"{column} as {name}" for name, column in groups.items()]
    columns += [f"{_aggregate(measure)} as {measure.name}" for measure in measures]
    lines = [f"    select\n    {_lines(columns)}", f"    from {table.table} as facts"]
    lines += [_join(semantics, table, entity) for entity in joins]
    conditions, bound = _conditions(question, table, {name: _column(reached[name]) for name in names})
    if conditions:
        lines.append("    where " + "\n        and ".join(conditions))
    if groups:
        lines.append(f"    group by {', '.join(groups.values())}")
    return "\n".join(lines), bound


def _aggregate(measure: Measure) -> str:
    column = f"facts.{measure.column}"
    if measure.only is not None:
        column = f"case when {_met(measure.only)} then {column} end"
    return _AGGREGATES[measure.aggregation].format(column)


def _met(only: Condition) -> str:
    negated = "not " if only.exclude else ""
    words = ", ".join(f"'{word}'" for word in only.words)
    return f"facts.{only.column} {negated}in ({words})" if words else f"{negated}facts.{only.column}"


def _conditions(question: Question, table: SemanticTable, columns: dict[str, str]) -> tuple[list[str], list[object]]:
    conditions, bound = list[str](), list[object]()
    if question.period is not None:
        conditions.append(f"facts.{table.time_column} between ? and ?")
        bound += question.period
    for chosen in question.where:
        column = columns[chosen.dimension]
        values = [value for value in chosen.values if value is not None]
        among = f"coalesce({column} in ({', '.join('?' * len(values))}), false)" if values else "false"
        unknown = f" or {column} is null" if None in chosen.values else ""
        conditions.append(f"{'not ' if chosen.exclude else ''}({among}{unknown})")
        bound += values
    return conditions, bound


def _join(semantics: Semantics, table: SemanticTable, entity: str) -> str:
    described = semantics.describing(entity)
    key = described.entities[entity]
    return f"    left join {described.table} as {entity} on facts.{table.entities[entity]} = {entity}.{key}"


def _column(reached: tuple[str | None, Dimension]) -> str:
    entity, dimension = reached
    return f"{entity or 'facts'}.{dimension.column}"


def _value(semantics: Semantics, metric: Metric) -> str:
    """A metric over the groups that the tables were summed into: at most one row of each has its measure."""
    if metric.measure is not None:
        (measure, _), *_ = semantics.measures_of(metric)
        value = f"any_value({measure.name})"
        return f"coalesce({value}, 0)" if measure.aggregation == "count_distinct" else value
    part, whole = (_value(semantics, semantics.metric(name or "")) for name in (metric.numerator, metric.denominator))
    quotient = f"cast({part} as double) / nullif(cast({whole} as double), 0)"
    return f"case when {part} between 0 and {whole} then {quotient} end" if metric.unit == "share" else quotient


def _lines(columns: Sequence[str]) -> str:
    return ",\n    ".join(columns)
