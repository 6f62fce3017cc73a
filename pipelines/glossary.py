"""The glossary of metrics in Chinese and English, written from their declarations and never by hand."""

from mingsuan.semantics.declared import Dimension, Metric, Semantics

_UNITS = {
    "fen": "分 fen",
    "fen_per_unit": "分／件 fen each",
    "count": "个 count",
    "share": "占比 share, 0–1",
    "ratio": "比率 ratio",
}
_HEAD = """# 术语表 · Glossary

<!-- written by `mingsuan glossary`; edit dbt_project/models/semantics/ instead -->

Every number that pages, exports and questions use, with its one definition. Names in code style are the words of
`mingsuan measure` and of `mingsuan.semantics`.
"""


def glossary(semantics: Semantics) -> str:
    """Markdown: metrics by the table that they are read from, the fullest first, then what they can be cut by."""
    read_from = {
        table.table: [metric for metric in semantics.metrics if semantics.measures_of(metric)[0][1] is table]
        for table in semantics.tables
    }
    fullest = sorted(read_from.items(), key=lambda item: (-len(item[1]), item[0]))
    parts = [_HEAD, *(_metrics(semantics, table, metrics) for table, metrics in fullest if metrics)]
    return "\n".join([*parts, _dimensions(semantics)])


def _metrics(semantics: Semantics, table: str, metrics: list[Metric]) -> str:
    dimensions = ", ".join(f"`{name}`" for name in semantics.dimensions_for(metrics[0]))
    by = f"By time and {dimensions}." if dimensions else "By time."
    rows = [
        f"| {metric.label_zh} | {metric.label_en} | `{metric.name}` | {_UNITS[metric.unit]} |"
        f" {metric.definition_zh} {metric.definition_en} |"
        for metric in metrics
    ]
    head = "| 指标 | metric | name | 单位 unit | 定义 definition |\n| -- | -- | -- | -- | -- |"
    return f"## `{table}`\n\n{by}\n\n{head}\n" + "\n".join(rows) + "\n"


def _dimensions(semantics: Semantics) -> str:
    named = {
        name: dimension
        for table in semantics.tables
        if table.measures
        for name, (_, dimension) in semantics.dimensions_of(table).items()
    }
    rows = [f"| {one.label_zh} | {one.label_en} | `{name}` | {_meaning(one)} |" for name, one in sorted(named.items())]
    head = "| 维度 | dimension | name | 含义 meaning |\n| -- | -- | -- | -- |"
    return f"## 维度 · Dimensions\n\n{head}\n" + "\n".join(rows) + "\n"


def _meaning(dimension: Dimension) -> str:
    return f"{dimension.definition_zh} {dimension.definition_en}".strip()
