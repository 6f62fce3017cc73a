"""Metrics and dimensions as the dbt project declares them: its semantic models and metrics, in the published form."""

import re
from pathlib import Path
from typing import Any

import yaml

from mingsuan.semantics.declared import Condition, Dimension, Entity, Measure, Metric, Semantics, SemanticTable
from pipelines.dbt_run import PROJECT

FOLDER = PROJECT / "models" / "semantics"
_CONDITIONAL = re.compile(r"case when (\w+) (not )?in \(('\w+'(?:, '\w+')*)\) then (\w+) end")


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
            Dimension(dimension["name"], columns[dimension["name"]], dimension["label"], _meta(dimension)["label_en"])
            for dimension in model["dimensions"]
            if dimension["type"] == "categorical"
        ),
        measures=tuple(_measure(measure) for measure in model.get("measures", [])),
    )


def _measure(measure: dict[str, Any]) -> Measure:
    """A column, or a column of the rows that meet a condition: the two forms of `expr` that are understood."""
    expression = measure["expr"]
    conditional = _CONDITIONAL.fullmatch(expression)
    if conditional is None:
        return Measure(measure["name"], measure["agg"], expression)
    on, negated, words, column = conditional.groups()
    condition = Condition(on, tuple(re.findall(r"'(\w+)'", words)), negated is not None)
    return Measure(measure["name"], measure["agg"], column, condition)


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
