// Whether a shopper's receipt agrees with the draw: code WRONG-RECEIPT.
import { fromBase64, fromHex, join, text, utf8 } from "./bytes.js";
import { canonical, parsedLoosely } from "./canonical.js";
import { forms, object } from "./leaves.js";
import { signed } from "./notes.js";
import { refuseUnless } from "./refused.js";
import { holds, nonceOf } from "./tickets.js";

const TAG = utf8("mingsuan/draw/receipt/v1\0");
const MERGE_DELAY_S = 60;
const { digits, oneOf, whole } = forms;
const isReceipt = object({
  receipt: object({
    type: oneOf("draw-receipt/v1"), draw_id: digits(32), first: whole(0), count: whole(1),
    kind: oneOf("free", "house", "paid"), user_ref: digits(64), nonce: digits(64), at: whole(0), merge_delay_s: oneOf(MERGE_DELAY_S),
  }),
  key: forms.text,
  signature: forms.text,
});

export function checkReceipt(context) {
  const { policy, story: { open, commit, entries, batches }, bundle: { tickets } } = context;
  if (!context.receipt) return null;
  const given = parsedLoosely(text(context.receipt));
  refuseUnless(isReceipt(given), "not a receipt of a draw");
  const { receipt } = given, { first, count, nonce, user_ref: user } = receipt;
  const said = join(TAG, utf8(canonical(receipt)));
  refuseUnless(signed(fromBase64(given.signature), said, policy.log), "the pinned log did not sign the receipt");
  refuseUnless(receipt.draw_id === open.says.draw_id, "the receipt is of another draw");
  if (first + count > entries)
    refuseUnless(!commit && !isOverdue(context, receipt), "no batch holds the receipt's entries");
  for (const batch of batches.filter(({ says }) => says.first < first + count && first < says.first + says.count))
    checkBatch(batch.says, receipt);
  if (commit)
    for (let index = first; index < first + count; index++)
      refuseUnless(holds(tickets, receipt.draw_id, index, user, nonceOf(fromHex(nonce), index)), `entry ${index} is another's`);
  return { first, count };
}

/** A quorum saw the newest checkpoint after the merge delay, or a leaf is dated after it: the entries should be there. */
function isOverdue({ policy, seenTimes, story: { batches, result, voided } }, receipt) {
  const due = receipt.at + receipt.merge_delay_s;
  const isSeen = seenTimes[0].filter(({ at }) => at >= due).length >= policy.quorum;
  return isSeen || [...batches, result, voided].some((leaf) => leaf && leaf.says.at >= due);
}

function checkBatch(batch, receipt) {
  refuseUnless(batch.at === receipt.at, "the batch is of another second");
  let at = batch.first;
  for (const [kind, count] of batch.runs) {
    const overlaps = at < receipt.first + receipt.count && receipt.first < at + count;
    refuseUnless(!overlaps || kind === receipt.kind, `the log has entries of the receipt as ${kind}`);
    at += count;
  }
}
