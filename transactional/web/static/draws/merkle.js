// Proofs over RFC 6962 trees, checked as RFC 9162 (2.1.3.2 and 2.1.4.2) tells. Whole trees are built in hashing_worker.js.
import { sha256 } from "@noble/hashes/sha2.js";
import { join, same } from "./bytes.js";

const LEAF = Uint8Array.of(0), NODE = Uint8Array.of(1);

export const leafHash = (data) => sha256(join(LEAF, data));
const node = (left, right) => sha256(join(NODE, left, right));
const odd = (number) => number % 2 === 1;
const half = (number) => Math.floor(number / 2);  // positions may be larger than what >> can shift

/** Whether the leaf stands at `index` in the tree of `size` leaves with that root. */
export function includes(leaf, index, size, proof, root) {
  if (index >= size || !allHashes([leaf, root, ...proof])) return false;
  let [fn, sn, top] = [index, size - 1, leaf];
  for (const step of proof) {
    if (sn === 0) return false;
    if (odd(fn) || fn === sn) {
      top = node(step, top);
      while (!odd(fn) && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      top = node(top, step);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && same(top, root);
}

/** Whether the tree of `second` leaves begins with the tree of `first` leaves. */
export function extend(first, second, firstRoot, secondRoot, proof) {
  if (first < 1 || first > second || !allHashes(proof)) return false;
  if (first === second) return proof.length === 0 && same(firstRoot, secondRoot);
  const steps = isPowerOfTwo(first) ? [firstRoot, ...proof] : proof;
  if (steps.length === 0) return false;
  let [fn, sn] = [first - 1, second - 1];
  while (odd(fn)) [fn, sn] = [half(fn), half(sn)];
  let old = steps[0], now = steps[0];
  for (const step of steps.slice(1)) {
    if (sn === 0) return false;
    if (odd(fn) || fn === sn) {
      [old, now] = [node(step, old), node(step, now)];
      while (!odd(fn) && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      now = node(now, step);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && same(old, firstRoot) && same(now, secondRoot);
}

const allHashes = (hashes) => hashes.every((hash) => hash.length === 32);
const isPowerOfTwo = (number) => 2 ** Math.round(Math.log2(number)) === number;
