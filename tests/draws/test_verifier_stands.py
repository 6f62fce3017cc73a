"""No bundle, however broken, brings the verifier down or gets more out of it than it deserves."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mingsuan.draw_verifier import EXITS
from tests.draws.verdicts import verdict_of
from tests.draws.worlds import Case, Plan, Story, decided, edited, unzipped
from transactional.canonical_json import canonical

HONEST = decided().case()
LEAVES = decided().log.leaves
ODD: list[Any] = [None, True, -1, 0, 1, 2**53, 2**200, "", "x", "00", "ab" * 32, [], {}, [[]], [None], {"a": 1}, 1.5]


def told(bundle: bytes) -> str:
    code = verdict_of(Case(bundle, HONEST.policy, HONEST.now)).code
    assert code in EXITS
    return code


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_a_byte_that_changed_is_noticed_or_means_nothing(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(HONEST.bundle) - 1))
    bundle = bytearray(HONEST.bundle)
    bundle[place] ^= data.draw(st.integers(1, 255))
    assert told(bytes(bundle)) != "VALID" or unzipped(bytes(bundle)) == unzipped(HONEST.bundle)


@settings(max_examples=40, deadline=None)
@given(cut=st.integers(0, len(HONEST.bundle) - 1))
def test_half_a_bundle_is_no_bundle(cut: int) -> None:
    assert told(HONEST.bundle[:cut]) == "FORMAT"


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_an_odd_value_anywhere_in_the_manifest_is_refused(data: st.DataObject) -> None:
    def spoil(manifest: dict[str, Any]) -> None:
        where: Any = manifest
        while True:
            key = data.draw(st.sampled_from(sorted(where) if isinstance(where, dict) else range(len(where))))
            if isinstance(where[key], dict | list) and where[key] and data.draw(st.booleans()):
                where = where[key]
                continue
            where[key] = data.draw(st.sampled_from([value for value in ODD if value != where[key]]))
            return

    changed = edited(HONEST.bundle, spoil)
    unwitnessed = json.loads(unzipped(changed)["manifest.json"])["witnessed"] == {}
    assert told(changed) not in ({"VALID", "TEST"} if unwitnessed else {"VALID", "VALID-UNTIMED", "TEST"})


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_a_leaf_that_says_something_odd_is_answered_with_a_verdict(data: st.DataObject) -> None:
    """The log has it so: only what it says is wrong."""
    place = data.draw(st.integers(0, len(LEAVES) - 1))
    body = json.loads(LEAVES[place])
    body[data.draw(st.sampled_from(sorted(body)))] = data.draw(st.sampled_from(ODD))
    story = Story(Plan())
    for position, text in enumerate(LEAVES):
        story.say(canonical(body).decode() if position == place else text)
    story.tickets = decided().tickets
    story.commitment = decided().commitment
    code = verdict_of(story.publish(at=HONEST.now - 900).case(now=HONEST.now)).code
    assert code not in ("VALID", "TEST") or canonical(body).decode() == LEAVES[place]
