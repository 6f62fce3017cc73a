"""Names of versions, and which are kept."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pipelines.versions import Version, current, kept, make_current, new_name, to_remove

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)


def _version(source: datetime, published: datetime | None = None) -> Version:
    name = f"{source:%Y%m%dT%H%M%SZ}"
    instants = {"source_instant": source.isoformat(), "published_at": (published or source).isoformat()}
    return Version(Path(name), name, instants)


def _removed(versions: list[Version], fresh: int = 1) -> set[str]:
    return {version.name for version in to_remove(versions, NOW, fresh, SHANGHAI)}


def test_a_name_says_source_instant_and_batch_and_is_never_used_twice(tmp_path: Path) -> None:
    instant = datetime(2026, 2, 1, 7, 59, 59, tzinfo=SHANGHAI)
    assert new_name(tmp_path, instant, 12) == "20260131T235959Z-b12"
    (tmp_path / "versions/20260131T235959Z-b12").mkdir(parents=True)
    assert new_name(tmp_path, instant, 12) == "20260131T235959Z-b12-r2"
    (tmp_path / "versions/20260131T235959Z-b12-r2").mkdir()
    assert new_name(tmp_path, instant, 12) == "20260131T235959Z-b12-r3"


def test_the_latest_and_the_young_are_kept() -> None:
    minutes = [_version(NOW - timedelta(minutes=minute)) for minute in (1, 10, 14, 16, 30)]
    # 16 and 30 minutes old: neither among the latest two, nor young, nor the last of their day.
    assert _removed(minutes, fresh=2) == {minutes[3].name, minutes[4].name}
    assert _removed(minutes, fresh=4) == {minutes[4].name}


def test_one_a_business_day_is_kept_and_of_a_month_that_is_long_past_only_the_last() -> None:
    noon, evening = (_version(datetime(2026, 6, 10, hour, tzinfo=UTC)) for hour in (4, 15))
    # 16:30 UTC is the next day in Shanghai.
    night = _version(datetime(2026, 6, 10, 16, 30, tzinfo=UTC))
    january, end_of_january = (_version(datetime(2026, 1, day, 4, tzinfo=UTC)) for day in (30, 31))
    newest = _version(NOW)
    assert _removed([newest, night, evening, noon, end_of_january, january]) == {noon.name, january.name}


def test_a_later_publication_of_the_same_instant_is_the_last_of_its_day() -> None:
    source = datetime(2026, 6, 10, 4, tzinfo=UTC)
    first, again = _version(source), _version(source, source + timedelta(hours=1))
    again = Version(again.folder, f"{again.name}-r2", again.manifest)
    assert _removed([_version(NOW), first, again]) == {first.name}


@pytest.mark.parametrize("damaged", ["", "[]", "{}", '{"segments": [], "source_instant": "?", "published_at": "?"}'])
def test_a_damaged_manifest_is_neither_linked_from_nor_removed(tmp_path: Path, damaged: str) -> None:
    good = {"segments": [], "source_instant": NOW.isoformat(), "published_at": NOW.isoformat()}
    for name, content in (("good", json.dumps(good)), ("bad", damaged)):
        (tmp_path / "versions" / name).mkdir(parents=True)
        (tmp_path / "versions" / name / "manifest.json").write_text(content)
    make_current(tmp_path, "bad")
    assert current(tmp_path) is None
    assert [version.name for version in kept(tmp_path)] == ["good"]
    make_current(tmp_path, "good")
    found = current(tmp_path)
    assert found is not None
    assert found.name == "good"
