// From the seed to the winners: docs/draw-bundle.md, "The winners".
import { sha256 } from "@noble/hashes/sha2.js";
import { fromHex, integer, join, u32, u64, utf8 } from "./bytes.js";

const SEED = utf8("mingsuan/draw/seed/v1\0");

export function seedOf(commitHash, chainHash, round, signature) {
  return sha256(join(SEED, commitHash, fromHex(chainHash), u64(round), sha256(signature)));
}

/** All entries in the order of the picks, each with the step that picked it: {place, among, block, draw, index}. */
export function* picks(seed, entries) {
  const moved = new Map();
  let counter = 0;
  for (let place = 0; place < entries; place++) {
    const among = BigInt(entries - place);
    const limit = ((1n << 256n) / among) * among;
    let value;
    do value = integer(sha256(join(seed, u32(counter++))));
    while (value >= limit);
    const chosen = place + Number(value % among);
    const index = moved.get(chosen) ?? chosen;
    moved.set(chosen, moved.get(place) ?? place);
    moved.delete(place);
    yield { place, among: Number(among), block: counter - 1, chosen, index };
  }
}
