"""What can be measured and by what, as a published version declares it: metrics, dimensions and where they are read.

Declared once, in the dbt project; how a question becomes SQL is the compiler's.
"""

import difflib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError

FILE = "semantics.json"
_NAME = re.compile(r"[a-z][a-z0-9_]*")
Aggregation = Literal["sum", "count_distinct"]
Unit = Literal["fen", "fen_per_unit", "count", "share", "ratio"]


class SemanticsError(ValueError):
    """A question names what is not declared, or a declaration is not sound; the message names it."""


@dataclass(frozen=True)
class Condition:
    """Rows whose column has one of these words, or none of them; without words, a column that is true, or is not."""

    column: str
    words: tuple[str, ...]
    exclude: bool


@dataclass(frozen=True)
class Measure:
    """A column of whole numbers and how it is brought together: summed, or its different values counted.

    With `only`, rows that do not meet it have no part in it.
    """

    name: str
    aggregation: Aggregation
    column: str
    only: Condition | None = None


@dataclass(frozen=True)
class Dimension:
    """A column that measures can be cut by, with its names for people and, where these do not say it, its meaning.

    A `shared` one has its bare name wherever it is reached: columns of several tables that mean the same.
    """

    name: str
    column: str
    label_zh: str
    label_en: str
    definition_zh: str = ""
    definition_en: str = ""
    shared: bool = False


@dataclass(frozen=True)
class SemanticTable:
    """A published table. `key` names the entity that one row is; `entities` has the columns that point to others.

    `time_column` is a business date in the shop's zone; tables that only describe have none.
    """

    name: str
    table: str
    key: str | None = None
    time_column: str | None = None
    entities: dict[str, str] = field(default_factory=dict)
    dimensions: tuple[Dimension, ...] = ()
    measures: tuple[Measure, ...] = ()


@dataclass(frozen=True)
class Entity:
    """Something that rows point to, such as a product; a dimension by itself."""

    name: str
    label_zh: str
    label_en: str


@dataclass(frozen=True)
class Metric:
    """A number with one definition: a measure, or the quotient of two other metrics.

    A `share` is part of a whole: where the part is below zero or above the whole it is not known.
    """

    name: str
    label_zh: str
    label_en: str
    definition_zh: str
    definition_en: str
    unit: Unit
    measure: str | None = None
    numerator: str | None = None
    denominator: str | None = None


@dataclass(frozen=True)
class Semantics:
    """All that is declared."""

    metrics: tuple[Metric, ...]
    tables: tuple[SemanticTable, ...]
    entities: tuple[Entity, ...]

    def __post_init__(self) -> None:
        for name in self._names():
            if not _NAME.fullmatch(name):
                raise SemanticsError(f"{name!r} is no name of a metric, table, column or state")
        for metric in self.metrics:
            if metric.measure is not None and metric.measure not in self._measures:
                raise SemanticsError(f"metric {metric.name!r} needs measure {metric.measure!r}, which is not declared")
            self.measures_of(metric)

    def _names(self) -> Iterator[str]:
        """All that becomes part of SQL."""
        yield from (metric.name for metric in self.metrics)
        for table in self.tables:
            yield from (table.name, table.table, *table.entities, *table.entities.values())
            yield from (name for dimension in table.dimensions for name in (dimension.name, dimension.column))
            for measure in table.measures:
                yield from (measure.name, measure.column)
                if measure.only is not None:
                    yield from (measure.only.column, *measure.only.words)
            if table.time_column is not None:
                yield table.time_column

    @cached_property
    def _by_name(self) -> dict[str, Metric]:
        return {metric.name: metric for metric in self.metrics}

    @cached_property
    def _measures(self) -> dict[str, tuple[Measure, SemanticTable]]:
        return {measure.name: (measure, table) for table in self.tables for measure in table.measures}

    def metric(self, name: str) -> Metric:
        """Raises SemanticsError for a name that is not declared, with those that are near."""
        if name not in self._by_name:
            raise SemanticsError(f"there is no metric {name!r}{_nearest(name, self._by_name)}")
        return self._by_name[name]

    def measures_of(self, metric: Metric) -> tuple[tuple[Measure, SemanticTable], ...]:
        """What a metric is computed from, each with the table that it is in."""
        if metric.measure is not None:
            return (self._measures[metric.measure],)
        parts = (self.metric(metric.numerator or ""), self.metric(metric.denominator or ""))
        return tuple(found for part in parts for found in self.measures_of(part))

    def dimensions_of(self, table: SemanticTable) -> dict[str, tuple[str | None, Dimension]]:
        """All that a table can be cut by: own columns, entities, and `entity__name` for what an entity is described by.

        A shared one goes by its bare name. With each comes the entity over which it is reached; None for own columns.
        """
        found: dict[str, tuple[str | None, Dimension]] = {_known_as(table.key, d): (None, d) for d in table.dimensions}
        for entity in self.entities:
            if entity.name not in table.entities:
                continue
            column = table.entities[entity.name]
            found[entity.name] = (None, Dimension(entity.name, column, entity.label_zh, entity.label_en))
            if entity.name != table.key:
                described = self.describing(entity.name).dimensions
                found |= {_known_as(entity.name, dimension): (entity.name, dimension) for dimension in described}
        return found

    def dimensions_for(self, metric: Metric) -> dict[str, Dimension]:
        """What a metric can be cut by: only what all its tables can be cut by."""
        each = [self.dimensions_of(table) for _, table in self.measures_of(metric)]
        return {name: each[0][name][1] for name in each[0] if all(name in one for one in each)}

    def describing(self, entity: str) -> SemanticTable:
        """The table whose rows are such entities."""
        return next(table for table in self.tables if table.key == entity)

    def dump(self) -> str:
        """As JSON, for the folder of a version."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n"


def parse(content: str) -> Semantics:
    """From JSON, as `dump` writes it. Raises SemanticsError when it is not sound."""
    try:
        return TypeAdapter(Semantics).validate_json(content)
    except ValidationError as error:
        raise SemanticsError(f"the declared metrics cannot be read: {error}") from None


def of_version(folder: Path) -> Semantics:
    """What the published version in `folder` declares. Raises SemanticsError for one from before there was any."""
    file = folder / FILE
    if not file.exists():
        raise SemanticsError(f"version {folder.name} declares no metrics: publish it again")
    return parse(file.read_text(encoding="utf-8"))


def _known_as(entity: str | None, dimension: Dimension) -> str:
    return dimension.name if dimension.shared or entity is None else f"{entity}__{dimension.name}"


def _nearest(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=3)
    return f"; near it are {', '.join(near)}" if near else f"; declared are {', '.join(sorted(known))}"
