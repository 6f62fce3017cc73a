"""A bundle that is not in the form of the document is refused as such, wherever it departs from it."""

import base64
import io
import json
import struct
import warnings
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from mingsuan import draw_verifier
from tests.draws.cheats import leaf_with, with_members
from tests.draws.memory_log import LOG
from tests.draws.verdicts import verdict_of
from tests.draws.worlds import Case, Plan, Story, decided, edited, policy, zipped
from transactional.canonical_json import canonical
from transactional.draws import leaves
from transactional.draws.leaves import MOST_BYTES

HONEST = decided()
CASE = HONEST.case()
NOTE = HONEST.published[-1].text


def manifest_with(change: Callable[[dict[str, Any]], object]) -> Case:
    def edit(manifest: dict[str, Any]) -> None:
        change(manifest)

    return replace(CASE, bundle=edited(CASE.bundle, edit))


def checkpoint_as(text: str) -> Case:
    return manifest_with(lambda manifest: manifest.update(checkpoint=text))


def first_proof_as(proof: object) -> Case:
    return manifest_with(lambda manifest: manifest["leaves"][0].update(proof=proof))


def said(*bodies: str, plan: Plan | None = None) -> Case:
    """A log that holds these leaves, and a bundle of them."""
    story = Story(plan or Plan())
    for body in bodies:
        story.say(body)
    return story.publish().case()


OPENING = leaves.opening(Plan().opening())


def batch_with(**changes: object) -> Case:
    body = json.loads(
        leaves.batch(Plan().draw_id, 0, 6, bytes(32), [("free", 3), ("paid", 3)], Plan().opening().opened_at)
    )
    return said(OPENING, canonical({**body, **changes}).decode())


def another_draws_leaf() -> Case:
    return said(OPENING, leaves.void(Plan(number=2).draw_id, "cancelled", "no", 0))


def oversized_leaf() -> Case:
    body = json.loads(OPENING)
    return said(canonical({**body, "house_rule": "x" * MOST_BYTES}).decode())


def leaves_turned_round(manifest: dict[str, Any]) -> None:
    first, second, *others = manifest["leaves"]
    manifest["leaves"] = [first, others[0], second, *others[1:]]


def compressed() -> Case:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in HONEST.members().items():
            archive.writestr(name, content)
    return replace(CASE, bundle=file.getvalue())


def twice() -> Case:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, content in [*HONEST.members().items(), ("rules.txt", b"other rules")]:
            archive.writestr(name, content)
    return replace(CASE, bundle=file.getvalue())


def encrypted() -> Case:
    """The flag of the first member in the directory says so."""
    bundle = bytearray(CASE.bundle)
    bundle[bundle.index(b"PK\1\2") + 8] |= 1
    return replace(CASE, bundle=bytes(bundle))


def spoilt(change: Callable[[bytes, int], bytes]) -> Case:
    """The archive with another end; told where its list begins."""
    bundle = CASE.bundle
    return replace(CASE, bundle=change(bundle, int.from_bytes(bundle[-6:-2], "little")))


def counting(members: int) -> Case:
    """The archive's end tells another number of members."""
    return replace(CASE, bundle=CASE.bundle[:-14] + members.to_bytes(2, "little") * 2 + CASE.bundle[-10:])


def with_list(bundle: bytes, at: int, listed: bytes) -> bytes:
    """The archive with another list of its members."""
    end = bundle[-22:-10] + len(listed).to_bytes(4, "little") + at.to_bytes(4, "little") + bytes(2)
    return bundle[:at] + listed + end


def with_two_draws(bundle: bytes, at: int) -> bytes:
    """The list's last entry hides, as its comment, another list of another draw's members, for who reads ZIP64."""
    other = decided(Plan(number=2)).case().bundle
    other_at = int.from_bytes(other[-6:-2], "little")
    members = bundle[:at] + other[:other_at]
    mine, theirs = bundle[at:-22], _moved(other[other_at:-22], at)
    hidden_at = len(members) + len(mine)
    wide = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 3, 3, len(theirs), hidden_at)
    hidden = theirs + wide + struct.pack("<4sLQL", b"PK\6\7", 0, hidden_at + len(theirs), 1)
    last = mine.rindex(b"PK\1\2")
    mine = mine[: last + 32] + len(hidden).to_bytes(2, "little") + mine[last + 34 :] + hidden
    return with_list(members + bundle[at:], len(members), mine)


