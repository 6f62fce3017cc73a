"""Built warehouses that tests read: one build each a session, with dbt warm in one worker."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from mingsuan.settings import Settings
from pipelines import warehouse
from pipelines.build import build
from tests.warehouse import cdnow, hand_fed


def _opened(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with warehouse.owned(settings, "test"), warehouse.connect(settings) as connection:
        connection.execute("use warehouse.analytics")
        yield connection


@pytest.fixture(scope="session")
def hand_fed_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The small shop of `hand_fed`, built."""
    settings = Settings(var=tmp_path_factory.mktemp("hand-fed"), as_of_date=None)
    hand_fed.feed(settings)
    result = build(settings)
    assert result.publishable, result.summary()
    return settings


@pytest.fixture
def small(hand_fed_settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    yield from _opened(hand_fed_settings)


@pytest.fixture(scope="session")
def cdnow_settings(tmp_path_factory: pytest.TempPathFactory, real_data: Path) -> Settings:
    """CDNOW's history as of the last day in it, built."""
    settings = Settings(var=tmp_path_factory.mktemp("cdnow"), as_of_date=date(1998, 6, 30))
    cdnow.feed(settings, real_data / "cdnow" / "CDNOW_master.txt")
    result = build(settings)
    assert result.publishable, result.summary()
    return settings


@pytest.fixture
def history(cdnow_settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    yield from _opened(cdnow_settings)
