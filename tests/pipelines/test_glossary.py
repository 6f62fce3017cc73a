"""The glossary in the documentation is what the declarations say."""

from pipelines.dbt_run import PROJECT
from pipelines.glossary import glossary
from pipelines.semantics import declared


def test_the_glossary_is_up_to_date() -> None:
    written = (PROJECT.parent / "docs/glossary.md").read_text(encoding="utf-8")
    assert written == glossary(declared()), "run: mingsuan glossary --out docs/glossary.md"


def test_metrics_under_one_heading_can_be_cut_alike() -> None:
    semantics = declared()
    for metric in semantics.metrics:
        ((_, table), *others) = semantics.measures_of(metric)
        assert all(other is table for _, other in others), metric.name
