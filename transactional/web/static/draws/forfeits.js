// Prizes that were not claimed, and who got them instead: codes EARLY-FORFEIT and WRONG-REPLACEMENT.
import { Refused, refuseUnless } from "./refused.js";

const DAY_S = 86_400, LEEWAY_S = 600;

/** No prize is forfeited before its claim days have passed, and none is dated later than a witness saw it. */
export function checkForfeits({ story: { open, result, forfeits }, seenTimes, bundle }) {
  if (!forfeits.length) return null;
  const since = new Map(result?.says.winners.map(({ index }) => [index, result.says.at]));
  const sizes = [bundle.checkpoint.size, bundle.witnessed?.checkpoint.size];
  for (const { index, says } of forfeits) {
    const from = since.get(says.index);
    refuseUnless(from === undefined || says.at >= from + open.says.claim_days * DAY_S, `entry ${says.index} lost its prize too early`);
    seenTimes.forEach((seen, i) => {
      if (sizes[i] > index)
        refuseUnless(seen.every(({ at }) => says.at <= at + LEEWAY_S), "a forfeit is dated after a witness saw it");
    });
    for (const { index: reserve } of says.replacement) since.set(reserve, says.at);
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
