// What pinned witnesses saw, and when: in time for a deadline, and at the latest when a leaf can have been written.
import { timeOf } from "./beacon.js";
import { refuseUnless } from "./refused.js";

const CLOCKS_DIFFER_S = 600;

/**
 * The pinned witnesses that saw the leaf by then: {holds, test}, `test` when real ones alone are too few. Nobody saw a
 * commitment before the fresh round that it names was there.
 */
export function inTime({ policy, bundle: { witnessed }, seenTimes, story: { commit }, chain }, leaf, deadline) {
  const since = commit ? timeOf(chain, commit.says.fresh_round) - CLOCKS_DIFFER_S : 0;
  const isHeld = witnessed && witnessed.checkpoint.size > leaf.index;
  const seen = isHeld ? seenTimes[1].filter(({ at }) => since <= at && at <= deadline) : [];
  return { holds: seen.length >= policy.quorum, test: seen.filter(({ test }) => !test).length < policy.quorum };
}

/** Refuses leaves that are dated later than now, or than a quorum had seen them; clocks may differ by ten minutes. */
export function refuseAhead(context, leaves) {
  for (const leaf of leaves)
    refuseUnless(leaf.says.at <= latest(context, leaf), `leaf ${leaf.index} is dated ahead, to ${leaf.says.at}`);
}

function latest({ policy, bundle: { checkpoint, witnessed }, seenTimes, now }, { index }) {
  const first = new Map();
  [checkpoint, witnessed?.checkpoint].forEach((note, i) => {
    if (!note || note.size <= index) return;
    for (const { by, at } of seenTimes[i]) first.set(by, Math.min(at, first.get(by) ?? at));
  });
  const times = [...first.values()].sort((one, other) => one - other);
  return Math.min(now, times[policy.quorum - 1] ?? now) + CLOCKS_DIFFER_S;
}
