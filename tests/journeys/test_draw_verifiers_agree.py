"""Two verifiers that share no code, nor a language, say the same of every bundle: whatever is spoilt, and wherever."""

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.draws.test_forms import CASES
from tests.draws.verdicts import verdict_of
from tests.draws.worlds import Case, Plan, Story, decided, edited
from tests.journeys.conftest import started
from tests.journeys.verifier_in_chromium import verdict, verifier_page
from transactional.canonical_json import canonical

pytestmark = [pytest.mark.journey, pytest.mark.enable_socket, pytest.mark.xdist_group("journeys")]
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
