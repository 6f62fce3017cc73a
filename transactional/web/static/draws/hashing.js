// Many hashes with few objects, for the Worker: import maps do not reach there, hence the relative address.
import { SHA256_IV } from "../vendor/noble-hashes-2.4.0/_md.js";
import { _SHA256, sha256 } from "../vendor/noble-hashes-2.4.0/sha2.js";

export const HASH_BYTES = 32;
const BLOCK_BYTES = 64;
const [I0, I1, I2, I3, I4, I5, I6, I7] = SHA256_IV;
const engine = new _SHA256();

/** A message of fixed length, padded once, whose words are then changed in place and hashed again and again. */
class Message {
  constructor(length) {
    this.bytes = new Uint8Array(Math.ceil((length + 9) / BLOCK_BYTES) * BLOCK_BYTES);
    this.view = new DataView(this.bytes.buffer);
    this.bytes[length] = 0x80;
    this.view.setUint32(this.bytes.length - 4, 8 * length);
  }

  /** Copies a hash of another view into the message; a loop of four is faster here than making subarrays. */
  put(at, from, offset) {
    for (let i = 0; i < HASH_BYTES; i += 4) this.view.setUint32(at + i, from.getUint32(offset + i));
  }

  hashInto(out, at) {
    engine.set(I0, I1, I2, I3, I4, I5, I6, I7);
    for (let from = 0; from < this.bytes.length; from += BLOCK_BYTES) engine.process(this.view, from);
    const { A, B, C, D, E, F, G, H } = engine;
    out.setUint32(at, A);
    out.setUint32(at + 4, B);
    out.setUint32(at + 8, C);
    out.setUint32(at + 12, D);
    out.setUint32(at + 16, E);
    out.setUint32(at + 20, F);
    out.setUint32(at + 24, G);
    out.setUint32(at + 28, H);
  }
}

/** The tree of RFC 6962 over leaf hashes that come one after another; memory is one hash a level. */
class Tree {
  constructor() {
    this.bytes = new Uint8Array(64 * HASH_BYTES);
    this.view = new DataView(this.bytes.buffer);
    this.sizes = [];
    this.message = new Message(1 + 2 * HASH_BYTES);
    this.message.bytes[0] = 1;
  }

  /** Takes in the hash that stands at `offset` of a view. */
  add(from, offset) {
    const top = this.sizes.length * HASH_BYTES;
    for (let i = 0; i < HASH_BYTES; i += 4) this.view.setUint32(top + i, from.getUint32(offset + i));
    let size = 1;
    while (this.sizes.length > 0 && this.sizes[this.sizes.length - 1] === size) {
      this.mergeLast();
      size *= 2;
    }
    this.sizes.push(size);
  }

  /** Hashes the two topmost subtrees into one; the upper one is not in `sizes` yet. */
  mergeLast() {
    this.sizes.pop();
    const at = this.sizes.length * HASH_BYTES;
    this.message.put(1, this.view, at);
    this.message.put(1 + HASH_BYTES, this.view, at + HASH_BYTES);
    this.message.hashInto(this.view, at);
  }

  root() {
    if (this.sizes.length === 0) return sha256(new Uint8Array());
    this.sizes.pop();
    while (this.sizes.length > 0) this.mergeLast();
    return this.bytes.slice(0, HASH_BYTES);
  }
}

const TAG = new TextEncoder().encode("mingsuan/draw/entry/v1\0");

/** Leaf hashes of entries: 0x00 ‖ tag ‖ draw ‖ u64 index ‖ ticket. */
class Entries {
  constructor(drawId) {
    this.indexAt = 1 + TAG.length + drawId.length;
    this.message = new Message(this.indexAt + 8 + HASH_BYTES);
    this.message.bytes.set(TAG, 1);
    this.message.bytes.set(drawId, 1 + TAG.length);
    this.view = new DataView(new ArrayBuffer(HASH_BYTES));
  }

  /** The leaf hash of an entry, in a view that the next call writes over. */
  leaf(index, tickets) {
    this.message.view.setUint32(this.indexAt + 4, index);
    this.message.put(this.indexAt + 8, tickets, index * HASH_BYTES);
    this.message.hashInto(this.view, 0);
    return this.view;
  }
}

/** Roots of each batch (their counts in order) and of all entries; `tell` hears how many are done, a hundred times. */
export function roots(tickets, drawId, counts, tell) {
  const entries = new Entries(drawId), whole = new Tree(), batches = [];
  const view = new DataView(tickets.buffer, tickets.byteOffset, tickets.byteLength);
  const total = counts.reduce((sum, count) => sum + count, 0), step = Math.max(1, Math.floor(total / 100));
  let index = 0;
  for (const count of counts) {
    const batch = new Tree();
    for (const end = index + count; index < end; index++) {
      const leaf = entries.leaf(index, view);
      batch.add(leaf, 0);
      whole.add(leaf, 0);
      if (index % step === 0) tell(index, total);
    }
    batches.push(batch.root());
  }
  tell(total, total);
  return { batches, whole: whole.root() };
}

/** SHA-256 of the ticket file. */
export const digest = (bytes) => sha256(bytes);
