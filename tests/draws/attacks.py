"""Every way to cheat in a draw that a reader of its bundle must catch, each beside its honest twin.

Nothing here verifies: `ATTACKS` is run against every verifier there is.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from tests.draws.cheats import (
    BY_TIME,
    backdated_batch,
    backdated_commit,
    batch_after_closing,
    batch_after_commit,
    batch_ahead,
    batch_hidden,
    batches_told,
    broken_promise,
    broken_promise_of_a_void_draw,
    chosen_closing,
    commit_after_result,
    commit_in_time,
    committed,
    cosigned_at,
    cut_proof,
    decided_after_void,
    decided_as,
    delivered,
    doubled_index,
    early_forfeit_of_a_loser,
    early_reserve,
    early_second_forfeit,
    entries_committed,
    false_witness,
    file_exchanged,
    foreign_log,
    foretold_forfeit,
    forfeited,
    forged_log_line,
    forked_log,
    fresh_before_closing,
    ground_winner,
    half_a_quorum,
    just_opened,
    kept_promise,
    knowing_commit,
    late_commit,
    leaf_with,
    left_out_index,
    moved_between_batches,
    moved_leaf,
    other_chain,
    postdated_forfeit,
    predated_result,
    receipt_altered,
    receipt_while_open,
    receipt_with,
    renamed_log,
    reordered,
    reserves_told,
    result_ahead,
    result_without_commitment,
    rewritten,
    rewritten_leaf,
    same_view,
    second,
    second_commit,
    second_forfeit,
    seen_a_second_before_round,
    seen_before_it_was,
    shop_chain,
    shopped_result,
    shortened_step,
    signed_times_eight,
    sold,
    spaced_leaf,
    split_view,
    stranger_witness,
    tickets_early,
    to_a_friend,
    undersold_commit,
    unjoined,
    unwitnessed_commit,
    voided_after_commit,
    voided_ahead,
    voided_beside_result,
    voided_for_own_witness,
    voided_late_by_its_own_words,
    voided_late_though_full,
    voided_on_the_test_chain,
    voided_undersold,
    voided_unseen,
    whole_quorum,
    winners_told,
    with_house,
    with_members,
    withheld_commit,
    withheld_result,
    without,
    wrongly_opened_reserve,
)
from tests.draws.memory_log import LOG, WITNESS
from tests.draws.worlds import OPENED_AT, REAL, Case, Plan, Story, decided, policy, signed_round
from transactional.canonical_json import canonical

Told = Callable[[], Case]


@dataclass(frozen=True)
class Attack:
    """What a cheat would have verified, the verdict that must meet it, and what an honest shop would have shown."""

    dishonest: Told
    code: str
    honest: Told = lambda: decided().case()
    honest_code: str = "VALID"


ATTACKS: Mapping[str, Attack] = {
    # form and keys
    "a field of the manifest too many": Attack(lambda: rewritten(lambda m: m.update(note="hello")), "FORMAT"),
    "a member of the archive too many": Attack(lambda: with_members(lambda m: {**m, "readme.txt": b"hello"}), "FORMAT"),
    "a manifest with spaces": Attack(
        lambda: with_members(lambda m: {**m, "manifest.json": m["manifest.json"] + b"\n"}), "FORMAT"
    ),
    "a leaf that is not in the hashed form": Attack(spaced_leaf, "FORMAT"),
    "a leaf with a field too many": Attack(lambda: leaf_with(luck=7), "FORMAT", just_opened, "OPEN"),
    "a leaf with a number below zero": Attack(lambda: leaf_with(price_fen=-1), "FORMAT", just_opened, "OPEN"),
    "a leaf of no known mode": Attack(lambda: leaf_with(mode="lottery"), "FORMAT", just_opened, "OPEN"),
    "tickets before the commitment": Attack(tickets_early, "FORMAT", lambda: Story().open().sell(20).case(), "OPEN"),
    "the bundle brings a policy": Attack(
        lambda: with_members(lambda m: {**m, "policy.json": canonical(policy())}), "BROUGHT-KEYS"
    ),
    "the manifest brings the log's key": Attack(lambda: rewritten(lambda m: m.update(log=LOG.vkey)), "BROUGHT-KEYS"),
    "the bundle brings a policy in capitals": Attack(
        lambda: with_members(lambda m: {**m, "Policy.JSON": b"{}"}), "BROUGHT-KEYS"
    ),
    "the manifest brings a witness, in another form": Attack(
        lambda: with_members(
            lambda m: {**m, "manifest.json": b'{"Witnesses": 1,' + m["manifest.json"].removeprefix(b"{")}
        ),
        "BROUGHT-KEYS",
    ),
    # the log
    "another log under the same name": Attack(foreign_log, "LOG-KEY"),
    "a log of another name": Attack(renamed_log, "LOG-KEY"),
    "a forged line of the log": Attack(forged_log_line, "LOG-KEY"),
    "a signature of the log that holds only times eight": Attack(signed_times_eight, "LOG-KEY"),
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
    "a last batch left out": Attack(batch_hidden, "GAPS"),
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
    "another round at the formula's time, before its result": Attack(
        lambda: sold().commit(lambda says: replace(says, round_no=says.round_no + 1)).case(),
        "WRONG-ROUND",
        lambda: sold().commit().case(),
        "OPEN",
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
    "a forfeit by a round that is not there yet": Attack(foretold_forfeit, "BAD-BEACON", lambda: forfeited().case()),
    "a reserve's days counted from before they were told": Attack(early_reserve, "EARLY-FORFEIT", second_forfeit),
    "an early forfeit of a loser": Attack(early_forfeit_of_a_loser, "WRONG-REPLACEMENT", lambda: forfeited().case()),
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
    "a void that the operator's own witness alone saw in time": Attack(
        voided_for_own_witness, "TEST", partial(voided_after_commit, 300), "VOID"
    ),
    "a void on the test chain": Attack(voided_on_the_test_chain, "TEST", partial(voided_after_commit, 100), "VOID"),
    "a void that nobody is pinned to see": Attack(
        voided_unseen, "VOID-UNTIMED", lambda: Story(BY_TIME).open().sell(12).void().case(), "VOID"
    ),
    "a void that a pinned witness did not see": Attack(
        partial(voided_unseen, WITNESS), "INVALID-VOID", lambda: Story(BY_TIME).open().sell(12).void().case(), "VOID"
    ),
    "void as undersold without a closing time": Attack(
        lambda: Story().open().sell(12).void("undersold").case(),
        "INVALID-VOID",
        lambda: Story().open().sell(12).void().case(),
        "VOID",
    ),
    "void as undersold though committed": Attack(
        partial(voided_after_commit, 300, reason="undersold"),
        "INVALID-VOID",
        partial(voided_after_commit, 300),
        "VOID",
    ),
    "void as undersold, dated ahead": Attack(
        voided_ahead, "INVALID-VOID", partial(voided_undersold, 50, 3_600), "VOID"
    ),
    "void that is late by its own words": Attack(
        voided_late_by_its_own_words, "INVALID-VOID", partial(voided_after_commit, 60), "VOID"
    ),
    # clocks
    "a batch dated ahead": Attack(batch_ahead, "CLOSING", lambda: Story().open().sell(12).case(), "OPEN"),
    "a result dated ahead": Attack(result_ahead, "WRONG-ROUND"),
    "cosigned at no time": Attack(partial(cosigned_at, 0), "BAD-WITNESS"),
    "seen before it can have been": Attack(seen_before_it_was, "VALID-UNTIMED", commit_in_time),
    "a fresh round from before closing": Attack(
        partial(fresh_before_closing, 1), "WRONG-ROUND", partial(fresh_before_closing, 0)
    ),
    "a draw that closes before its chain begins": Attack(
        lambda: leaf_with(closes_at=1_000), "WRONG-CHAIN", just_opened, "OPEN"
    ),
    "seen in the second of its round": Attack(
        partial(seen_a_second_before_round, 0), "VALID-UNTIMED", partial(seen_a_second_before_round, 1)
    ),
    # receipts
    "a receipt for what a voided draw never logged": Attack(
        partial(broken_promise_of_a_void_draw, 60),
        "WRONG-RECEIPT",
        partial(broken_promise_of_a_void_draw, 59),
        "VOID",
    ),
    "a receipt that promises nothing": Attack(lambda: receipt_with(merge_delay_s=61), "WRONG-RECEIPT", receipt_with),
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
