"""Which as-of date a build takes, and what it says when there is nothing to build."""

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from mingsuan.settings import Settings
from pipelines.build import build
from pipelines.build_context import AsOfDateError, NothingIngestedError, as_of_date, remember_as_of

SHANGHAI = ZoneInfo("Asia/Shanghai")
LATE = datetime(2026, 3, 31, 20, 0, tzinfo=UTC)


def test_the_as_of_date_is_the_business_date_of_the_source_instant(tmp_path: Path) -> None:
    assert as_of_date(Settings(var=tmp_path, as_of_date=None), LATE, SHANGHAI) == date(2026, 4, 1)


def test_a_chosen_as_of_date_stays_until_it_is_released(tmp_path: Path) -> None:
    settings = Settings(var=tmp_path, as_of_date=None)
    remember_as_of(settings, "1998-06-30")
    assert as_of_date(settings, LATE, SHANGHAI) == date(1998, 6, 30)
    remember_as_of(settings, "today")
    assert as_of_date(settings, LATE, SHANGHAI) == date(2026, 4, 1)


def test_the_setting_wins_and_a_different_choice_is_refused(tmp_path: Path) -> None:
    settings = Settings(var=tmp_path, as_of_date=date(2026, 1, 31))
    assert as_of_date(settings, LATE, SHANGHAI) == date(2026, 1, 31)
    remember_as_of(settings, "2026-01-31")
    with pytest.raises(ValueError, match="MINGSUAN_AS_OF_DATE fixes the as-of date at 2026-01-31"):
        remember_as_of(settings, "2026-02-28")


def test_what_is_no_date_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'30.06.1998' is neither a date"):
        remember_as_of(Settings(var=tmp_path, as_of_date=None), "30.06.1998")


def test_building_before_the_first_ingest_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(NothingIngestedError, match="mingsuan ingest"):
        build(Settings(var=tmp_path))


def test_a_date_after_the_source_is_refused_since_nobody_knows_who_buys_again_until_then(tmp_path: Path) -> None:
    fixed = Settings(var=tmp_path, as_of_date=date(2026, 4, 2))
    with pytest.raises(AsOfDateError, match="after the source's date, 2026-04-01"):
        as_of_date(fixed, LATE, SHANGHAI)
    free = Settings(var=tmp_path, as_of_date=None)
    with pytest.raises(AsOfDateError, match="in the future"):
        remember_as_of(free, "2999-01-01")
    assert as_of_date(free, LATE, SHANGHAI) == date(2026, 4, 1), "a refused date is not kept"
