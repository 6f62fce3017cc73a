"""Every way to cheat in a draw that a reader of its bundle must catch, each beside its honest twin.

Nothing here verifies: `ATTACKS` is run against every verifier there is.
"""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import py_arkworks_bls12381 as bls

from tests.draws.memory_log import LOG, LOG_TYPE, WITNESS, WITNESS_TYPE, MemoryLog, Signer, cosignature
from tests.draws.worlds import (
    OPENED_AT,
    REAL,
    Case,
    Plan,
    Story,
    decided,
    edited,
    policy,
    root_of,
    signed_round,
    unzipped,
    zipped,
)
from transactional.canonical_json import canonical
from transactional.draws import leaves
from transactional.draws.chains import TEST

Told = Callable[[], Case]
BY_TIME = Plan(closes_after=3_600)
ORDER = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001
"""Of the group in which the beacon's signatures lie."""


@dataclass(frozen=True)
class Attack:
    """What a cheat would have verified, the verdict that must meet it, and what an honest shop would have shown."""

    dishonest: Told
    code: str
    honest: Told = lambda: decided().case()
    honest_code: str = "VALID"


def malleated(signature: bytes, times: int = 1) -> bytes:
    """The signature plus a point of the curve outside the group: the bare pairing holds for it."""
    outside = bls.G1Point.from_compressed_bytes_unchecked(b"\x80" + bytes(46) + b"\x04")
    torsion = outside * bls.Scalar(ORDER - 1) + outside
    point = bls.G1Point.from_compressed_bytes(signature)
    for _ in range(times):
        point += torsion
    altered: bytes = point.to_compressed_bytes()
    return altered


def sold(plan: Plan | None = None) -> Story:
    return Story(plan or Plan()).open().sell()


def committed(lie: Callable[[leaves.Commitment], leaves.Commitment]) -> Case:
    """Decided after a commitment that says something else."""
    return sold().commit(lie).decide().case()


def decided_as(**lies: Any) -> Case:
    """Decided with a result that says something else."""
    return sold().commit().decide(lambda says: {**says, **lies}).case()


def rewritten(edit: Callable[[dict[str, Any]], None], story: Story | None = None, **given: Any) -> Case:
    """An honest bundle whose manifest somebody edited."""
    case = (story or decided()).case(**given)
    return replace(case, bundle=edited(case.bundle, edit))


def with_members(change: Callable[[dict[str, bytes]], Mapping[str, bytes]]) -> Case:
    """An honest bundle whose members somebody exchanged."""
    case = decided().case()
    return replace(case, bundle=zipped(change(unzipped(case.bundle))))


def without(name: str) -> Case:
    return with_members(lambda members: {each: content for each, content in members.items() if each != name})


def late_commit() -> Case:
    """It says the truth about the newest round, which appeared 59 s before the deciding one."""
    return committed(lambda says: _fresh(says, REAL.pace.round_at(says.round_time - 59)))


def knowing_commit() -> Case:
    """It was made when the deciding round was there."""
    return committed(lambda says: _fresh(says, says.round_no))


def commit_in_time() -> Case:
    """The newest round that it knows appeared 61 s before the deciding one."""
    return committed(lambda says: _fresh(says, REAL.pace.round_at(says.round_time - 61)))


def _fresh(says: leaves.Commitment, number: int) -> leaves.Commitment:
    return replace(says, fresh_round=number, fresh_signature=signed_round(number))


def commit_after_result() -> Case:
    """The log has the result first."""
    story = sold().commit()
    commitment = story.log.leaves.pop()
    story.log.hashes.pop()
    story.positions.pop()
    story.published.pop()
    return story.decide().say(commitment).publish().case()


def backdated_commit(delay_s: int = 59) -> Case:
    """Nobody saw it until `delay_s` before its round; the log calls it old."""
    story = sold().commit(publish=False)
    return story.publish(story.committed.round_time - delay_s).decide().case()


