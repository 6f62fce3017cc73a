// Whether a draw was voided in time, and what that makes of it: code INVALID-VOID.
import { Refused, refuseUnless } from "./refused.js";
import { inTime, refuseAhead } from "./sights.js";

export function checkVoid(context) {
  const { story: { result, voided }, policy } = context;
  if (!voided) return null;
  refuseAhead(context, [voided]);
  refuseUnless(!result, "there is a result");
  if (voided.says.reason === "undersold") checkUndersold(context);
  const by = voidDeadline(context);
  if (by === null) return { at: voided.says.at };
  refuseUnless(voided.says.at <= by, `until ${by} the draw could be voided`);
  const couldBeSeen = policy.witnesses.length >= policy.quorum;  // if not, the verdict says that nobody can tell
  refuseUnless(!couldBeSeen || inTime(context, voided, by).holds, "nobody saw in time that it was voided");
  return { at: voided.says.at, deadline: by };
}

function checkUndersold({ story: { open, commit, voided, entries } }) {
  const { capacity, closes_at: closesAt } = open.says;
  const isShort = entries === 0 || (capacity > 0 && entries !== capacity);
  if (commit || !closesAt || !isShort) throw new Refused("the draw was not undersold");
  refuseUnless(voided.says.at >= closesAt, "the draw was voided as undersold before it closed");
}

/** By when a quorum must have seen the void; null when there was nothing that anybody could foresee. */
function voidDeadline({ story: { voided }, deciding }) {
  return voided.says.reason === "undersold" || !deciding ? null : deciding.deadline;
}

/** VOID, or what keeps it from being that: nobody could see it in time, or only simulated witnesses did. */
export function verdictOnVoid(context) {
  const by = voidDeadline(context);
  if (by === null) return "VOID";
  const { holds, test } = inTime(context, context.story.voided, by);
  if (!holds) return "VOID-UNTIMED";
  return test || context.chain.test ? "TEST" : "VOID";
}
