"""Built warehouses that tests read: one build each a session, with dbt warm in one worker."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from mingsuan.settings import Settings
from pipelines import warehouse
from tests.warehouse import built


def _opened(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with warehouse.owned(settings, "test"), warehouse.connect(settings) as connection:
        connection.execute("use warehouse.analytics")
        yield connection


@pytest.fixture(scope="session")
def hand_fed_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The small shop of `hand_fed`, built."""
    return built.hand_fed_shop(tmp_path_factory.getbasetemp())


@pytest.fixture
def small(hand_fed_settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    yield from _opened(hand_fed_settings)


@pytest.fixture
def history(tmp_path_factory: pytest.TempPathFactory, real_data: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """CDNOW's history as of the last day in it, built."""
    file = real_data / "cdnow" / "CDNOW_master.txt"
    yield from _opened(built.cdnow_history(tmp_path_factory.getbasetemp(), file))
