// Signed checkpoints and their cosignatures: C2SP signed-note, tlog-checkpoint, tlog-cosignature v1 (Ed25519).
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { Malformed, fromBase64, integer, join, same, utf8 } from "./bytes.js";

export const LOG_KEY = 1, WITNESS_KEY = 4;
const ID_BYTES = 4, STAMP_BYTES = 8, SIGNATURE_BYTES = 64;
const MOST_BYTES = 65_536, MOST_LINES = 100;
const LINE = /^— ([^\p{White_Space}+]+) (\S+)$/u;
const { Point } = ed25519;

/** A verifier key `<name>+<key id>+<base64 of type and key>`. Throws Malformed. */
export function verifierKey(text, type) {
  const [, name, id, letters] = /^([^\p{White_Space}+]+)\+([0-9a-f]{8})\+(\S+)$/u.exec(text) ?? [];
  if (!name) throw new Malformed("not a key of a signed note");
  const material = fromBase64(letters);
  const key = { name, text, id: sha256(join(utf8(`${name}\n`), material)).subarray(0, ID_BYTES), bytes: material.subarray(1) };
  if (material.length !== 33 || material[0] !== type || parseInt(id, 16) !== new DataView(key.id.slice().buffer).getUint32(0))
    throw new Malformed(`not a key of type ${type}`);
  return key;
}

/** What a checkpoint says, and its signature lines. Throws Malformed. */
export function checkpoint(note) {
  const split = typeof note === "string" ? note.lastIndexOf("\n\n") : -1;
  if (split < 0 || !note.endsWith("\n") || /[\x00-\x09\x0b-\x1f]/.test(note)) throw new Malformed("not a signed note");
  if (utf8(note).length > MOST_BYTES || note.split("\n").length - 1 > MOST_LINES) throw new Malformed("a note that is too long");
  const body = note.slice(0, split + 1);
  const said = body.slice(0, -1).split("\n"), [origin, size, root] = said;
  if (said.length < 3 || said.includes("") || !/^(?:0|[1-9][0-9]{0,15})$/.test(size) || !Number.isSafeInteger(Number(size)))
    throw new Malformed("not a checkpoint");
  const hash = fromBase64(root);
  if (hash.length !== 32) throw new Malformed("a root that is no hash");
  const lines = note.slice(split + 2, -1).split("\n").map(signatureLine);
  return { body, origin, size: Number(size), root: hash, lines };
}

function signatureLine(line) {
  const [, name, letters] = LINE.exec(line) ?? [];
  if (!name) throw new Malformed("a signature line that is none");
  const bytes = fromBase64(letters);
  if (bytes.length <= ID_BYTES) throw new Malformed("a signature line without a signature");
  return { name, id: bytes.subarray(0, ID_BYTES), signature: bytes.subarray(ID_BYTES) };
}

const linesOf = (key, note) => note.lines.filter((line) => line.name === key.name && same(line.id, key.id));

/** Whether that log signed the checkpoint under its own name: every line of its key holds, and there is one. */
export function signedByLog(note, key) {
  const lines = linesOf(key, note);
  const holds = (line) => signed(line.signature, utf8(note.body), key);
  return note.origin === key.name && lines.length > 0 && lines.every(holds);
}

/** The seconds in which a witness signed the checkpoint, earliest first; null when one of its lines is false. */
export function seenBy(note, key) {
  const seconds = [];
  for (const { signature } of linesOf(key, note)) {
    if (signature.length !== STAMP_BYTES + SIGNATURE_BYTES) return null;
    const second = new DataView(signature.slice(0, STAMP_BYTES).buffer).getBigUint64(0);
    const said = utf8(`cosignature/v1\ntime ${second}\n${note.body}`);
    if (!signed(signature.subarray(STAMP_BYTES), said, key)) return null;
    if (second === 0n || second > BigInt(Number.MAX_SAFE_INTEGER)) return null;
    seconds.push(Number(second));
  }
  return seconds.sort((one, other) => one - other);
}

/** RFC 8032 by the equation without cofactor, as OpenSSL has it: what one verifier refuses, no other may accept. */
export function signed(signature, message, key) {
  if (signature.length !== SIGNATURE_BYTES) return false;
  const commitment = signature.subarray(0, 32), scalar = littleEndian(signature.subarray(32));
  if (scalar >= Point.Fn.ORDER) return false;
  try {
    const challenge = littleEndian(sha512(join(commitment, key.bytes, message))) % Point.Fn.ORDER;
    const known = Point.fromBytes(key.bytes, true).negate().multiplyUnsafe(challenge);
    return same(Point.BASE.multiplyUnsafe(scalar).add(known).toBytes(), commitment);
  } catch {
    return false;
  }
}

const littleEndian = (bytes) => integer(bytes.toReversed());
