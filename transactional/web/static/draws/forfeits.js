// Prizes that were not claimed, and who got them instead: codes EARLY-FORFEIT and WRONG-REPLACEMENT.
import { timeOf } from "./beacon.js";
import { Refused, refuseUnless } from "./refused.js";
import { refuseAhead } from "./sights.js";

const DAY_S = 86_400;

/** No prize is forfeited before its claim days have passed, by the leaf's own word and by a round nobody knew sooner. */
export function checkForfeits(context) {
  const { story: { open, result, forfeits }, chain } = context;
  if (!forfeits.length) return null;
  refuseAhead(context, forfeits);
  const since = new Map(result?.says.winners.map(({ index }) => [index, result.says.at]));
  for (const { says } of forfeits) {
    if (!since.has(says.index)) continue;  // who holds no prize is told by the next check
    const ended = since.get(says.index) + open.says.claim_days * DAY_S, proven = timeOf(chain, says.fresh_round);
    refuseUnless(Math.min(says.at, proven) >= ended, `entry ${says.index} lost its prize too early`);
    since.delete(says.index);
    for (const { index } of says.replacement) since.set(index, Math.max(says.at, proven));
  }
  return { forfeits: forfeits.length };
}

/** Each forfeited prize goes to the next reserve; only who holds a prize may lose or receive it, once. */
export function checkReplacements({ story, reserves }) {
  const { result } = story;
  const ends = [...story.forfeits, ...story.of("delivery")].sort((one, other) => one.index - other.index);
  if (!ends.length) return null;
  const holders = new Set(result?.says.winners.map(({ index }) => index));
  const waiting = [...(reserves ?? [])];
  for (const { index, says } of ends) {
    if (index < (result?.index ?? Infinity) || !holders.delete(says.index))
      throw new Refused(`entry ${says.index} holds no prize`);
    if (says.type !== "draw-forfeit/v1") continue;
    const next = waiting.shift(), named = says.replacement[0]?.index;
    refuseUnless(next === named, `the next reserve is ${next}`);
    if (named !== undefined) holders.add(named);
  }
  return { ends: ends.length };
}
