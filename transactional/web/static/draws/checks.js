// Every check of docs/draw-bundle.md, "Verdicts", in its order. A check throws Refused, or returns what it saw.
import { signedRound, timeOf } from "./beacon.js";
import { fromHex, hex, same } from "./bytes.js";
import { checkForfeits, checkReplacements } from "./forfeits.js";
import { extend, includes } from "./merkle.js";
import { seenBy, signedByLog } from "./notes.js";
import { deciding, kindsOf } from "./progress.js";
import { checkReceipt } from "./receipts.js";
import { Refused, refuseUnless } from "./refused.js";
import { refuseAhead } from "./sights.js";
import { TICKET_BYTES, holds } from "./tickets.js";
import { checkVoid } from "./voiding.js";
import { picks, seedOf } from "./winners.js";

const TOTAL_KINDS = ["free", "house", "paid"];

function logKey({ bundle, policy }) {
  for (const note of notesOf(bundle)) refuseUnless(signedByLog(note, policy.log), "the pinned log did not sign this checkpoint");
  return { size: bundle.checkpoint.size, root: hex(bundle.checkpoint.root) };
}

const notesOf = (bundle) => [bundle.checkpoint, ...(bundle.witnessed ? [bundle.witnessed.checkpoint] : [])];

function inLog({ bundle: { leaves, checkpoint: { size, root } } }) {
  for (const leaf of leaves)
    refuseUnless(includes(leaf.hash, leaf.index, size, leaf.proof, root), `leaf ${leaf.index} is not in the log`);
  return { leaves: leaves.length };
}

function consistent({ bundle: { checkpoint: newest, witnessed } }) {
  if (!witnessed) return null;
  const { checkpoint: old, consistency } = witnessed;
  refuseUnless(extend(old.size, newest.size, old.root, newest.root, consistency), "the log was not only added to");
  return { first: old.size, second: newest.size };
}

function oneView({ bundle, seen }) {
  for (const note of seen)
    for (const own of notesOf(bundle))
      refuseUnless(own.size !== note.size || same(own.root, note.root), `two logs have ${note.size} leaves`);
  const sizes = notesOf(bundle).map(({ size }) => size), compared = seen.filter(({ size }) => sizes.includes(size));
  return compared.length ? { checkpoints: compared.length } : null;
}

function witnesses(context) {
  const { bundle, policy } = context;
  context.seenTimes = notesOf(bundle).map((note) =>
    policy.witnesses.map((witness) => {
      const seconds = seenBy(note, witness);
      refuseUnless(seconds !== null, `${witness.name} did not sign this`);
      return { by: witness.text, test: witness.test, at: seconds[0] };
    }).filter(({ at }) => at !== undefined),
  );
  return { witnesses: context.seenTimes[0].length };
}

function once({ story }) {
  for (const type of ["open", "commit", "result", "void"])
    refuseUnless(story.of(type).length <= 1, `there are ${story.of(type).length} leaves of type draw-${type}/v1`);
  return { commits: story.of("commit").length };
}

function rulesKept({ bundle, story: { open, commit }, sha256 }) {
  refuseUnless(hex(sha256(bundle.rules)) === open.says.rules_sha256, "the rules are not those of the opening");
  if (!commit) return { rules_sha256: open.says.rules_sha256 };
  refuseUnless(commit.says.open_hash === hex(open.hash), "the commitment is of another opening");
  for (const field of ["rules_sha256", "winners", "reserves"])
    refuseUnless(commit.says[field] === open.says[field], `${field} changed after the opening`);
  return { rules_sha256: open.says.rules_sha256 };
}

async function ticketsThere({ bundle: { tickets }, story: { commit }, hash }) {
  if (!commit) return null;
  const { entries, tickets_sha256 } = commit.says;
  refuseUnless(tickets && tickets.length === entries * TICKET_BYTES, "the ticket file is missing or not whole");
  refuseUnless(hex(await hash({ task: "digest", tickets })) === tickets_sha256, "another ticket file was committed");
  return { bytes: tickets.length, sha256: tickets_sha256 };
}

function tiled({ story: { batches, commit, entries } }) {
  let next = 0;
  for (const { says } of batches) {
    refuseUnless(says.first === next, `a batch begins with entry ${says.first}, not ${next}`);
    next += says.count;
  }
  refuseUnless(!commit || commit.says.entries === entries, "batches hold more or fewer entries than the commitment");
  return { batches: batches.length, entries };
}

