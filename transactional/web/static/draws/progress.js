// What the leaves of one draw say together: who is in, when it closed, which round decides. Judges nothing.
import { roundOfDraw, timeOf } from "./beacon.js";

const LEAST_WARNING_S = 60;

/** Leaves by type, each as {index, hash, says}; of what should be there once, the first. */
export function storyOf(leaves) {
  const of = (type) => leaves.filter((leaf) => leaf.says.type === `draw-${type}/v1`);
  const [open, commit, result, voided] = ["open", "commit", "result", "void"].map((type) => of(type)[0]);
  const story = { open, commit, result, voided, batches: of("batch"), forfeits: of("forfeit"), of };
  story.entries = story.batches.reduce((sum, { says }) => sum + says.count, 0);
  story.closedAt = closedAt(open.says, story);
  return story;
}

/** The second in which the draw closed by formula, or null while nothing has closed it. */
function closedAt(opening, { batches, entries }) {
  if (opening.capacity > 0 && entries === opening.capacity) return batches.at(-1).says.at;
  return opening.closes_at || null;
}

/** {round, time, deadline} that decide a draw which closed then. */
export function deciding(chain, closedAt, delay) {
  const round = roundOfDraw(chain, closedAt, delay);
  const time = timeOf(chain, round);
  return { round, time, deadline: time - Math.max(1, Math.min(LEAST_WARNING_S, Math.floor(delay / 2))) };
}

/** Kind of each entry, asked by index: batches must tile before this is asked. */
export function kindsOf(batches) {
  const runs = [];
  for (const { says } of batches) {
    let first = says.first;
    for (const [kind, count] of says.runs) {
      runs.push({ first, count, kind });
      first += count;
    }
  }
  return (index) => {
    let low = 0, high = runs.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (runs[middle].first <= index) low = middle;
      else high = middle - 1;
    }
    return runs[low].kind;
  };
}