def unwitnessed_commit() -> Case:
    story = sold().commit(publish=False).publish(witnesses=())
    return story.decide().case()


def half_a_quorum() -> Case:
    """Two witnesses are asked for; one saw it in time."""
    story = sold().commit().decide()
    return story.case(policy=policy(TWO, 2))


def whole_quorum() -> Case:
    story = sold().commit(publish=False).publish(witnesses=TWO)
    return story.decide().case(policy=policy(TWO, 2))


TWO = (WITNESS, Signer("witness.example/two", WITNESS_TYPE))


def shopped_result() -> Case:
    """The next round's winners were nicer."""
    story = sold().commit()
    later = story.committed.round_no + 1
    story.decide(lambda says: {**says, "round_no": later, "signature": signed_round(later)})
    return story.case()


def ground_winner(times: int) -> Case:
    """One of the forged signatures for which the operator's favourite wins."""
    story = sold().commit()
    return story.decide(signature=malleated(signed_round(story.committed.round_no), times)).case()


def entries_committed(change: Callable[[list[bytes]], list[bytes]]) -> Case:
    """The committed tree is of other entries than the batches and the file."""
    story = sold()
    root = root_of(story.plan.draw_id, change(list(story.tickets)))
    return story.commit(lambda says: replace(says, entries_root=root)).decide().case()


def file_exchanged(change: Callable[[bytes], bytes]) -> Case:
    return with_members(lambda members: {**members, "tickets.bin": change(members["tickets.bin"])})


def batches_told(lie: Callable[[dict[str, Any]], dict[str, Any]], plan: Plan | None = None) -> Case:
    return Story(plan or Plan()).open().sell(lie=lie).commit().decide().case()


def doubled_index(says: dict[str, Any]) -> dict[str, Any]:
    return {**says, "first": says["first"] - 1} if says["first"] == 12 else says


def left_out_index(says: dict[str, Any]) -> dict[str, Any]:
    return {**says, "first": says["first"] + 1} if says["first"] == 12 else says


def moved_between_batches(says: dict[str, Any]) -> dict[str, Any]:
    """One free entry more in the first batch and one less in the second: the totals agree."""
    moved = {0: 1, 12: -1}.get(says["first"], 0)
    (kind, count), *others = says["runs"]
    return {**says, "runs": [(kind, count + moved), *others]}


def reordered() -> Case:
    """Two entries change places after their batch was logged."""
    story = sold()
    story.tickets[3], story.tickets[4] = story.tickets[4], story.tickets[3]
    return story.commit().decide().case()


def second_commit() -> Case:
    """The first one's winner did not please."""
    story = sold().commit().decide()
    story.commitment = replace(story.committed, fresh_round=story.committed.fresh_round - 1)
    return story.say(leaves.commitment(story.commitment)).publish().case()


def second(kind: str) -> Case:
    """A leaf of a kind that comes once, again."""
    story = decided()
    body = next(story.log.leaves[at] for at in story.positions if f'"type":"draw-{kind}/v1"' in story.log.leaves[at])
    return story.say(body).publish().case()


def withheld_result() -> Case:
    story = sold().commit()
    return story.case(now=story.committed.round_time + 1)


def withheld_commit() -> Case:
    """Full, and nothing more is heard of it."""
    return sold().case(now=OPENED_AT + 3_600)


def split_view() -> Case:
    """A witness was shown another log of the same size."""
    other = MemoryLog()
    story = decided()
    for body in story.log.leaves[:-1]:
        other.append(body)
    other.append(leaves.seal(1, bytes(32)))
    return story.case(seen=(other.checkpoint(len(other.leaves)),))


def same_view() -> Case:
    story = decided()
    return story.case(seen=(story.published[-1].text, story.published[0].text))


