"""Every draw held gets the verdict of the draws' own verifier; one that should have a verdict and has none says why."""

from dataclasses import replace
from pathlib import Path

import pytest

from mingsuan.settings import Settings
from pipelines.draw_verifying import Verifier
from tests.draws.attacks import ATTACKS
from tests.draws.cheats import BY_TIME
from tests.draws.worlds import Plan, Story, decided, policy
from tests.pipelines.audited_draws import Audit

DAY_S = 86_400


@pytest.fixture
def audit(tmp_path: Path) -> Audit:
    return Audit(Settings(var=tmp_path))


def test_an_honest_draw_is_verified_and_the_books_agree(audit: Audit) -> None:
    story = decided()
    audit.book(story, "decided")
    audit.publish(story)
    audit.run(story.at + DAY_S)
    row = audit.rows()[1]
    assert (row["verdict"], row["is_verified"], row["exit_code"], row["books_differ"]) == ("VALID", True, 0, None)
    assert (row["entries"], row["is_policy_published"], row["bundle"]) == (
        40,
        True,
        f"{story.plan.draw_id.hex}/bundle-9-aa-1.zip",
    )
    assert row["took_seconds"] > 0


def test_a_forged_draw_gets_its_code_and_stays_a_row_beside_honest_ones(audit: Audit) -> None:
    forged, honest = decided(), decided(Plan(number=2))
    audit.book(forged, "decided")
    audit.publish(forged, ATTACKS["malleated signature"].dishonest())
    audit.book(honest, "finished")
    audit.publish(honest)
    audit.run(honest.at + DAY_S)
    told = {number: (row["verdict"], row["is_verified"]) for number, row in audit.rows().items()}
    assert told == {1: ("BAD-BEACON", False), 2: ("VALID", True)}


def test_amber_and_test_verdicts_say_that_all_checks_held(audit: Audit) -> None:
    audit.pin(policy(test_chain=1))
    tried = decided()
    unseen = Story(Plan(number=2)).open().sell().commit(publish=False).publish(witnesses=()).decide()
    void = Story(Plan(number=3)).open().sell(12).void()
    for story, state in ((tried, "decided"), (unseen, "decided"), (void, "void")):
        audit.book(story, state)
        audit.publish(story)
    audit.run(tried.at + DAY_S)
    told = {number: (row["verdict"], row["is_verified"]) for number, row in audit.rows().items()}
    assert told == {1: ("TEST", True), 2: ("VALID-UNTIMED", True), 3: ("VOID", True)}


def test_draws_that_cannot_have_a_verdict_yet_are_pending_and_no_program_runs(audit: Audit) -> None:
    draft, selling, waiting = (
        Story(Plan(number=7)),
        Story(Plan(number=2)).open().sell(20),
        Story().open().sell().commit(),
    )
    audit.book(draft, "draft", number=None)
    audit.book(selling, "open")
    audit.book(waiting, "committed")
    audit.run(waiting.committed.round_time + 60)
    rows = audit.rows()
    assert {row["verdict"] for row in rows.values()} == {"pending"}
    assert {row["is_verified"] for row in rows.values()} == {None}
    assert rows[None]["words"] == "it is a draft"
    assert audit.started == 0


@pytest.mark.parametrize("with_bundle", [True, False])
def test_a_result_that_does_not_come_is_overdue_with_a_bundle_and_without(audit: Audit, with_bundle: bool) -> None:
    withheld = Story().open().sell().commit()
    audit.book(withheld, "committed")
    if with_bundle:
        audit.publish(withheld)
    audit.run(withheld.committed.round_time + 601)
    row = audit.rows()[1]
    assert (row["verdict"], row["is_verified"], audit.started) == ("OVERDUE", False, int(with_bundle))


def test_a_draw_that_was_never_committed_is_overdue_by_its_closing_time(audit: Audit) -> None:
    story = Story(BY_TIME).open().sell(12)
    audit.book(story, "open")
    due = story.opening.closes_at + story.opening.delay_s
    audit.run(due + 600)
    assert audit.rows()[1]["verdict"] == "pending"
    audit.run(due + 601)
    assert audit.rows()[1]["verdict"] == "OVERDUE"