async function batchRoots(context) {
  const { bundle: { tickets }, story: { open, batches, commit }, hash, tell } = context;
  if (!commit) return null;
  const counts = batches.map(({ says }) => says.count);
  context.roots = await hash({ task: "roots", tickets, drawId: fromHex(open.says.draw_id), counts }, tell);
  batches.forEach(({ says }, i) =>
    refuseUnless(hex(context.roots.batches[i]) === says.root, `batch ${i + 1} holds other entries than were logged`));
  return { batches: batches.length };
}

function entriesRoot({ story: { commit }, roots }) {
  if (!commit) return null;
  refuseUnless(hex(roots.whole) === commit.says.entries_root, "other entries were committed");
  return { root: commit.says.entries_root };
}

function kinds({ story: { batches, commit } }) {
  const totals = Object.fromEntries(TOTAL_KINDS.map((kind) => [kind, 0]));
  for (const { says } of batches) {
    const sum = says.runs.reduce((count, [, run]) => count + run, 0);
    refuseUnless(sum === says.count, `kinds of a batch are of ${sum} entries, not ${says.count}`);
    refuseUnless(says.runs.every(([kind], i) => i === 0 || kind !== says.runs[i - 1][0]), "neighbours of one kind are apart");
    for (const [kind, count] of says.runs) totals[kind] += count;
  }
  if (commit)
    for (const kind of TOTAL_KINDS)
      refuseUnless(totals[kind] === commit.says.totals[kind], `${totals[kind]} entries are ${kind}, not as committed`);
  return totals;
}

function closing(context) {
  const closed = closedByFormula(context);
  refuseAhead(context, context.story.batches);
  return closed;
}

function closedByFormula({ story: { open, batches, commit, entries, closedAt } }) {
  const { capacity, closes_at: closesAt, opened_at: openedAt } = open.says;
  let last = openedAt;
  for (const { index, says } of batches) {
    refuseUnless(says.at >= last, "batches are out of order of time");
    refuseUnless(!closesAt || says.at < closesAt, "a batch after closing");
    refuseUnless(!commit || index < commit.index, "a batch after the commitment");
    last = says.at;
  }
  refuseUnless(!capacity || entries <= capacity, "more entries than the draw has");
  if (!commit) return closedAt === null ? null : { closed_at: closedAt };
  refuseUnless(!capacity || entries === capacity, "the draw was committed though it is not full");
  refuseUnless(commit.says.closed_at === closedAt, "the draw closed at another time than the commitment says");
  return { closed_at: closedAt };
}

function chain(context) {
  const { policy, story: { open, commit, closedAt } } = context;
  const pinned = policy.chains.find((each) => each.hash === open.says.chain);
  refuseUnless(pinned, "the beacon is not one that is pinned");
  refuseUnless(!commit || commit.says.beacon_chain === pinned.hash, "the commitment names another beacon");
  const delay = open.says.delay_s;
  refuseUnless(delay >= pinned.least_delay_s && delay <= pinned.most_delay_s, `a delay of ${delay} s is out of bounds`);
  refuseUnless(closedAt === null || closedAt + delay >= pinned.genesis, "the draw closes before its chain begins");
  context.chain = pinned;
  context.deciding = closedAt === null ? null : deciding(pinned, closedAt, delay);
  return { chain: pinned.hash, delay_s: delay, test: pinned.test };
}

function round(context) {
  const decided = roundByFormula(context), { result } = context.story;
  if (result) refuseAhead(context, [result]);
  return decided;
}

function roundByFormula({ story: { commit, result }, chain: pinned, deciding: formula }) {
  if (!commit) return formula && { round: formula.round, time: formula.time };
  const { beacon_round: round, beacon_time: time } = commit.says;
  refuseUnless(round === formula.round && time === formula.time, `the formula says round ${formula.round}`);
  const fresh = timeOf(pinned, commit.says.fresh_round);
  refuseUnless(fresh >= commit.says.closed_at - pinned.period, "the commitment's fresh round is older than the closing");
  refuseUnless(!result || result.says.round === round, "the result is of another round");
  refuseUnless(!result || result.says.at >= time, "the result is older than its round");
  return { round, time };
}

