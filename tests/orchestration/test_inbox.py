"""The inbox: settled files start one run, the shop's command is tried again without doubling, refusals are seen."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from mingsuan import clock
from orchestration import inbox
from orchestration.defs import inbox as defs
from orchestration.defs.alerts import failed_checks

pytestmark = [pytest.mark.xdist_group("dagster"), pytest.mark.filterwarnings("ignore")]
NOW = datetime(2099, 1, 1, tzinfo=UTC)


def said(*outcomes: str) -> str:
    files = [{"path": f"{at}.csv", "outcome": outcome, "summary": "row 2"} for at, outcome in enumerate(outcomes)]
    return "a warning\n" + json.dumps({"files": files}) + "\n"


def test_only_settled_whole_files_that_nobody_dealt_with_wait(tmp_path: Path) -> None:
    folder = tmp_path / "ad-spend/baidu"
    for name in ("done/a.csv", "refused/b.csv", ".c.csv", "d.csv.part"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")
    assert inbox.waiting(tmp_path, NOW.timestamp()) is None
    (folder / "e.csv").write_text("x")
    assert inbox.waiting(tmp_path, (folder / "e.csv").stat().st_mtime + 5) is None, "it may still grow"
    first = inbox.waiting(tmp_path, NOW.timestamp())
    assert first is not None
    (folder / "e.csv").write_text("xy")
    assert inbox.waiting(tmp_path, NOW.timestamp()) not in {None, first}, "another content is another file"


def test_what_lies_there_starts_one_run_and_another_after_an_hour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINGSUAN_VAR", str(tmp_path))
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox/a.csv").write_text("x")
    context = dg.build_sensor_context()
    with clock.at(NOW):
        first = defs.inbox_sensor(context)
        again = defs.inbox_sensor(context)
    with clock.at(NOW + timedelta(hours=1)):
        later = defs.inbox_sensor(context)
    assert isinstance(first, dg.RunRequest)
    assert isinstance(again, dg.SkipReason)
    assert isinstance(later, dg.RunRequest)
    assert first.run_key != later.run_key


def test_a_try_that_failed_is_followed_by_another_and_no_file_is_told_twice() -> None:
    answers = iter([(1, "no database"), (1, said("refused", "failed")), (0, said("imported"))])
    pauses: list[float] = []
    taken = inbox.take_in(lambda: next(answers), pause=pauses.append)
    assert [each["outcome"] for each in taken.files] == ["refused", "imported"]
    assert pauses == list(inbox.WAITS_S)


def test_what_fails_to_the_end_is_told_as_failed_and_a_silent_program_is_an_error() -> None:
    taken = inbox.take_in(lambda: (1, said("failed")), pause=lambda _s: None)
    assert taken.count("failed") == 1
    with pytest.raises(inbox.InboxError, match="ended with 1: no database"):
        inbox.take_in(lambda: (1, "no database"), pause=lambda _s: None)


@pytest.mark.parametrize(("outcomes", "passed"), [(("imported", "refused"), False), (("imported", "known"), True)])
def test_a_refused_file_fails_the_check_of_its_run(
    outcomes: tuple[str, ...], passed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(defs, "import_inbox", lambda: (0, said(*outcomes)))
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize([defs.take_in_statements], instance=instance)
        event = instance.get_latest_materialization_event(defs.KEY)
    assert result.success
    (check,) = result.get_asset_check_evaluations()
    assert check.passed is passed
    assert event is not None
    assert event.asset_materialization is not None
    assert event.asset_materialization.metadata["imported"].value == 1


def test_a_refusal_is_an_alert_until_a_later_run_meets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    key = dg.AssetCheckKey(defs.KEY, defs.NOTHING_REFUSED)
    found = []
    with dg.DagsterInstance.ephemeral() as instance:
        for outcomes in (("refused",), ("failed",), ("imported",)):
            monkeypatch.setattr(defs, "import_inbox", lambda outcomes=outcomes: (0, said(*outcomes)))
            monkeypatch.setattr(defs, "take_in", lambda program: inbox.take_in(program, pause=lambda _s: None))
            assert dg.materialize([defs.take_in_statements], instance=instance).success
            found.append([matter.text for matter in failed_checks(instance, [key])])
    assert found == [["failed: 0\nrefused: 0.csv: row 2"], ["failed: 1\nrefused: none"], []]
