"""Two verifiers that share no code, nor a language, say the same of every bundle: whatever is spoilt, and wherever."""

import base64
import io
import json
import random
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.draws.test_forms import CASES
from tests.draws.verdicts import verdict_of
from tests.draws.worlds import Case, Plan, Story, decided, edited
from tests.journeys.conftest import started
from tests.journeys.verifier_in_chromium import verdict, verifier_page
from transactional.canonical_json import canonical

pytestmark = [pytest.mark.proof, pytest.mark.journey, pytest.mark.enable_socket, pytest.mark.xdist_group("journeys")]
ODD: list[Any] = [True, -1, 0, 1, 2, 3, 2**53 - 1, 2**53, "", "x", "00", "ab" * 32, [], {}, [[]], [1], {"a": 1}]
STEPS = [-1, 1, 2, -2, 60, -60, 3_600, 86_400]


@pytest.fixture(scope="module")
def page(chromium: str) -> Iterator[Page]:
    with started(chromium) as chrome, verifier_page(chrome) as opened:
        yield opened


@pytest.fixture(scope="module")
def story() -> Story:
    """With a leaf of nearly every type."""
    told = decided(Plan(winners=3))
    return told.forfeit(told.winners()[0]).deliver(told.reserves()[0]).deliver(told.winners()[1])


def spoil(chance: random.Random, where: Any) -> None:
    """Changes, removes or replaces one value somewhere within an object or array."""
    key = chance.choice(sorted(where) if isinstance(where, dict) else range(len(where)))
    value = where[key]
    if isinstance(value, dict | list) and value and chance.random() < 0.6:
        spoil(chance, value)
    elif chance.random() < 0.35 and type(value) is int:
        where[key] = value + chance.choice(STEPS)
    elif chance.random() < 0.35 and isinstance(value, str) and len(value) > 8:
        place = chance.randrange(len(value))
        where[key] = value[:place] + chance.choice("0123456789abcdefA") + value[place + 1 :]
    elif chance.random() < 0.2:
        del where[key]
    else:
        where[key] = chance.choice(ODD)


def with_spoilt_leaf(story: Story, chance: random.Random) -> Case:
    """The log holds it so, and a witness saw it: only what it says is wrong."""
    spoilt = chance.randrange(len(story.log.leaves))
    told = Story(story.plan, tickets=story.tickets, commitment=story.commitment)
    for place, body in enumerate(story.log.leaves):
        content = json.loads(body)
        if place == spoilt:
            spoil(chance, content)
        told.say(canonical(content).decode())
    seen_at = chance.choice([story.committed.round_time - 200, story.at + 5])
    return told.publish(at=seen_at).case(now=story.at + 100)


def with_spoilt_manifest(story: Story, chance: random.Random) -> Case:
    case = story.case()
    return Case(edited(case.bundle, lambda manifest: spoil(chance, manifest)), case.policy, case.now)


def _in_list(case: Case, at: int, value: bytes) -> Case:
    """Other bytes in the first entry of the archive's list."""
    bundle = bytearray(case.bundle)
    entry = bundle.index(b"PK\1\2") + at
    bundle[entry : entry + len(value)] = value
    return replace(case, bundle=bytes(bundle))


def _at_end(case: Case, at: int, value: bytes) -> Case:
    end = len(case.bundle) - 22 + at
    return replace(case, bundle=case.bundle[:end] + value + case.bundle[end + len(value) :])


def _longer_list(case: Case) -> Case:
    """One more byte between the list and its end, which tells of it."""
    length = int.from_bytes(case.bundle[-10:-6], "little") + 1
    return replace(
        case, bundle=case.bundle[:-22] + b"\0" + case.bundle[-22:-10] + length.to_bytes(4, "little") + case.bundle[-6:]
    )


def _with_lines(case: Case, count: int, name: str = "stranger") -> Case:
    """The checkpoint has so many more lines that a reader passes over."""
    line = f"— {name} {base64.b64encode(bytes(68)).decode()}\n"
    return replace(
        case, bundle=edited(case.bundle, lambda told: told.update(checkpoint=told["checkpoint"] + line * count))
    )


ARCHIVES: dict[str, Callable[[Case], Case]] = {
    "a comment": lambda case: replace(case, bundle=case.bundle[:-2] + b"\2\0PK"),
    "junk in front": lambda case: replace(case, bundle=b"#!" + case.bundle),
    "junk at the end": lambda case: replace(case, bundle=case.bundle + b"\0"),
    "a gap before the list's end": _longer_list,
    "a part of several": lambda case: _at_end(case, 4, b"\1"),
    "two counts": lambda case: _at_end(case, 8, b"\2"),
    "a member fewer in the list": lambda case: _at_end(case, 8, b"\2\0\2\0"),
    "a size that is not the packed one": lambda case: _in_list(case, 24, b"\1"),
    "a check sum that is not where the member stands": lambda case: _in_list(case, 16, bytes(4)),
    "an extra field in the list": lambda case: _in_list(case, 30, b"\4"),
    "a member elsewhere": lambda case: _in_list(case, 42, b"\1"),
    "flags nobody needs": lambda case: _in_list(case, 8, b"\10"),
    "a checkpoint of too many lines": lambda case: _with_lines(case, 100),
    "a checkpoint that is too long": lambda case: _with_lines(case, 40, "x" * 2_000),
    "a line of a name with a wide space": lambda case: _with_lines(case, 1, "a\u3000b"),
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_what_could_be_read_in_two_ways_is_read_by_nobody(page: Page, name: str) -> None:
    case = ARCHIVES[name](decided().case())
    assert (verdict_of(case).code, verdict(page, case).code) == ("FORMAT", "FORMAT")


def test_lines_of_strangers_are_passed_over(page: Page) -> None:
    case = _with_lines(decided().case(), 40)
    assert (verdict_of(case).code, verdict(page, case).code) == ("VALID", "VALID")


def _at_its_member(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    with archive.open(zipfile.ZipInfo(name), "w", force_zip64=name == "tickets.bin") as member:
        member.write(content)


def test_a_ticket_file_that_leaves_room_for_a_wide_size_is_read(page: Page) -> None:
    file, honest = io.BytesIO(), decided()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in honest.members().items():
            _at_its_member(archive, name, content)
    case = replace(honest.case(), bundle=file.getvalue())
    assert (verdict_of(case).code, verdict(page, case).code) == ("VALID", "VALID")


def test_a_checkpoint_of_another_size_is_not_said_to_agree(page: Page) -> None:
    story = decided()
    elsewhere = story.log.checkpoint(2, (), story.at)
    found = verdict(page, story.case(seen=(elsewhere,)))
    assert (found.code, found.steps["SPLIT-VIEW"]) == ("VALID", "absent")
    assert "2 leaves was not compared" in found.words


@pytest.mark.parametrize("name", CASES)
def test_what_has_not_the_form_has_it_nowhere(page: Page, name: str) -> None:
    found = verdict(page, CASES[name]())
    assert found.code == "FORMAT", found.words


def test_whatever_is_spoilt_both_name_it_alike(page: Page, story: Story, full_counts: bool) -> None:
    met = set[str]()
    for number in range(1_000 if full_counts else 60):
        chance = random.Random(number)  # noqa: S311
        case = (with_spoilt_leaf if number % 2 else with_spoilt_manifest)(story, chance)
        here, there = verdict_of(case), verdict(page, case)
        assert here.code == there.code, (number, here.message, there.words)
        met.add(here.code)
    assert len(met) >= 5
