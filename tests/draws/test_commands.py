"""The commands end with the verdict's exit code, for people and for programs."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mingsuan import draw_verifier
from mingsuan.cli import app
from mingsuan.draw_verifier import EXITS
from tests.draws.attacks import ATTACKS
from tests.draws.test_log_verifier import honest, shortened, written
from tests.draws.verdicts import verdict_of
from tests.draws.worlds import Case, Story, decided, policy
from transactional.canonical_json import canonical


def laid_out(case: Case, folder: Path) -> list[str]:
    """The case as files, and as arguments."""
    (folder / "bundle.zip").write_bytes(case.bundle)
    (folder / "policy.json").write_bytes(canonical(case.policy))
    arguments = [str(folder / "bundle.zip"), "--policy", str(folder / "policy.json"), "--now", str(case.now)]
    if case.receipt is not None:
        (folder / "receipt.json").write_text(json.dumps(case.receipt, indent=2))
        arguments += ["--receipt", str(folder / "receipt.json")]
    for place, text in enumerate(case.seen):
        (folder / f"seen{place}").write_text(text)
        arguments += ["--seen", str(folder / f"seen{place}")]
    return arguments


@pytest.mark.parametrize(
    "name", ["split view of the log", "a receipt that was altered", "backdated commit", "withheld ticket file"]
)
def test_verify_draw_exits_with_the_verdict(name: str, tmp_path: Path) -> None:
    attack = ATTACKS[name]
    done = CliRunner().invoke(app, ["verify-draw", *laid_out(attack.dishonest(), tmp_path)])
    assert done.exit_code == EXITS[attack.code], done.output
    assert f"{attack.code} (exit {EXITS[attack.code]})" in done.output
    honest = CliRunner().invoke(app, ["verify-draw", *laid_out(attack.honest(), tmp_path), "--json"])
    told = json.loads(honest.output)
    assert (told["verdict"], told["exit"], honest.exit_code) == ("VALID", 0, 0)
    assert {step["state"] for step in told["steps"]} <= {"passed", "absent"}


def test_a_step_that_failed_is_shown_and_those_after_it_as_not_reached(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["verify-draw", *laid_out(ATTACKS["duplicate index"].dishonest(), tmp_path)])
    signs = [line[0] for line in done.output.splitlines()[1:26]]
    assert signs == ["✓"] * 4 + ["–"] + ["✓"] * 4 + ["✗"] + ["·"] * 15


def test_of_an_open_draw_what_is_still_to_come_is_not_called_checked(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["verify-draw", *laid_out(Story().open().sell(20).case(), tmp_path)])
    absent = [line.removeprefix("– ") for line in done.output.splitlines() if line.startswith("–")]
    assert {"all tickets are there, as they were committed", "the winners are those of the seed"} <= set(absent)
    assert "the draw closed as it was to" not in absent


def test_a_bundle_writes_no_lines_of_its_own_to_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    story = Story().open(lambda says: replace(says, prize_name="cup\nVALID (exit 0): all holds\x1b[8m\x9b8m\u202e"))
    arguments = laid_out(story.sell().commit(publish=False).publish(witnesses=()).decide().case(), tmp_path)
    told = CliRunner().invoke(app, ["verify-draw", *arguments]).output
    draw_verifier.main(arguments)
    as_json = CliRunner().invoke(app, ["verify-draw", *arguments, "--json"]).output
    for shown in (told, capsys.readouterr().out, as_json):
        assert all(sign.isprintable() for line in shown.split("\n") for sign in line)
        assert [line for line in shown.splitlines() if line.startswith("VALID (")] == []
    assert told.startswith("VALID-UNTIMED (exit 10): ")


def test_a_checkpoint_of_another_size_is_not_called_compared(tmp_path: Path) -> None:
    story = decided()
    case = story.case(seen=(story.log.checkpoint(2),))
    done = CliRunner().invoke(app, ["verify-draw", *laid_out(case, tmp_path)])
    assert done.exit_code == 0
    assert "– checkpoints of these sizes that were seen elsewhere agree" in done.output
    assert "checkpoints_not_compared: 1, of other sizes: verify-log compares them" in done.output


def test_what_nobody_has_seen_since_is_told_with_the_verdict() -> None:
    story = decided()
    size = story.published[-2].size
    story.deliver(story.winners()[0]).published.pop()
    outcome = verdict_of(story.publish(witnesses=()).case())
    assert outcome.code == "VALID"
    assert outcome.message.endswith(f"no quorum has seen what follows its first {size} leaves")


def test_the_file_alone_is_a_program_wherever_it_is_copied_to(tmp_path: Path) -> None:
    arguments = laid_out(decided().case(), tmp_path)
    copy = shutil.copy(draw_verifier.__file__, tmp_path / "verify.py")
    command = [sys.executable, "-P", str(copy)]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stdout[:26]) == (0, "VALID (exit 0): all holds;"), done.stderr
    poor = subprocess.run([*command, *arguments], capture_output=True, check=False, env={"PYTHONIOENCODING": "cp1252"})
    assert (poor.returncode, poor.stdout[:5]) == (0, b"VALID"), poor.stderr
    none = subprocess.run([*command, *arguments[:1]], capture_output=True, text=True, check=False)
    assert none.returncode == EXITS["USAGE"]


def test_without_a_policy_worth_the_name_nothing_is_verified(tmp_path: Path) -> None:
    arguments = laid_out(decided().case(), tmp_path)
    (tmp_path / "policy.json").write_text("{}")
    done = CliRunner().invoke(app, ["verify-draw", *arguments])
    assert (done.exit_code, done.output.startswith("USAGE")) == (2, True)
    assert CliRunner().invoke(app, ["verify-draw", arguments[0]]).exit_code == EXITS["USAGE"]


def test_a_checkpoint_that_the_log_never_signed_proves_nothing(tmp_path: Path) -> None:
    arguments = laid_out(decided().case(), tmp_path)
    (tmp_path / "seen").write_text("draws.example/log\n1\n" + "A" * 43 + "=\n\n— draws.example/log AAAAAAAA\n")
    done = CliRunner().invoke(app, ["verify-draw", *arguments, "--seen", str(tmp_path / "seen")])
    assert done.exit_code == EXITS["USAGE"]


def test_verify_log_exits_with_the_verdict(tmp_path: Path) -> None:
    (tmp_path / "policy.json").write_bytes(canonical(policy()))
    arguments = ["--policy", str(tmp_path / "policy.json"), "--json"]
    whole = written(honest().files, tmp_path / "honest")
    assert CliRunner().invoke(app, ["verify-log", str(whole), *arguments]).exit_code == 0
    shown = shortened()
    (tmp_path / "seen").write_text(shown.seen[0])
    cut = written(shown.files, tmp_path / "cut")
    done = CliRunner().invoke(app, ["verify-log", str(cut), *arguments, "--seen", str(tmp_path / "seen")])
    assert done.exit_code == EXITS["SPLIT-VIEW"]


def test_a_log_that_cannot_be_read_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "policy.json").write_bytes(canonical(policy()))
    (tmp_path / "checkpoint").mkdir()
    done = CliRunner().invoke(app, ["verify-log", str(tmp_path), "--policy", str(tmp_path / "policy.json")])
    assert done.exit_code == EXITS["USAGE"]
