"""Each attack on a draw is caught by the offline verifier with its own code, while its honest twin passes."""

import pytest

from mingsuan.draw_verifier import EXITS
from tests.draws.attacks import ATTACKS
from tests.draws.verdicts import verdict_of

NEVER_OF_A_BUNDLE = {"USAGE", "NUMBER-GAP", "BAD-TILES"}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_caught_while_its_honest_twin_passes(name: str) -> None:
    attack = ATTACKS[name]
    dishonest, honest = verdict_of(attack.dishonest()), verdict_of(attack.honest())
    assert (dishonest.code, honest.code) == (attack.code, attack.honest_code), (dishonest.message, honest.message)


def test_every_verdict_on_a_bundle_is_tried() -> None:
    tried = {code for attack in ATTACKS.values() for code in (attack.code, attack.honest_code)}
    assert tried | {"TEST"} == set(EXITS) - NEVER_OF_A_BUNDLE
