"""What is broken in the shop's rows stops the build before publication, is named, and readers keep the old version.

An unknown column type stops ingest and is tested with the refresh; a computation that raises, with the computations.
"""

import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from mingsuan import snapshot
from mingsuan.settings import Settings
from pipelines import warehouse
from pipelines.build import build
from pipelines.publish import NotPublishableError, publish
from tests.warehouse import built
from tests.warehouse.hand_fed import SOURCE_INSTANT, close_batch

pytestmark = [pytest.mark.proof, pytest.mark.xdist_group("dbt")]
BREAKS = {
    "primary_key_stg_shop__skus_sku_row_id": "insert into raw_current.sku select * from raw_current.sku where id = 1",
    "nothing_after_the_source": "update raw_current.orders set ordered_at = '2026-03-31 06:30:00+00', _batch = 2",
    "margins_equal_ledger": "update raw_current.document_line set amount_fen = amount_fen + 1, _batch = 2 where id = 1",
    "stock_is_never_negative": "update raw_current.card_batch set imported_at = '2026-03-30 00:00:00+00', _batch = 2",
}
"""The test that has to say so, and what breaks it: a key twice, a future instant, a day out of balance, codes that were
sold before they came."""


@pytest.fixture
def settings(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Settings:
    """A built and published shop of its own."""
    made = built.hand_fed_shop(tmp_path_factory.getbasetemp())
    shutil.copytree(made.var, tmp_path, ignore=shutil.ignore_patterns("dbt", "pg"), dirs_exist_ok=True)
    settings = Settings(var=tmp_path)
    publish(settings)
    return settings


@pytest.mark.parametrize("test", BREAKS)
def test_what_is_broken_stops_the_build_and_is_named(settings: Settings, test: str) -> None:
    before = snapshot.resolve(settings)
    with warehouse.owned(settings, "test"), warehouse.connect(settings) as connection:
        connection.execute(BREAKS[test])
        close_batch(connection, 2, SOURCE_INSTANT + timedelta(hours=1))
    result = build(settings)
    assert test in {blocking.name for blocking in result.blocking}
    with pytest.raises(NotPublishableError, match=test):
        publish(settings)
    assert snapshot.resolve(settings) == before
    attempt = json.loads((settings.published_dir / "last_attempt.json").read_text())
    assert attempt["published"] is False
    assert test in attempt["error"]
