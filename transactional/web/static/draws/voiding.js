// Whether a draw was voided in time: code INVALID-VOID.
import { refuseUnless } from "./refused.js";

export function checkVoid(context) {
  const { story: { open, commit, result, voided, entries }, deciding } = context;
  if (!voided) return null;
  const { capacity, closes_at: closesAt } = open.says;
  refuseUnless(!result, "there is a result");
  const isFull = capacity > 0 && entries === capacity;
  const nothingToDecide = closesAt > 0 && voided.says.at >= closesAt && (entries === 0 || (capacity > 0 && !isFull));
  const isUndersold = voided.says.reason === "undersold" && nothingToDecide;
  const isFree = !commit && !isFull && !closesAt;
  refuseUnless(isUndersold || isFree || inTime(context, voided, deciding.deadline).holds, "nobody saw in time that it was voided");
  return { at: voided.says.at };
}

/** Whether a quorum saw the leaf by then: {holds, test}, `test` when real witnesses alone are too few. */
export function inTime({ policy, bundle: { witnessed }, seenTimes }, leaf, deadline) {
  const seen = witnessed && witnessed.checkpoint.size > leaf.index ? seenTimes[1].filter(({ at }) => at <= deadline) : [];
  return { holds: seen.length >= policy.quorum, test: seen.filter(({ test }) => !test).length < policy.quorum };
}