def _moved(listed: bytes, by: int) -> bytes:
    """A list whose members stand further behind."""
    first, *entries = listed.split(b"PK\1\2")
    places = [int.from_bytes(each[38:42], "little") + by for each in entries]
    moved = [each[:38] + at.to_bytes(4, "little") + each[42:] for each, at in zip(entries, places, strict=True)]
    return b"PK\1\2".join([first, *moved])


def extra_in_list(bundle: bytes, at: int) -> bytes:
    """The first entry's ZIP64 field says that its content is beyond everything."""
    listed, extra = bundle[at:-22], struct.pack("<HHQ", 1, 8, 2**64 - 1)
    name = 46 + int.from_bytes(listed[28:30], "little")
    first = listed[:30] + len(extra).to_bytes(2, "little") + listed[32:42] + b"\xff" * 4 + listed[46:name] + extra
    return with_list(bundle, at, first + listed[name:])


def written_wide() -> Case:
    """As a writer does that does not know the size beforehand: sizes in the member's own ZIP64 field."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in HONEST.members().items():
            with archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as member:
                member.write(content)
    return replace(CASE, bundle=file.getvalue())


def altered_on_disk() -> Case:
    """The archive's own check sum no longer fits."""
    bundle = bytearray(CASE.bundle)
    place = bundle.index(HONEST.tickets[0])
    bundle[place] ^= 1
    return replace(CASE, bundle=bytes(bundle))


def member_as(name: str, content: bytes) -> Case:
    return with_members(lambda members: {**members, name: content})


def two_replacements() -> Case:
    story = decided()
    body = json.loads(story.forfeiting(story.winners()[0], None))
    body["replacement"] = [story.opened(index).fields() for index in story.reserves()[:2]]
    return story.say(canonical(body).decode()).publish().case()