def rewritten_leaf(manifest: dict[str, Any]) -> None:
    manifest["leaves"][0]["leaf"] = manifest["leaves"][0]["leaf"].replace('"winners":2', '"winners":3')


def moved_leaf(manifest: dict[str, Any]) -> None:
    manifest["leaves"][-1]["index"] += 1


def cut_proof(manifest: dict[str, Any]) -> None:
    del manifest["leaves"][0]["proof"][-1]


def shortened_step(manifest: dict[str, Any]) -> None:
    manifest["leaves"][0]["proof"][0] = base64.b64encode(bytes(31)).decode()


def result_without_commitment() -> Case:
    story = sold()
    return story.say(sold().commit().decide().log.leaves[-1]).publish().case()


def unjoined(says: dict[str, Any]) -> dict[str, Any]:
    """The same kinds of the same entries, written otherwise."""
    (kind, count), *others = says["runs"]
    return {**says, "runs": [(kind, 1), (kind, count - 1), *others]}


def forked_log() -> Case:
    """What was witnessed is of another log than what is shown: the key signed both."""
    story = decided()
    other = MemoryLog()
    for body in story.log.leaves[: story.commit_at]:
        other.append(body)
    other.append(leaves.seal(1, bytes(32)))
    checkpoint = other.checkpoint(story.commit_at + 1, [WITNESS], story.published[-2].size)
    return rewritten(lambda manifest: manifest["witnessed"].update(checkpoint=checkpoint))


def foreign_log() -> Case:
    """A log under the same name, by whoever made the bundle."""
    stranger = replace(LOG, made_from="somebody else")
    return Story(log=MemoryLog(stranger)).open().sell().commit().decide().case()


def renamed_log() -> Case:
    return Story(log=MemoryLog(Signer("elsewhere.example/log", LOG_TYPE))).open().sell().commit().decide().case()


def forged_log_line() -> Case:
    """The name and key id of the pinned log above a signature of nothing."""
    body = decided().log.body(7)
    forged = f"{body}\n{LOG.line(bytes(64))}"
    return rewritten(lambda manifest: manifest.update(checkpoint=forged))


def false_witness() -> Case:
    """A line of the pinned witness that claims an earlier second than it signed."""
    story = sold().commit(publish=False)
    seen_at = story.committed.round_time + 30
    story.publish(seen_at).decide()
    manifest = story.manifest()
    honest_line = manifest["witnessed"]["checkpoint"].splitlines()[-1].rpartition(" ")[2]
    content = base64.b64decode(honest_line)
    false = base64.b64encode(content[:4] + (seen_at - 600).to_bytes(8) + content[12:]).decode()
    text = manifest["witnessed"]["checkpoint"].replace(honest_line, false)
    return rewritten(lambda manifest: manifest["witnessed"].update(checkpoint=text), story)


def stranger_witness() -> Case:
    """Somebody whom no policy pins signed, too: passed over."""
    story = decided()
    text = story.published[-1].text + cosignature(Signer("stranger.example", WITNESS_TYPE), "else", 5)
    return rewritten(lambda manifest: manifest.update(checkpoint=text), story)


def batch_after_closing() -> Case:
    """An entry slips in when the draw is over."""

    def late(says: dict[str, Any]) -> dict[str, Any]:
        return {**says, "at": OPENED_AT + 3_600} if says["first"] == 36 else says

    return batches_told(late, BY_TIME)


def batch_after_commit() -> Case:
    """The commitment knew of an entry that the log has only later."""
    story = sold()
    last = story.log.leaves.pop()
    story.log.hashes.pop()
    story.positions.pop()
    story.published.pop()
    return story.commit().say(last).publish().decide().case()


def backdated_batch(says: dict[str, Any]) -> dict[str, Any]:
    return {**says, "at": OPENED_AT + 5} if says["first"] == 12 else says


