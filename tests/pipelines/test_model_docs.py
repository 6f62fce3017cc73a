"""dbt's documentation of the models, as one file."""

import shutil
from pathlib import Path

import pytest

from mingsuan.settings import Settings
from pipelines.model_docs import DocsError, write_docs
from tests.warehouse import built

pytestmark = pytest.mark.xdist_group("dbt")


def test_the_documentation_has_models_columns_metrics_and_lineage_in_one_file(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    made = built.hand_fed_shop(tmp_path_factory.getbasetemp())
    shutil.copytree(made.var / "warehouse", tmp_path / "warehouse")
    index = write_docs(Settings(var=tmp_path))
    assert index == tmp_path / "docs/index.html"
    page = index.read_text(encoding="utf-8")
    for said in (
        "One row per business date on which something was earned, spent or delivered.",
        '"metric.mingsuan.cm3"',
        '"model.mingsuan.mart_profit_daily"',
        '"parent_map"',
        "List price \\u00d7 quantity of delivered units.",
    ):
        assert said in page or said.encode().decode("unicode_escape") in page, said
    assert "MANIFEST.JSON INLINE DATA" not in page


def test_without_a_warehouse_there_is_nothing_to_document(tmp_path: Path) -> None:
    with pytest.raises(DocsError, match="run `mingsuan refresh`"):
        write_docs(Settings(var=tmp_path))