def test_a_bundle_may_follow_its_result_by_minutes_and_not_by_more(audit: Audit) -> None:
    story = Story().open().sell().commit()
    before = story.case()
    audit.book(story.decide(), "decided")
    audit.publish(story, before)
    audit.run(story.at + 600)
    assert audit.rows()[1]["verdict"] == "pending"
    audit.run(story.at + 601)
    assert (audit.rows()[1]["verdict"], audit.rows()[1]["is_verified"]) == ("OVERDUE", False)


def test_a_decided_draw_without_a_bundle_or_with_a_damaged_one_has_no_verdict(audit: Audit) -> None:
    lost, cut, flipped = decided(), decided(Plan(number=2)), decided(Plan(number=3))
    for story in (lost, cut, flipped):
        audit.book(story, "decided")
    path = audit.publish(cut)
    path.write_bytes(path.read_bytes()[:-40])
    content = bytearray(flipped.case().bundle)
    content[-600] ^= 1  # among the tickets
    audit.publish(flipped).write_bytes(content)
    audit.run(cut.at + DAY_S)
    rows = audit.rows()
    assert {(row["verdict"], row["is_verified"]) for row in rows.values()} == {(None, None)}
    assert "no public bundle" in rows[1]["words"]
    assert "damaged" in rows[2]["words"]
    assert "damaged" in rows[3]["words"]


def test_a_whole_bundle_of_another_form_is_a_verdict_and_no_damage(audit: Audit) -> None:
    story = decided()
    audit.book(story, "decided")
    audit.publish(story, ATTACKS["a field of the manifest too many"].dishonest())
    audit.run(story.at + DAY_S)
    assert (audit.rows()[1]["verdict"], audit.rows()[1]["is_verified"]) == ("FORMAT", False)


def test_a_bundle_is_verified_once_until_it_the_keys_or_the_night_change(audit: Audit) -> None:
    story = decided()
    audit.book(story, "decided")
    path = audit.publish(story)
    at = story.at + DAY_S
    audit.run(at)
    first = audit.rows()[1]
    audit.run(at + 900)
    second = audit.rows()[1]
    assert audit.started == 1
    assert (second["verdict"], second["verified_at"]) == ("VALID", first["verified_at"])
    night = at + 20 * 3_600
    audit.run(night)
    assert audit.started == 2
    assert audit.rows()[1]["verified_at"] > first["verified_at"]
    path.write_bytes(ATTACKS["another winner"].dishonest().bundle)
    audit.run(night + 900)
    assert (audit.started, audit.rows()[1]["verdict"]) == (3, "WRONG-WINNERS")
    pinned = audit.settings.var / "other.json"
    pinned.write_text((audit.settings.log_dir / "policy.json").read_text().replace('"quorum":1', '"quorum":2'))
    audit.settings = audit.settings.model_copy(update={"draw_policy_file": pinned})
    audit.run(night + 1_800)
    assert (audit.started, audit.rows()[1]["is_policy_published"]) == (4, False)


def test_an_open_verdict_is_not_remembered(audit: Audit) -> None:
    story = Story().open().sell().commit()
    audit.book(story.decide(), "decided")
    audit.publish(story, Story().open().sell().commit().case())
    for _ in range(2):
        audit.run(story.at + DAY_S)
    assert (audit.rows()[1]["verdict"], audit.started) == ("OVERDUE", 2)


def test_a_verifier_that_takes_too_long_is_no_verdict_and_takes_none_back(audit: Audit) -> None:
    story = decided()
    audit.book(story, "decided")
    audit.publish(story)
    slow = "import time; time.sleep(60)"
    audit.program, honest, audit.seconds = slow, audit.program, 0.5
    audit.run(story.at + DAY_S)
    assert (audit.rows()[1]["verdict"], audit.rows()[1]["is_verified"]) == (None, None)
    assert "not done within" in audit.rows()[1]["words"]
    audit.program, audit.seconds = honest, 60.0
    audit.run(story.at + DAY_S)
    audit.program, audit.seconds = slow, 0.5
    audit.run(story.at + 2 * DAY_S)
    assert audit.rows()[1]["verdict"] == "VALID"
    assert "not done within" in audit.rows()[1]["words"]


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("sys.exit('out of order')", "out of order"),
        ("import os; os.kill(os.getpid(), 9)", "broke down"),
        ('print(\'{"verdict": "VALID", "exit": 0, "message": "", "facts": {}, "version": 2}\'); sys.exit(3)', "code 3"),
        ("bytearray(4 << 30)", "MemoryError"),
    ],
)
def test_a_verifier_that_breaks_down_is_no_verdict(audit: Audit, program: str, words: str) -> None:
    story = decided()
    audit.book(story, "decided")
    audit.publish(story)
    audit.program = program
    audit.run(story.at + DAY_S)
    assert audit.rows()[1]["verdict"] is None
    assert words in audit.rows()[1]["words"]