def chosen_closing() -> Case:
    """Closing and round agree with each other, but not with the batches."""

    def lie(says: leaves.Commitment) -> leaves.Commitment:
        closed_at = says.closed_at + 3
        number = REAL.pace.round_of_draw(closed_at, 600)
        return replace(says, closed_at=closed_at, round_no=number, round_time=REAL.pace.time_of(number))

    return committed(lie)


def undersold_commit() -> Case:
    """To be void when not full, and drawn none the less."""
    return sold(replace(BY_TIME, capacity=50)).commit().decide().case()


def shop_chain(plan: Plan) -> Case:
    return sold(plan).commit().decide().case()


def other_chain() -> Case:
    """Committed to the chain whose key the operator has."""

    def lie(says: leaves.Commitment) -> leaves.Commitment:
        number = TEST.pace.round_of_draw(says.closed_at, 600)
        return replace(says, chain_hash=TEST.hash, round_no=number, round_time=TEST.pace.time_of(number))

    return committed(lie)


def winners_told(change: Callable[[list[leaves.Opened]], list[leaves.Opened]]) -> Case:
    return sold().commit().decide(lambda says: {**says, "winners": change(says["winners"])}).case()


def reserves_told(change: Callable[[Story, list[int]], list[int]]) -> Case:
    story = sold().commit()
    return story.decide(lambda says: {**says, "reserves": change(story, says["reserves"])}).case()


def with_house(story: Story, reserves: list[int]) -> list[int]:
    """The first of the house's entries after the winners steps in first."""
    return [next(story.followers(house=True)), *reserves[:-1]]


def forfeited(days: int | None = None, **given: Any) -> Story:
    story = decided()
    return story.forfeit(story.winners()[0], days=days, **given)


def early_second_forfeit() -> Case:
    """The reserve who stepped in has their own days."""
    story = forfeited()
    return story.forfeit(story.reserves()[0], days=1).case()


def second_forfeit() -> Case:
    story = forfeited()
    return story.forfeit(story.reserves()[0]).deliver(story.reserves()[1]).deliver(story.winners()[1]).case()


def predated_result() -> Case:
    """Dated back, so that the claim days seem to be over."""
    return decided_as(at=OPENED_AT)


def postdated_forfeit() -> Case:
    """Dated thirty days ahead; a witness had seen it at once."""
    story = decided()
    seen_at = story.at + 60
    story.forfeit(story.winners()[0])
    story.published.pop()
    return story.publish(seen_at).case()


def to_a_friend() -> Case:
    story = decided()
    friend = story.opened(story.reserves()[1])
    return story.forfeit(story.winners()[0], replacement=friend).case()


def wrongly_opened_reserve() -> Case:
    story = decided()
    opened = replace(story.opened(story.reserves()[0]), nonce=bytes(32))
    return story.forfeit(story.winners()[0], replacement=opened).case()


def delivered(who: Callable[[Story], int], times: int = 1) -> Case:
    story = decided()
    for _ in range(times):
        story.deliver(who(story))
    return story.case()


def voided_after_commit(before_round_s: int, witnesses: tuple[Signer, ...] = (WITNESS,)) -> Case:
    """Some seconds before the round, or after it when negative."""
    story = sold().commit()
    return story.void(at=story.committed.round_time - before_round_s, witnesses=witnesses).case()


def voided_beside_result() -> Case:
    return decided().void().case()


def decided_after_void() -> Case:
    """Voided in time, and then its winner pleased."""
    story = sold().commit()
    return story.void(at=story.committed.round_time - 300).decide().case()


def voided_undersold(capacity: int, at: int) -> Case:
    plan = replace(BY_TIME, capacity=capacity)
    return sold(plan).void("undersold", OPENED_AT + at, witnesses=()).case()


def voided_late_though_full() -> Case:
    """Full, not committed, and voided when its round was there."""
    story = sold()
    return story.void(at=story.at + 700).case()


def receipt_with(**lies: Any) -> Case:
    story = decided()
    return story.case(receipt=story.ranges[2].receipt(**lies))


