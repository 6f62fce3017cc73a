// The forms of the log's leaves: docs/draw-bundle.md, "Leaves of the log". All fields are required, no other is allowed.
import { Malformed } from "./bytes.js";

const MOST_ENTRIES = 100_000_000;

const text = (value) => typeof value === "string";
const whole = (least) => (value) => Number.isSafeInteger(value) && value >= least;
const digits = (length) => (value) => text(value) && value.length === length && /^[0-9a-f]*$/.test(value);
const oneOf = (...names) => (value) => names.includes(value);
const list = (form, least = 0, most = Infinity) => (value) =>
  Array.isArray(value) && value.length >= least && value.length <= most && value.every(form);
const tuple = (...forms) => (value) =>
  Array.isArray(value) && value.length === forms.length && forms.every((form, i) => form(value[i]));

/** Whether a value is an object of exactly these fields. */
export const object = (fields) => (value) =>
  value !== null && typeof value === "object" && !Array.isArray(value) &&
  Object.keys(value).length === Object.keys(fields).length &&
  Object.entries(fields).every(([name, form]) => Object.hasOwn(value, name) && form(value[name]));

export const forms = { text, whole, digits, list, oneOf, tuple };

const id = digits(32), hash = digits(64), signature = digits(96), count = whole(0), some = whole(1);
const kind = oneOf("free", "house", "paid");
const opened = object({ index: count, user_ref: hash, nonce: hash });

const FORMS = {
  "draw-open/v1": {
    draw_id: id, number: some, opened_at: count, mode: oneOf("promotional", "refundable", "paid"),
    prize: object({ item: text, name: text, value_fen: count }), price_fen: count, bundles: list(tuple(some, some)),
    currency: text, capacity: count, closes_at: count, winners: some, reserves: count, delay_s: count, chain: hash,
    claim_days: count, free_rule: text, house_rule: text, rules_sha256: hash,
  },
  "draw-batch/v1": { draw_id: id, first: count, count: some, root: hash, runs: list(tuple(kind, some), 1), at: count },
  "draw-commit/v1": {
    draw_id: id, open_hash: hash, closed_at: count, entries: count, entries_root: hash, tickets_sha256: hash,
    totals: object({ free: count, house: count, paid: count }), winners: some, reserves: count, rules_sha256: hash,
    beacon_chain: hash, beacon_round: some, beacon_time: count, fresh_round: some, fresh_signature: signature,
    algorithm: oneOf("sha256ctr-reject-fy/v1"),
  },
  "draw-result/v1": {
    draw_id: id, commit_hash: hash, round: some, signature, winners: list(opened), reserves: list(count), at: count,
  },
  "draw-forfeit/v1": {
    draw_id: id, index: count, reason: text, at: count, replacement: list(opened, 0, 1), fresh_round: some,
    fresh_signature: signature,
  },
  "draw-delivery/v1": { draw_id: id, index: count, at: count, how: oneOf("code", "parcel", "hand") },
  "draw-void/v1": { draw_id: id, reason: oneOf("undersold", "cancelled"), words: text, at: count },
  "draw-returned/v1": { draw_id: id, at: count, reason: oneOf("late"), amount_fen: count },
};

/** Throws Malformed unless the content is a leaf of a draw. */
export function checkLeaf(content) {
  const { type, ...fields } = content ?? {};
  if (!text(type) || !Object.hasOwn(FORMS, type)) throw new Malformed(`no leaf is of type ${type}`);
  if (!object(FORMS[type])(fields)) throw new Malformed(`a leaf of type ${type} has other fields than its form`);
  if (type === "draw-open/v1" && fields.capacity === 0 && fields.closes_at === 0)
    throw new Malformed("the draw has neither capacity nor closing time");
  if (type === "draw-batch/v1" && Math.max(fields.first + fields.count, sum(fields.runs)) > MOST_ENTRIES)
    throw new Malformed("a batch of more entries than a draw can have");
}

const sum = (runs) => runs.reduce((all, [, run]) => all + run, 0);
