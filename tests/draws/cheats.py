"""What a dishonest shop, or whoever stands between it and a reader, would have verified. Nothing here verifies."""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import py_arkworks_bls12381 as bls

from tests.draws.memory_log import LOG, LOG_TYPE, WITNESS, WITNESS_TYPE, MemoryLog, Signer, cosignature
from tests.draws.torsion import torsioned
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

BY_TIME = Plan(closes_after=3_600)
ORDER = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001
"""Of the group in which the beacon's signatures lie."""


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
    story, other = sold(), sold().commit().decide()
    story.at = other.at
    return story.say(other.log.leaves[-1]).publish().case()


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


def signed_times_eight() -> Case:
    """By the log itself, so that readers with one library believe what readers with another refuse."""
    body = decided().log.body(7)
    return rewritten(lambda manifest: manifest.update(checkpoint=f"{body}\n{LOG.line(torsioned(LOG, body.encode()))}"))


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
    """Dated thirty days ahead, with the newest round there is; nobody signed the log, and the reader looks late."""
    story = decided()
    now = story.at
    reserve = story.opened(story.reserves()[0])
    story.say(story.forfeiting(story.winners()[0], reserve, now + 30 * 86_400, now))
    return story.publish(witnesses=()).case(now=now + 31 * 86_400)


def foretold_forfeit() -> Case:
    """The round that would prove the time is named, but nobody can have its signature yet."""
    story = decided()
    story.at += 30 * 86_400 + 3
    body = json.loads(story.forfeiting(story.winners()[0], story.opened(story.reserves()[0])))
    body["fresh_round"] += 1
    return story.say(canonical(body).decode()).publish().case()


def early_forfeit_of_a_loser() -> Case:
    story = decided()
    return story.forfeit(story.reserves()[2], days=1).case()


def early_reserve() -> Case:
    """The first forfeit is dated back to where the days ended, though its round is younger."""
    story = decided()
    over = story.at + 30 * 86_400 + 3
    first, second = story.reserves()[:2]
    story.say(story.forfeiting(story.winners()[0], story.opened(first), over, over + 86_400))
    story.at = over + 30 * 86_400 + 3
    return story.say(story.forfeiting(first, story.opened(second))).publish().case()


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


def voided_after_commit(
    before_round_s: int, witnesses: tuple[Signer, ...] = (WITNESS,), reason: str = "cancelled"
) -> Case:
    """Some seconds before the round, or after it when negative."""
    story = sold().commit()
    return story.void(reason, story.committed.round_time - before_round_s, witnesses).case()


def with_own_witness() -> dict[str, Any]:
    """The policy pins a witness of the operator's, as a test, beside the real one."""
    pinned = policy()
    return {**pinned, "witnesses": [*pinned["witnesses"], {"key": OWN.vkey, "test": 1}]}


def voided_for_own_witness() -> Case:
    """Voided when the round was known; the operator's own witness says that it saw it sooner."""
    story = sold().commit()
    in_time = story.committed.round_time - 300
    story.void(at=in_time, witnesses=()).publish(in_time, witnesses=(OWN,))
    return story.case(policy=with_own_witness(), now=in_time + 900)


def voided_on_the_test_chain() -> Case:
    story = sold(Plan(chain=TEST)).commit()
    return story.void(at=story.committed.round_time - 100).case()


def voided_unseen(*pinned: Signer) -> Case:
    """In time, by what it says, with these witnesses pinned; none was asked."""
    return Story(BY_TIME).open().sell(12).void(witnesses=()).case(policy=policy(pinned))


def voided_ahead() -> Case:
    """As undersold, long before closing and dated as if after it; a witness was there."""
    story = sold(replace(BY_TIME, capacity=50)).void("undersold", OPENED_AT + 3_600, witnesses=())
    return story.publish(OPENED_AT + 500).case(now=OPENED_AT + 9_000)


def voided_late_by_its_own_words() -> Case:
    """A clock of the shop's that is ahead does not excuse what the leaf says."""
    story = sold().commit()
    deadline = story.committed.round_time - 60
    return story.void(at=deadline + 1, witnesses=()).publish(deadline).case()


def batch_ahead() -> Case:
    return Story().open().sell(12, lambda says: {**says, "at": says["at"] + 661}).case()


def result_ahead() -> Case:
    story = sold().commit()
    return story.decide(lambda says: {**says, "at": says["at"] + 661}).case()


def cosigned_at(second: int) -> Case:
    return sold().commit(publish=False).publish(second).decide().case()


def seen_before_it_was() -> Case:
    """A witness's clock is so far behind that it saw a commitment ten minutes before what the commitment knows."""
    story = sold().commit(lambda says: _fresh(says, REAL.pace.round_at(says.round_time - 61)), publish=False)
    return story.publish(story.committed.closed_at - 200).decide().case()


def fresh_before_closing(rounds: int) -> Case:
    """The newest round that it knows is older than the closing."""
    return committed(lambda says: _fresh(says, REAL.pace.round_at(says.closed_at) - rounds))


def seen_a_second_before_round(seconds: int) -> Case:
    """On a chain that lets a second pass between closing and round."""
    pinned = policy()
    pinned["chains"][0]["least_delay_s"] = 1
    story = sold(Plan(delay_s=1))
    story.commit(lambda says: _fresh(says, says.round_no - 1), publish=False)
    return story.publish(story.committed.round_time - seconds).decide().case(policy=pinned)


def broken_promise_of_a_void_draw(after_s: int) -> Case:
    """Voided a minute after a receipt whose entries never came; nobody signed the log since."""
    story = Story().open().sell(12)
    receipt = replace(story.ranges[-1], first=12).receipt()
    return story.void(at=story.at + after_s, witnesses=()).case(receipt=receipt)


OWN = Signer("own.example/witness", WITNESS_TYPE)


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


def just_opened() -> Case:
    return Story().open().case()


def tickets_early() -> Case:
    story = Story().open().sell(20)
    return story.case(members={**story.members(), "tickets.bin": b"".join(story.tickets)})


def batch_hidden() -> Case:
    """The bundle is silent about the last batch."""

    def hide(manifest: dict[str, Any]) -> None:
        batches = [leaf for leaf in manifest["leaves"] if '"type":"draw-batch/v1"' in leaf["leaf"]]
        manifest["leaves"].remove(batches[-1])

    return rewritten(hide)
