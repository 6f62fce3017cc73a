// A drand chain of the scheme bls-unchained-g1-rfc9380: when its rounds appear, and whether it signed one.
import { bls12_381 } from "@noble/curves/bls12-381.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { fromHex, u64 } from "./bytes.js";

const TAG = "BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";
const SIGNATURE_BYTES = 48;
const short = bls12_381.shortSignatures;

export const timeOf = (chain, round) => chain.genesis + (round - 1) * chain.period;
export const roundAt = (chain, second) => Math.floor((second - chain.genesis) / chain.period) + 1;
export const roundOfDraw = (chain, closedAt, delay) => roundAt(chain, closedAt + delay) + 1;

/** Whether the chain signed the round. A point off the curve or outside the subgroup is refused before the pairing. */
export function signedRound(chain, round, signature) {
  if (signature.length !== SIGNATURE_BYTES) return false;
  try {
    const point = bls12_381.G1.Point.fromBytes(signature);  // throws for what is not canonical or outside the subgroup
    const key = bls12_381.G2.Point.fromBytes(fromHex(chain.public_key));
    if (point.is0() || key.is0()) return false;
    return short.verify(point, short.hash(sha256(u64(round)), TAG), key);
  } catch {
    return false;
  }
}