function committedFirst({ chain: pinned, story: { commit, result }, deciding: formula }) {
  refuseUnless(!result || commit, "a result without a commitment");
  if (!commit) return null;
  const fresh = timeOf(pinned, commit.says.fresh_round);
  refuseUnless(fresh < formula.deadline, "the commitment knows a round that is too new");
  refuseUnless(!result || commit.index < result.index, "the commitment lies in the log after the result");
  return { fresh_round: commit.says.fresh_round, fresh_time: fresh, deadline: formula.deadline };
}

function beacon({ chain: pinned, story: { commit, result, forfeits } }) {
  const told = [commit, ...forfeits].filter(Boolean).map(({ says }) => [says.fresh_round, says.fresh_signature]);
  if (result) told.push([result.says.round, result.says.signature]);
  if (!told.length) return null;
  const signatures = new Map(told.map(([round, signature]) => [`${round} ${signature}`, [round, signature]]));
  for (const [round, signature] of signatures.values())
    refuseUnless(signedRound(pinned, round, fromHex(signature)), `the beacon did not sign round ${round} like this`);
  return { rounds: told.map(([round]) => round) };
}

function winners(context) {
  const { chain: pinned, story: { commit, result, batches } } = context;
  if (!result) return null;
  refuseUnless(result.says.commit_hash === hex(commit.hash), "the result is of another commitment");
  const { entries, winners: wanted, reserves, totals } = commit.says;
  const seed = seedOf(commit.hash, pinned.hash, result.says.round, fromHex(result.says.signature));
  const kindAt = entries ? kindsOf(batches) : null, steps = [], order = picks(seed, entries);
  const named = result.says.winners.map(({ index }) => index);
  for (let i = 0; i < Math.min(wanted, entries, named.length + 1); i++) steps.push(order.next().value);
  const picked = steps.map((step) => step.index);
  refuseUnless(picked.join() === named.join(), `the seed picks ${picked.slice(0, 5).join(", ")}`);
  const eligible = entries - totals.house - picked.filter((index) => kindAt(index) !== "house").length;
  context.reserves = reservesOf(order, kindAt, Math.min(reserves, eligible, result.says.reserves.length + 1));
  return { seed: hex(seed), steps };
}

function reservesOf(order, kindAt, most) {
  const chosen = [];
  while (chosen.length < most) {
    const { value } = order.next();
    if (kindAt(value.index) !== "house") chosen.push(value.index);
  }
  return chosen;
}

function reserves({ story: { result }, reserves: expected }) {
  if (!result) return null;
  refuseUnless(expected.join() === result.says.reserves.join(), `the seed picks ${expected.slice(0, 5).join(", ")}`);
  return { indices: expected };
}

function openings({ bundle: { tickets }, story: { open, result, forfeits } }) {
  if (!result) return null;
  const opened = [...result.says.winners, ...forfeits.flatMap(({ says }) => says.replacement)];
  for (const { index, user_ref: user, nonce } of opened)
    refuseUnless(holds(tickets, open.says.draw_id, index, user, nonce), `entry ${index} was opened wrongly`);
  return { opened: opened.length };
}

/** Codes in the order of the document, each with its check. */
export const CHECKS = [
  ["LOG-KEY", logKey],
  ["NOT-IN-LOG", inLog],
  ["INCONSISTENT", consistent],
  ["SPLIT-VIEW", oneView],
  ["BAD-WITNESS", witnesses],
  ["SECOND-COMMIT", once],
  ["RULES-CHANGED", rulesKept],
  ["TICKETS-WITHHELD", ticketsThere],
  ["GAPS", tiled],
  ["BATCH-ROOT", batchRoots],
  ["ENTRIES-ROOT", entriesRoot],
  ["KINDS", kinds],
  ["CLOSING", closing],
  ["WRONG-CHAIN", chain],
  ["WRONG-ROUND", round],
  ["LATE-COMMIT", committedFirst],
  ["BAD-BEACON", beacon],
  ["WRONG-WINNERS", winners],
  ["WRONG-RESERVES", reserves],
  ["BAD-OPENING", openings],
  ["EARLY-FORFEIT", checkForfeits],
  ["WRONG-REPLACEMENT", checkReplacements],
  ["INVALID-VOID", checkVoid],
  ["WRONG-RECEIPT", checkReceipt],
];
