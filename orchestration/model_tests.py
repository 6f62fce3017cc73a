"""How dbt's tests are shown as checks: under which model, by which name, in which words. Pure, over dbt's manifest."""

from collections.abc import Iterable, Mapping
from typing import Any

LAYERS = ("mart_", "fct_", "dim_", "int_", "stg_")
"""From what people read to what it is made of."""
Node = Mapping[str, Any]


def home_of(test: Node, parents: Iterable[str]) -> str | None:
    """The unique id of the model or source that the test is shown under; None where it reads several sources only.

    A test that reads several models has none in dbt. It is shown under the one nearest to people, where its failure
    is a finding; of several such under the first by name.
    """
    among = sorted(parents)
    attached: str | None = test.get("attached_node")
    if attached or len(among) == 1:
        return attached or among[0]
    models = [unique_id for unique_id in among if unique_id.startswith("model.")]
    return min(models, key=_distance, default=None)


def name_of(test: Node) -> str:
    """A generic test by what it asks of which columns, since the model is named above it; others by their own name."""
    generic = test.get("test_metadata")
    return "_".join([generic["name"], *_columns(test)]) if generic else str(test["name"])


def sentence(test: Node) -> str:
    """What the test claims, in plain words."""
    described = " ".join((test.get("description") or "").split())
    generic = test.get("test_metadata")
    if described or not generic:
        return described
    given, columns = generic["kwargs"], ", ".join(_columns(test))
    claims = {
        "primary_key": f"No two rows have the same {columns}, and none lacks it.",
        "accepted_values": f"{columns} is one of: {', '.join(map(str, given.get('values', ())))}.",
        "relationships": f"Every {columns} is a {given.get('field')} of {_model(given.get('to', ''))}.",
        "not_after_source": f"No {columns} is later than the instant that the batch shows.",
    }
    return claims.get(generic["name"], f"{generic['name']} of {columns}.")


def _columns(test: Node) -> list[str]:
    columns = test["test_metadata"]["kwargs"].get("columns")
    return list(columns) if columns else [test["column_name"]] if test.get("column_name") else []


def _model(reference: str) -> str:
    """`ref('dim_customers')` is dim_customers."""
    return reference.partition("'")[2].partition("'")[0] or reference


def _distance(unique_id: str) -> int:
    name = unique_id.rpartition(".")[2]
    return next((at for at, prefix in enumerate(LAYERS) if name.startswith(prefix)), len(LAYERS))
