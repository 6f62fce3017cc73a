"""Metrics and dimensions as the dbt project declares them: its semantic models and metrics, in the published form."""

import re
from pathlib import Path
from typing import Any

import yaml

from mingsuan.semantics.declared import Condition, Dimension, Entity, Measure, Metric, Semantics, SemanticTable
from pipelines.dbt_run import PROJECT

FOLDER = PROJECT / "models" / "semantics"
_CONDITIONAL = re.compile(
    r"case when (?P<column>\w+) (?P<not_in>not )?in \((?P<words>'\w+'(?:, '\w+')*)\) then (?P<then>\w+) end"
    r"|case when (?P<not_true>not )?(?P<truth>\w+) then (?P<if_true>\w+) end"
)


def declared(folder: Path = FOLDER) -> Semantics:
    """All declarations of the project. Raises SemanticsError when one names what does not exist."""
    contents = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*.yml"))]
    models = [model for content in contents for model in content.get("semantic_models", [])]
    metrics = [metric for content in contents for metric in content.get("metrics", [])]
    return Semantics(
        metrics=tuple(_metric(metric) for metric in metrics),
        tables=tuple(_table(model) for model in models),
        entities=tuple(
            Entity(entity["name"], entity["label"], _meta(entity)["label_en"])
            for model in models
            for entity in model.get("entities", [])
            if entity["type"] == "primary"
        ),
    )


def _table(model: dict[str, Any]) -> SemanticTable:
    time = model.get("defaults", {}).get("agg_time_dimension")
    columns = {dimension["name"]: dimension.get("expr", dimension["name"]) for dimension in model["dimensions"]}
    return SemanticTable(
        name=model["name"],
        table=model["model"].removeprefix("ref('").removesuffix("')"),
        key=next((entity["name"] for entity in model.get("entities", []) if entity["type"] == "primary"), None),
        time_column=columns[time] if time else None,
        entities={entity["name"]: entity["expr"] for entity in model.get("entities", [])},
        dimensions=tuple(
            _dimension(dimension, columns[dimension["name"]])
            for dimension in model["dimensions"]
            if dimension["type"] == "categorical"
        ),
        measures=tuple(_measure(measure) for measure in model.get("measures", [])),
    )


def _dimension(dimension: dict[str, Any], column: str) -> Dimension:
    meta = _meta(dimension)
    return Dimension(
        name=dimension["name"],
        column=column,
        label_zh=dimension["label"],
        label_en=meta["label_en"],
        definition_zh=meta.get("definition_zh", ""),
        definition_en=dimension.get("description", ""),
        shared=meta.get("shared", False),
    )


def _measure(measure: dict[str, Any]) -> Measure:
    """A column, or a column of the rows in some states, or for which another is true: the forms of `expr` there are."""
    expression = measure["expr"]
    given = _CONDITIONAL.fullmatch(expression)
    if given is None:
        return Measure(measure["name"], measure["agg"], expression)
    condition = Condition(
        given["column"] or given["truth"],
        tuple(re.findall(r"'(\w+)'", given["words"] or "")),
        exclude=bool(given["not_in"] or given["not_true"]),
    )
    return Measure(measure["name"], measure["agg"], given["then"] or given["if_true"], condition)


def _metric(metric: dict[str, Any]) -> Metric:
    meta, given = _meta(metric), metric["type_params"]
    return Metric(
        name=metric["name"],
        label_zh=metric["label"],
        label_en=meta["label_en"],
        definition_zh=meta["definition_zh"],
        definition_en=metric["description"],
        unit=meta["unit"],
        measure=given.get("measure"),
        numerator=given.get("numerator"),
        denominator=given.get("denominator"),
    )


def _meta(entry: dict[str, Any]) -> dict[str, Any]:
    meta: dict[str, Any] = entry["config"]["meta"]
    return meta