def test_a_proven_bundle_that_the_books_contradict_is_not_verified(audit: Audit) -> None:
    story = decided()
    audit.book(story, "decided", paid_count=0, free_count=31)
    audit.connection.execute("update raw_current.draw_winner set entry_index = entry_index + 1 where place = 1")
    audit.connection.execute("update raw_current.beacon_round set signature = 'other'::blob")
    audit.publish(story)
    audit.run(story.at + DAY_S)
    row = audit.rows()[1]
    assert (row["verdict"], row["is_verified"]) == ("VALID", False)
    for what in ("free 31", "paid 0", "winners [", f"the signature of round {story.committed.round_no} is another"):
        assert what in row["books_differ"]


def test_the_bundle_of_another_draw_proves_nothing_of_this_one(audit: Audit) -> None:
    story, other = decided(), decided(Plan(number=2))
    audit.book(story, "decided")
    audit.publish(story, other.case())
    audit.run(story.at + DAY_S)
    row = audit.rows()[1]
    assert (row["verdict"], row["is_verified"]) == ("VALID", False)
    assert "number 1, the bundle 2" in row["books_differ"]


def test_of_several_bundles_the_one_with_most_leaves_counts(audit: Audit) -> None:
    story = decided()
    audit.book(story, "decided")
    audit.publish(story, name="bundle-12-aa-1.zip")
    audit.publish(story, Story().open().case(), name="bundle-9-ff-3.zip")
    audit.run(story.at + DAY_S)
    assert audit.rows()[1]["verdict"] == "VALID"


def test_without_keys_nothing_has_a_verdict_and_the_row_says_what_is_missing(audit: Audit) -> None:
    story = decided()
    audit.book(story, "decided")
    audit.publish(story)
    (audit.settings.log_dir / "policy.json").unlink()
    audit.run(story.at + DAY_S)
    assert audit.rows()[1]["verdict"] is None
    assert "policy.json is not there" in audit.rows()[1]["words"]


def test_keys_are_kept_from_the_first_audit_on_whatever_is_published_later(audit: Audit) -> None:
    story = decided()
    audit.book(story, "decided")
    audit.publish(story)
    audit.run(story.at + DAY_S)
    audit.pin(policy(witnesses=()))
    audit.run(story.at + DAY_S)
    row = audit.rows()[1]
    assert (row["verdict"], row["is_policy_published"], audit.started) == ("VALID", False, 1)


def test_the_program_that_runs_is_the_draws_own_verifier(audit: Audit, tmp_path: Path) -> None:
    bundle, keys = tmp_path / "bundle.zip", tmp_path / "keys.json"
    story = decided()
    bundle.write_bytes(story.case().bundle)
    keys.write_bytes((audit.settings.log_dir / "policy.json").read_bytes())
    with bundle.open("rb") as file:
        told = Verifier().verify(file, keys, story.at + 60)
    assert (told.verdict, told.exit_code, told.facts["number"]) == ("VALID", 0, 1)
    with bundle.open("rb") as file:
        told = replace(Verifier(), memory_bytes=1 << 20).verify(file, keys, story.at + 60)
    assert told.verdict is None


def test_an_interrupted_audit_verifies_no_further_draws_and_leaves_the_last_one_as_it_was(audit: Audit) -> None:
    for number in range(1, 9):
        story = decided(Plan(number=number))
        audit.book(story, "decided")
        audit.publish(story)

    def interrupted(step: str, done: int | None = None, total: int | None = None) -> None:
        assert (step, total) == ("auditing draws", 8)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        audit.run(story.at + DAY_S, interrupted)
    assert audit.started <= 4
    assert audit.connection.execute(
        "select count(*) from duckdb_tables() where table_name = 'draw_audit'"
    ).fetchone() == (0,)
