from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from mingsuan import clock

SHANGHAI = ZoneInfo("Asia/Shanghai")


def test_the_business_day_of_shanghai_begins_at_16_utc() -> None:
    assert clock.business_date(datetime(2026, 1, 1, 15, 59, tzinfo=UTC), SHANGHAI) == date(2026, 1, 1)
    assert clock.business_date(datetime(2026, 1, 1, 16, 0, tzinfo=UTC), SHANGHAI) == date(2026, 1, 2)
    assert clock.start_of(date(2026, 1, 2), SHANGHAI) == datetime(2026, 1, 1, 16, 0, tzinfo=UTC)


def test_naive_instants_are_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        clock.business_date(datetime(2026, 1, 1), SHANGHAI)  # noqa: DTZ001


def test_time_stands_still_only_inside_at() -> None:
    instant = datetime(2020, 5, 1, tzinfo=UTC)
    with clock.at(instant):
        assert clock.now() == instant
    assert clock.now() > instant
