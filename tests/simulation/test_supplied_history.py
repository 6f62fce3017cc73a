"""Suppliers of a simulated past: rows that the shop itself could have written, and books that are whole."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from mingsuan import clock
from mingsuan.postgres import DatabaseUrls
from mingsuan.settings import Settings
from simulation.history import simulate
from transactional.ledger import command_line

NOW = datetime(2026, 7, 1, 3, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Shop:
    urls: DatabaseUrls
    settings: Settings

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.urls.owner) as connection:
            return connection.execute(query).fetchall()

    @property
    def truth(self) -> dict[str, Any]:
        file = self.settings.var / "simulation" / "truth.json"
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return found


@pytest.fixture(scope="module")
def shop(module_database: DatabaseUrls, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    settings = Settings(var=tmp_path_factory.mktemp("supplied"), timezone="Asia/Shanghai", currency="CNY")
    with clock.at(NOW):
        simulate(module_database.app, settings, seed=11, days=75, customers=400)
    return Shop(module_database, settings)


def test_the_shops_own_checks_find_nothing(shop: Shop) -> None:
    assert command_line.findings(shop.urls.app, shop.settings) == []
