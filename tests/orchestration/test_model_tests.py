"""How dbt's tests are shown as checks, on entries as its manifest has them."""

from typing import Any

import pytest

from orchestration.model_tests import home_of, name_of, sentence


def generic(name: str, column: str | None = None, **kwargs: Any) -> dict[str, Any]:
    return {
        "name": f"{name}_fct_refunds_{column}",
        "description": "",
        "column_name": column,
        "attached_node": "model.mingsuan.fct_refunds",
        "test_metadata": {"name": name, "kwargs": kwargs},
    }


BOOKS = {"name": "margins_equal_ledger", "description": "Profit by documents\n  equals profit by ledger.\n"}


@pytest.mark.parametrize(
    ("test", "name", "claim"),
    [
        (
            generic("primary_key", columns=["ledger_date", "sku_key"]),
            "primary_key_ledger_date_sku_key",
            "No two rows have the same ledger_date, sku_key, and none lacks it.",
        ),
        (
            generic("accepted_values", "state", values=["paid", "failed"]),
            "accepted_values_state",
            "state is one of: paid, failed.",
        ),
        (
            generic("relationships", "sku_key", to="ref('dim_skus')", field="sku_key"),
            "relationships_sku_key",
            "Every sku_key is a sku_key of dim_skus.",
        ),
        (
            generic("not_after_source", columns=["paid_at"]),
            "not_after_source_paid_at",
            "No paid_at is later than the instant that the batch shows.",
        ),
        (generic("odd", "weight"), "odd_weight", "odd of weight."),
        (BOOKS, "margins_equal_ledger", "Profit by documents equals profit by ledger."),
    ],
)
def test_a_check_is_named_by_what_it_asks_and_says_it_in_a_sentence(
    test: dict[str, Any], name: str, claim: str
) -> None:
    assert (name_of(test), sentence(test)) == (name, claim)


def test_a_test_of_several_models_is_shown_under_the_one_nearest_to_people() -> None:
    parents = [f"model.mingsuan.{name}" for name in ("stg_shop__draws", "fct_b", "mart_z", "mart_y", "int_a")]
    assert home_of(BOOKS, [*parents, "source.mingsuan.meta.build_context"]) == "model.mingsuan.mart_y"
    assert home_of(BOOKS, parents[:2]) == "model.mingsuan.fct_b"
    assert home_of(generic("primary_key"), parents) == "model.mingsuan.fct_refunds", "where dbt says which"
    assert home_of(BOOKS, ["source.mingsuan.meta.build_context"]) == "source.mingsuan.meta.build_context"
    assert home_of(BOOKS, ["source.mingsuan.meta.a", "source.mingsuan.meta.b"]) is None
