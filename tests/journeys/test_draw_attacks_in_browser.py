"""Each attack on a draw is caught by the browser's verifier with the document's code, while its honest twin passes."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.draws.attacks import ATTACKS
from tests.draws.worlds import Case, Plan, Story, decided, policy
from tests.journeys.conftest import started
from tests.journeys.verifier_in_chromium import Verdict, verdict, verifier_page
from transactional.draws.chains import TEST

pytestmark = [pytest.mark.proof, pytest.mark.journey, pytest.mark.enable_socket, pytest.mark.xdist_group("journeys")]
NO_FAULTS = {"VALID", "VALID-UNTIMED", "TEST", "OPEN", "OVERDUE", "VOID", "VOID-UNTIMED"}


@pytest.fixture(scope="module")
def page(chromium: str) -> Iterator[Page]:
    with started(chromium) as chrome, verifier_page(chrome) as opened:
        yield opened


@pytest.fixture(scope="module")
def honest(page: Page) -> dict[str, Verdict]:
    """Verdicts on honest twins by what was verified; most attacks have the same twin."""
    return {}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_caught_while_its_honest_twin_passes(page: Page, name: str, honest: dict[str, Verdict]) -> None:
    attack = ATTACKS[name]
    found, twin = verdict(page, attack.dishonest()), _twin(page, attack.honest(), honest)
    assert (found.code, twin.code) == (attack.code, attack.honest_code), (found.words, twin.words)
    failed = [code for code, state in found.steps.items() if state == "failed"]
    assert failed == ([] if attack.code in NO_FAULTS else [attack.code])
    assert set(twin.steps.values()) <= {"passed", "absent"}


def _twin(page: Page, case: Case, known: dict[str, Verdict]) -> Verdict:
    if repr(case) not in known:
        known[repr(case)] = verdict(page, case)
    return known[repr(case)]


@pytest.mark.parametrize("test", [policy(test_chain=1), policy(test_witness=1)], ids=["chain", "witness"])
def test_what_is_simulated_is_never_green(page: Page, test: dict[str, object]) -> None:
    assert verdict(page, decided().case(policy=test)).code == "TEST"


def test_the_test_chain_is_a_test(page: Page) -> None:
    assert verdict(page, decided(Plan(chain=TEST, delay_s=60)).case()).code == "TEST"


def test_a_draw_that_is_going_on_shows_which_steps_are_still_to_come(page: Page) -> None:
    steps = verdict(page, Story().open().sell(10).case()).steps
    assert steps["GAPS"] == "passed"
    assert steps["WRONG-WINNERS"] == steps["TICKETS-WITHHELD"] == "absent"


def test_reserves_pass_over_the_entries_of_the_house(page: Page) -> None:
    story = decided(Plan(kinds=("house", "free")))
    naive = list(story.order())[story.plan.winners :][: story.plan.reserves]
    assert story.reserves() != naive
    assert verdict(page, story.case()).code == "VALID"


@pytest.mark.proof
def test_a_million_entries_are_verified_in_a_worker_that_tells_of_its_progress(page: Page, full_counts: bool) -> None:
    entries = 1_000_000 if full_counts else 20_000
    found = verdict(page, decided(Plan(entries=entries, range_size=entries // 500)).case())
    waiting = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
    print(f"{entries:,} entries in the browser: {found.ms / 1000:.1f} s at {waiting:.1f} who want each core")  # noqa: T201
    assert (found.code, found.told) == ("VALID", 101)