BODY, LINES = NOTE.split("\n\n")
ORIGIN, SIZE, ROOT = BODY.split("\n")
SHORT = base64.b64encode(bytes(31)).decode()
LOOSE = base64.b64encode(bytes(32)).decode().replace("A=", "B=")
LOOSE_LINE = base64.b64encode(bytes(72)).decode()
NOT_SIGNED = f"— {LOG.name} {base64.b64encode(bytes(4)).decode()}\n"
CASES: Mapping[str, Callable[[], Case]] = {
    "an empty file": lambda: replace(CASE, bundle=b""),
    "no archive": lambda: replace(CASE, bundle=b"PK" + bytes(200)),
    "no manifest": lambda: replace(CASE, bundle=zipped({"rules.txt": b"rules"})),
    "no rules": lambda: with_members(lambda m: {name: content for name, content in m.items() if name != "rules.txt"}),
    "a member twice": twice,
    "compressed members": compressed,
    "an encrypted member": encrypted,
    "junk in front of the archive": lambda: replace(CASE, bundle=b"junk" + CASE.bundle),
    "a comment of the archive": lambda: replace(CASE, bundle=CASE.bundle[:-2] + b"\3\0abc"),
    "junk before the archive's list": lambda: spoilt(
        lambda bundle, at: with_list(bundle[:at] + b"junk" + bundle[at:], at + 4, bundle[at:-22])
    ),
    "an entry of the list too few": lambda: counting(2),
    "an entry of the list too many": lambda: counting(4),
    "two draws in one archive": lambda: spoilt(with_two_draws),
    "a member that is beyond everything": lambda: spoilt(extra_in_list),
    "a member of another name where it stands": lambda: replace(
        CASE, bundle=CASE.bundle.replace(b"rules.txt", b"Rules.txt", 1)
    ),
    "tickets that the disk altered": altered_on_disk,
    "rules that are no text": lambda: member_as("rules.txt", b"\xff\xfe"),
    "rules without end": lambda: member_as("rules.txt", bytes((1 << 20) + 1)),
    "a manifest that is no JSON": lambda: member_as("manifest.json", b"{"),
    "a manifest that is no object": lambda: member_as("manifest.json", b"[]"),
    "leaves that are no array": lambda: manifest_with(lambda m: m.update(leaves={})),
    "no leaves": lambda: manifest_with(lambda m: m.update(leaves=[])),
    "a leaf that is no string": lambda: manifest_with(lambda m: m["leaves"][0].update(leaf=7)),
    "an index below zero": lambda: manifest_with(lambda m: m["leaves"][0].update(index=-1)),
    "leaves out of order": lambda: manifest_with(leaves_turned_round),
    "a proof that is no array": lambda: first_proof_as("x"),
    "a step that is no base64": lambda: first_proof_as(["*"]),
    "a step of other letters": lambda: first_proof_as(["é"]),
    "a step with loose bits": lambda: first_proof_as([LOOSE]),
    "a witnessed checkpoint without its proof": lambda: manifest_with(lambda m: m["witnessed"].pop("consistency")),
    "a checkpoint without signatures": lambda: checkpoint_as(BODY + "\n"),
    "a checkpoint that ends early": lambda: checkpoint_as(NOTE[:-1]),
    "a checkpoint of two lines": lambda: checkpoint_as(f"{ORIGIN}\n{SIZE}\n\n{LINES}"),
    "a checkpoint with an empty line": lambda: checkpoint_as(f"{ORIGIN}\n\n{SIZE}\n{ROOT}\n\n{LINES}"),
    "a checkpoint with a control character": lambda: checkpoint_as(f"{BODY}\nnote\r\n\n{LINES}"),
    "a size with a nought before it": lambda: checkpoint_as(f"{ORIGIN}\n0{SIZE}\n{ROOT}\n\n{LINES}"),
    "a size in other digits": lambda: checkpoint_as(f"{ORIGIN}\n٧\n{ROOT}\n\n{LINES}"),
    "a size below zero": lambda: checkpoint_as(f"{ORIGIN}\n-7\n{ROOT}\n\n{LINES}"),
    "a size without end": lambda: checkpoint_as(f"{ORIGIN}\n{'9' * 6_000}\n{ROOT}\n\n{LINES}"),
    "a size of sixteen digits that is too large": lambda: checkpoint_as(f"{ORIGIN}\n{2**53}\n{ROOT}\n\n{LINES}"),
    "a blank line before an extension": lambda: checkpoint_as(f"{BODY}\n\nmore\n\n{LINES}"),
    "a signer with a space in the name": lambda: checkpoint_as(f"{NOTE}— a\u3000b {LOOSE_LINE}\n"),
    "more lines than a checkpoint has": lambda: checkpoint_as(NOTE + f"— stranger {LOOSE_LINE}\n" * 95),
    "a checkpoint without end": lambda: checkpoint_as(f"{BODY}\n{'x' * 65_536}\n\n{LINES}"),
    "a root that is too short": lambda: checkpoint_as(f"{ORIGIN}\n{SIZE}\n{SHORT}\n\n{LINES}"),
    "a signature without a dash": lambda: checkpoint_as(NOTE.replace("— ", "- ", 1)),
    "a signature that is no base64": lambda: checkpoint_as(f"{BODY}\n\n— {LOG.name} *\n"),
    "a signature of an id alone": lambda: checkpoint_as(f"{BODY}\n\n{NOT_SIGNED}"),
    "an opening with fewer fields": lambda: said(json.dumps({"type": "draw-open/v1"}, separators=(",", ":"))),
    "a leaf that is no object": lambda: said("[]"),
    "a leaf of a type that is no string": lambda: said('{"type":[]}'),
    "a seal of the ledger": lambda: said(OPENING, leaves.seal(1, bytes(32))),
    "a leaf that is too long": oversized_leaf,
    "no opening": lambda: said(leaves.void(Plan().draw_id, "cancelled", "no", 0)),
    "the leaf of another draw": another_draws_leaf,
    "a draw that never ends": lambda: leaf_with(capacity=0),
    "a draw without winners": lambda: leaf_with(winners=0),
    "a number as text": lambda: leaf_with(winners="2"),
    "a prize that is no object": lambda: leaf_with(prize="phone"),
    "a prize without a value": lambda: leaf_with(prize={"item": "x", "name": "y"}),
    "an id in capitals": lambda: leaf_with(draw_id="AB" * 16),
    "an id with spaces": lambda: leaf_with(draw_id=" ".join(["ab"] * 16)),
    "a hash that is too short": lambda: leaf_with(rules_sha256="ab" * 31),
    "a pack of one number": lambda: leaf_with(bundles=[[12]]),
    "a pack of nothing": lambda: leaf_with(bundles=[[12, 0]]),
    "runs of nothing": lambda: batch_with(runs=[]),
    "runs that are no array": lambda: batch_with(runs={}),
    "a run of no known kind": lambda: batch_with(runs=[["lucky", 6]]),
    "a run without a count": lambda: batch_with(runs=[["free"]]),
    "a run of nobody": lambda: batch_with(runs=[["free", 0], ["paid", 6]]),
    "runs of more than there can be": lambda: batch_with(
        runs=[["free" if place % 2 else "paid", 2**53 - 1] for place in range(2_050)]
    ),
    "entries beyond what a draw has": lambda: batch_with(first=100_000_000 - 5),
    "two who step in for one": two_replacements,
    "a batch of nobody": lambda: batch_with(count=0),
}


