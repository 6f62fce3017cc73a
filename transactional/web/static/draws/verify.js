// A bundle's verdict, and how every step went: docs/draw-bundle.md. Shares no code with the shop; asks no network.
import { sha256 } from "@noble/hashes/sha2.js";
import { BroughtKeys, read } from "./bundle.js";
import { Malformed } from "./bytes.js";
import { CHECKS } from "./checks.js";
import { hash } from "./hasher.js";
import { checkpoint, signedByLog } from "./notes.js";
import { storyOf } from "./progress.js";
import { Refused } from "./refused.js";
import { inTime } from "./sights.js";
import { verdictOnVoid } from "./voiding.js";

/**
 * The verdict {code, words}. `policy` is decoded (policy.js), `now` in seconds. `report(code, state, saw)` hears of each
 * step: state "running", "passed", "failed" or "absent" (nothing to check yet); `saw` is what was checked, or why not.
 * `tell(done, total)` hears of entries that were hashed.
 */
export async function verify(archive, policy, { now, receipt = null, seen = [], report = () => {}, tell = () => {} }) {
  const context = { policy, now, receipt, seen: seen.map((note) => elsewhere(note, policy)), tell, hash, sha256 };
  report("FORMAT", "running");
  try {
    context.bundle = read(archive);
  } catch (error) {
    return failed(error instanceof BroughtKeys ? "BROUGHT-KEYS" : "FORMAT", error, report);
  }
  for (const code of ["FORMAT", "BROUGHT-KEYS"]) report(code, "passed", {});
  context.story = storyOf(context.bundle.leaves);
  for (const [code, check] of CHECKS) {
    report(code, "running");
    try {
      const saw = await check(context);
      report(code, saw === null ? "absent" : "passed", saw);
    } catch (error) {
      return failed(code, error, report);
    }
  }
  return { code: verdict(context), words: notCompared(context) };
}

/** What the visitor brought along and nothing here could be held against. */
function notCompared({ bundle: { checkpoint: newest, witnessed }, seen }) {
  const left = seen.filter(({ size }) => size !== newest.size && size !== witnessed?.checkpoint.size);
  return left.map(({ size }) => `A checkpoint of ${size} leaves was not compared: mingsuan verify-log does.`).join("\n");
}

/** A checkpoint that was seen elsewhere. What the pinned log never signed says nothing about it, so that is an error. */
function elsewhere(note, policy) {
  const said = checkpoint(note);
  if (!signedByLog(said, policy.log)) throw new Error("what was seen elsewhere is not signed by the pinned log");
  return said;
}

/** What was found to be false; anything else that happens is a fault of this program, and never a verdict. */
function failed(code, error, report) {
  if (!(error instanceof Refused || error instanceof Malformed || error instanceof BroughtKeys)) throw error;
  report(code, "failed", { words: error.message });
  return { code, words: error.message };
}

function verdict(context) {
  const { story: { commit, result, voided }, deciding, now, chain } = context;
  if (voided) return verdictOnVoid(context);
  if (!result) return deciding && now > deciding.time ? "OVERDUE" : "OPEN";
  const { holds, test } = inTime(context, commit, deciding.deadline);
  if (!holds) return "VALID-UNTIMED";
  return chain.test || test ? "TEST" : "VALID";
}