def receipt_altered() -> Case:
    """What was signed is not what it says."""
    story = decided()
    receipt = story.ranges[2].receipt()
    receipt["receipt"]["first"] += 1
    return story.case(receipt=receipt)


def receipt_while_open(**lies: Any) -> Case:
    """Before there are tickets to hold it against."""
    story = Story().open().sell(12)
    return story.case(receipt=story.ranges[2].receipt(**lies))


def broken_promise() -> Case:
    """A receipt for entries that the log does not have when their minute is over."""
    story = Story().open().sell(12)
    receipt = replace(story.ranges[-1], first=12).receipt()
    return story.publish(story.at + 60).case(receipt=receipt)


def kept_promise() -> Case:
    story = Story().open().sell(12)
    return story.publish(story.at + 60).case(receipt=story.ranges[-1].receipt())


def spaced_leaf() -> Case:
    """JSON that means the same and is hashed otherwise."""
    story = Story().open().sell().commit()
    result = json.loads(decided().log.leaves[-1])
    return story.say(json.dumps(result)).publish().case(now=OPENED_AT + 3_600)


def leaf_with(**changes: Any) -> Case:
    """An opening with fields that are not its own, or not as they must be."""
    body = json.loads(leaves.opening(Plan().opening()))
    text = canonical({**body, **changes}).decode()
    return Story().say(text).publish().case()


def _open_case() -> Case:
    return Story().open().case()


def _with_tickets_early() -> Case:
    story = Story().open().sell(20)
    return story.case(members={**story.members(), "tickets.bin": b"".join(story.tickets)})


def _batch_hidden() -> Case:
    """The bundle is silent about the last batch."""

    def hide(manifest: dict[str, Any]) -> None:
        batches = [leaf for leaf in manifest["leaves"] if '"type":"draw-batch/v1"' in leaf["leaf"]]
        manifest["leaves"].remove(batches[-1])

    return rewritten(hide)