@pytest.mark.parametrize("name", CASES)
def test_what_has_not_the_form_is_refused_as_such(name: str) -> None:
    outcome = verdict_of(CASES[name]())
    assert outcome.code == "FORMAT", outcome.message
    assert [step.state for step in outcome.steps][:2] == ["failed", "not reached"] or "tickets.bin" in outcome.message


def test_their_honest_twins_have_the_form() -> None:
    assert verdict_of(CASE).code == "VALID"
    assert verdict_of(said(OPENING)).code == "OPEN"
    assert verdict_of(leaf_with()).code == "OPEN"
    assert verdict_of(batch_with()).code == "OPEN"
    assert verdict_of(written_wide()).code == "VALID"
    assert verdict_of(checkpoint_as(NOTE + f"— stranger {LOOSE_LINE}\n" * 94)).code == "VALID"


def test_entries_up_to_the_most_that_a_draw_has_are_of_the_form() -> None:
    assert verdict_of(batch_with(first=100_000_000 - 6)).code == "GAPS"


def test_a_manifest_that_would_only_fill_the_memory_is_not_read() -> None:
    with pytest.raises(draw_verifier.FaultError, match="brackets"):
        draw_verifier.manifest_of(b"[" + b"[]," * 30_000 + b"[]]")


def test_whatever_goes_wrong_within_a_check_is_a_fault_of_the_bundle() -> None:
    def broken() -> None:
        raise OverflowError

    steps, failed = draw_verifier.run_all([draw_verifier.Check("it holds", broken)])
    assert (steps[0].state, failed and failed.code) == ("failed", "FORMAT")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("log", "draws.example/log"),
        ("log", LOG.vkey + "A"),
        ("log", "a\u3000b+" + LOG.vkey.split("+", 1)[1]),
        ("log", "a b+" + LOG.vkey.split("+", 1)[1]),
        ("witnesses", [{"key": policy()["witnesses"][0]["key"], "test": 2}]),
        ("witnesses", [{"key": policy()["witnesses"][0]["key"], "test": True}]),
        ("chains", [{**policy()["chains"][0], "period": 0}]),
        ("chains", [{**policy()["chains"][0], "public_key": "00"}]),
    ],
)
def test_a_policy_that_is_half_understood_is_not_used(field: str, value: object) -> None:
    with pytest.raises(draw_verifier.FaultError) as refused:
        draw_verifier.policy_of(canonical({**policy(), field: value}))
    assert refused.value.code == "USAGE"
