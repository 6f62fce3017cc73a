"""Warehouses built once a test process, whichever test asks first."""

from datetime import date
from functools import cache
from pathlib import Path

from mingsuan.settings import Settings
from pipelines.build import build
from tests.warehouse import cdnow, hand_fed, hand_fed_draws, hand_fed_suppliers


@cache
def hand_fed_shop(base: Path) -> Settings:
    """The small shop of `hand_fed`; whoever changes it takes a copy."""
    settings = Settings(var=base / "hand-fed", as_of_date=None)
    hand_fed.feed(settings, hand_fed_draws.earning_nothing, hand_fed_suppliers.bought)
    return _built(settings)


@cache
def cdnow_history(base: Path, file: Path) -> Settings:
    """CDNOW's history as of the last day in it."""
    settings = Settings(var=base / "cdnow", as_of_date=date(1998, 6, 30))
    cdnow.feed(settings, file)
    return _built(settings)


def _built(settings: Settings) -> Settings:
    result = build(settings)
    assert result.publishable, result.summary()
    return settings