ATTACKS: Mapping[str, Attack] = {
    # form and keys
    "a field of the manifest too many": Attack(lambda: rewritten(lambda m: m.update(note="hello")), "FORMAT"),
    "a member of the archive too many": Attack(lambda: with_members(lambda m: {**m, "readme.txt": b"hello"}), "FORMAT"),
    "a manifest with spaces": Attack(
        lambda: with_members(lambda m: {**m, "manifest.json": m["manifest.json"] + b"\n"}), "FORMAT"
    ),
    "a leaf that is not in the hashed form": Attack(spaced_leaf, "FORMAT"),
    "a leaf with a field too many": Attack(lambda: leaf_with(luck=7), "FORMAT", _open_case, "OPEN"),
    "a leaf with a number below zero": Attack(lambda: leaf_with(price_fen=-1), "FORMAT", _open_case, "OPEN"),
    "a leaf of no known mode": Attack(lambda: leaf_with(mode="lottery"), "FORMAT", _open_case, "OPEN"),
    "tickets before the commitment": Attack(
        _with_tickets_early, "FORMAT", lambda: Story().open().sell(20).case(), "OPEN"
    ),
    "the bundle brings a policy": Attack(
        lambda: with_members(lambda m: {**m, "policy.json": canonical(policy())}), "BROUGHT-KEYS"
    ),
    "the manifest brings the log's key": Attack(lambda: rewritten(lambda m: m.update(log=LOG.vkey)), "BROUGHT-KEYS"),
    # the log
    "another log under the same name": Attack(foreign_log, "LOG-KEY"),
    "a log of another name": Attack(renamed_log, "LOG-KEY"),
    "a forged line of the log": Attack(forged_log_line, "LOG-KEY"),
    "a rewritten leaf": Attack(lambda: rewritten(rewritten_leaf), "NOT-IN-LOG"),
    "a leaf at another place": Attack(lambda: rewritten(moved_leaf), "NOT-IN-LOG"),
    "a proof cut short": Attack(lambda: rewritten(cut_proof), "NOT-IN-LOG"),
    "a fork after what was witnessed": Attack(forked_log, "INCONSISTENT"),
    "split view of the log": Attack(split_view, "SPLIT-VIEW", same_view),
    "a false line of a witness": Attack(false_witness, "BAD-WITNESS", stranger_witness),
    # commitment and entries
    "re-draw with a second commitment": Attack(second_commit, "SECOND-COMMIT"),
    "a second opening": Attack(partial(second, "open"), "SECOND-COMMIT"),
    "a second result": Attack(partial(second, "result"), "SECOND-COMMIT"),
    "commitment to another opening": Attack(
        lambda: committed(lambda says: replace(says, open_hash=bytes(32))), "RULES-CHANGED"
    ),
    "more winners than promised": Attack(lambda: committed(lambda says: replace(says, winners=3)), "RULES-CHANGED"),
    "other rules than promised": Attack(
        lambda: with_members(lambda m: {**m, "rules.txt": b"Nobody wins.\n"}), "RULES-CHANGED"
    ),
    "withheld ticket file": Attack(partial(without, "tickets.bin"), "TICKETS-WITHHELD"),
    "shortened ticket file": Attack(lambda: file_exchanged(lambda content: content[:-32]), "TICKETS-WITHHELD"),
    "exchanged ticket file": Attack(lambda: file_exchanged(lambda content: content[::-1]), "TICKETS-WITHHELD"),
    "duplicate index": Attack(lambda: batches_told(doubled_index), "GAPS"),
    "an index left out": Attack(lambda: batches_told(left_out_index), "GAPS"),
    "a last batch left out": Attack(_batch_hidden, "GAPS"),
    "more entries than there were to be had": Attack(
        lambda: shop_chain(Plan(capacity=39)), "CLOSING", lambda: shop_chain(Plan(capacity=40))
    ),
    "more entries than there are to be had, while open": Attack(
        lambda: sold(Plan(capacity=39)).case(), "CLOSING", lambda: sold(Plan(capacity=41)).case(), "OPEN"
    ),
    "a result without a commitment": Attack(result_without_commitment, "LATE-COMMIT"),
    "a proof with a short step": Attack(lambda: rewritten(shortened_step), "NOT-IN-LOG"),
    "kinds that are not joined": Attack(lambda: batches_told(unjoined), "KINDS"),
    "reordered entries": Attack(reordered, "BATCH-ROOT"),
    "entry inserted after the commitment": Attack(
        lambda: entries_committed(lambda tickets: tickets[:-1]), "ENTRIES-ROOT"
    ),
    "entry dropped after the commitment": Attack(
        lambda: entries_committed(lambda tickets: [*tickets, bytes(32)]), "ENTRIES-ROOT"
    ),
    "entry exchanged after the commitment": Attack(
        lambda: entries_committed(lambda tickets: [bytes(32), *tickets[1:]]), "ENTRIES-ROOT"
    ),
    "entry kinds changed": Attack(
        lambda: committed(lambda says: replace(says, totals={"free": 31, "house": 0, "paid": 9})), "KINDS"
    ),
    "kinds of fewer entries than the batch has": Attack(
        lambda: batches_told(lambda says: {**says, "runs": [("free", 1)]}), "KINDS"
    ),
    "kinds moved from one batch to the next": Attack(lambda: batches_told(moved_between_batches), "KINDS"),
    "a batch after closing": Attack(batch_after_closing, "CLOSING", lambda: decided(BY_TIME).case()),
    "a batch after the commitment": Attack(batch_after_commit, "CLOSING"),
    "a batch dated back": Attack(lambda: batches_told(backdated_batch), "CLOSING"),
    "a closing time that was chosen": Attack(chosen_closing, "CLOSING"),
    "drawn though undersold": Attack(undersold_commit, "CLOSING", lambda: voided_undersold(50, 3_600), "VOID"),
    # round and beacon
    "wrong chain": Attack(other_chain, "WRONG-CHAIN"),
    "a chain that nobody pins": Attack(
        lambda: shop_chain(Plan(chain=replace(REAL, hash="ab" * 32))), "WRONG-CHAIN", lambda: shop_chain(Plan())
    ),
    "no delay at all": Attack(lambda: shop_chain(Plan(delay_s=0)), "WRONG-CHAIN"),
    "a delay out of bounds": Attack(
        lambda: shop_chain(Plan(delay_s=299)), "WRONG-CHAIN", lambda: shop_chain(Plan(delay_s=300))
    ),
    "round shopping in the commitment": Attack(
        lambda: committed(lambda says: replace(says, round_no=says.round_no + 1, round_time=says.round_time + 3)),
        "WRONG-ROUND",
    ),
    "another round at the formula's time": Attack(
        lambda: committed(lambda says: replace(says, round_no=says.round_no + 1)), "WRONG-ROUND"
    ),
    "round shopping in the result": Attack(shopped_result, "WRONG-ROUND"),
    "a false time of the round": Attack(
        lambda: committed(lambda says: replace(says, round_time=says.round_time + 600)), "WRONG-ROUND"
    ),
    "a result dated back": Attack(predated_result, "WRONG-ROUND"),
    "late commit": Attack(late_commit, "LATE-COMMIT", commit_in_time),
    "a commitment that knows its round": Attack(knowing_commit, "LATE-COMMIT"),
    "a commitment after the result": Attack(commit_after_result, "LATE-COMMIT"),
    "backdated commit": Attack(backdated_commit, "VALID-UNTIMED", partial(backdated_commit, 60)),
    "commit without a witness": Attack(unwitnessed_commit, "VALID-UNTIMED"),
    "commit with half a quorum": Attack(half_a_quorum, "VALID-UNTIMED", whole_quorum),
    "malleated signature": Attack(partial(ground_winner, 1), "BAD-BEACON"),
    "malleated signature, ground": Attack(partial(ground_winner, 7), "BAD-BEACON"),
    "another round's signature": Attack(lambda: decided_as(signature=signed_round(7)), "BAD-BEACON"),
    "no signature at all": Attack(lambda: decided_as(signature=b"\xc0" + bytes(47)), "BAD-BEACON"),
    "a fresh round that never was": Attack(
        lambda: committed(lambda says: replace(says, fresh_round=says.fresh_round - 1)), "BAD-BEACON"
    ),
    # winners
    "the result of another commitment": Attack(lambda: decided_as(commit_hash=bytes(32)), "WRONG-WINNERS"),
    "another winner": Attack(lambda: winners_told(lambda winners: winners[:1] * 2), "WRONG-WINNERS"),
    "winners in another order": Attack(lambda: winners_told(lambda winners: winners[::-1]), "WRONG-WINNERS"),
    "a winner too few": Attack(lambda: winners_told(lambda winners: winners[:1]), "WRONG-WINNERS"),
    "reserve list reordered": Attack(lambda: reserves_told(lambda _, given: given[::-1]), "WRONG-RESERVES"),
    "house entries as reserves": Attack(lambda: reserves_told(with_house), "WRONG-RESERVES"),
    "a reserve left out": Attack(lambda: reserves_told(lambda _, given: given[:-1]), "WRONG-RESERVES"),
    "a winner's ticket opened wrongly": Attack(
        lambda: winners_told(lambda winners: [replace(winners[0], user_ref=bytes(32)), *winners[1:]]), "BAD-OPENING"
    ),
    "a reserve's ticket opened wrongly": Attack(wrongly_opened_reserve, "BAD-OPENING", lambda: forfeited().case()),
    # prizes
    "forfeited a day early": Attack(lambda: forfeited(29).case(), "EARLY-FORFEIT", lambda: forfeited(30).case()),
    "a reserve forfeited early": Attack(early_second_forfeit, "EARLY-FORFEIT", second_forfeit),
    "a forfeit dated ahead": Attack(postdated_forfeit, "EARLY-FORFEIT", lambda: forfeited().case()),
    "a prize to a friend": Attack(to_a_friend, "WRONG-REPLACEMENT", lambda: forfeited().case()),
    "a prize kept though a reserve waits": Attack(
        lambda: forfeited(replacement=None).case(), "WRONG-REPLACEMENT", lambda: forfeited().case()
    ),
    "delivered to a loser": Attack(
        lambda: delivered(lambda story: story.reserves()[0]),
        "WRONG-REPLACEMENT",
        lambda: delivered(lambda story: story.winners()[0]),
    ),
    "delivered twice": Attack(
        lambda: delivered(lambda story: story.winners()[0], 2),
        "WRONG-REPLACEMENT",
        lambda: delivered(lambda story: story.winners()[0]),
    ),
    "withheld result": Attack(withheld_result, "OVERDUE", lambda: sold().commit().case(), "OPEN"),
    "withheld commitment": Attack(withheld_commit, "OVERDUE", lambda: sold().case(), "OPEN"),
    # voids
    "late void": Attack(partial(voided_after_commit, 59), "INVALID-VOID", partial(voided_after_commit, 60), "VOID"),
    "void after the round": Attack(
        partial(voided_after_commit, -5), "INVALID-VOID", partial(voided_after_commit, 300), "VOID"
    ),
    "void that nobody saw": Attack(
        partial(voided_after_commit, 300, ()), "INVALID-VOID", partial(voided_after_commit, 300), "VOID"
    ),
    "void beside a result": Attack(voided_beside_result, "INVALID-VOID"),
    "a result after the void": Attack(decided_after_void, "INVALID-VOID", partial(voided_after_commit, 300), "VOID"),
    "void of a full draw, late": Attack(voided_late_though_full, "INVALID-VOID", lambda: sold().void().case(), "VOID"),
    "void as undersold though full": Attack(
        partial(voided_undersold, 40, 3_600), "INVALID-VOID", partial(voided_undersold, 41, 3_600), "VOID"
    ),
    "void as undersold before closing": Attack(
        partial(voided_undersold, 41, 3_599), "INVALID-VOID", partial(voided_undersold, 41, 9_000), "VOID"
    ),
    # receipts
    "a receipt that was altered": Attack(receipt_altered, "WRONG-RECEIPT", receipt_with),
    "a receipt by another log": Attack(
        lambda: receipt_with(signer=replace(LOG, made_from="somebody else")), "WRONG-RECEIPT", receipt_with
    ),
    "a receipt of another draw": Attack(
        lambda: receipt_with(draw_id=Plan(number=2).draw_id.hex), "WRONG-RECEIPT", receipt_with
    ),
    "a receipt of another draw while it is open": Attack(
        lambda: receipt_while_open(draw_id=Plan(number=2).draw_id.hex), "WRONG-RECEIPT", receipt_while_open, "OPEN"
    ),
    "a receipt whose ticket was exchanged": Attack(
        lambda: receipt_with(nonce=bytes(32).hex()), "WRONG-RECEIPT", receipt_with
    ),
    "a receipt of another kind": Attack(lambda: receipt_with(kind="paid"), "WRONG-RECEIPT", receipt_with),
    "a receipt of another second": Attack(lambda: receipt_with(at=OPENED_AT), "WRONG-RECEIPT", receipt_with),
    "a receipt for more than was logged": Attack(lambda: receipt_with(count=4), "WRONG-RECEIPT", receipt_with),
    "a receipt whose promise was broken": Attack(broken_promise, "WRONG-RECEIPT", kept_promise, "OPEN"),
}
