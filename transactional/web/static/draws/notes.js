// Signed checkpoints and their cosignatures: C2SP signed-note, tlog-checkpoint, tlog-cosignature v1 (Ed25519).
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { Malformed, fromBase64, join, same, utf8 } from "./bytes.js";

export const LOG_KEY = 1, WITNESS_KEY = 4;
const ID_BYTES = 4, STAMP_BYTES = 8, SIGNATURE_BYTES = 64;
const LINE = /^— ([^\s+]+) (\S+)$/u;

/** A verifier key `<name>+<key id>+<base64 of type and key>`. Throws Malformed. */
export function verifierKey(text, type) {
  const [, name, id, letters] = /^([^\s+]+)\+([0-9a-f]{8})\+(\S+)$/u.exec(text) ?? [];
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
  const body = note.slice(0, split + 1);
  const [origin, size, root] = body.split("\n");
  if (!origin || !/^(?:0|[1-9][0-9]{0,15})$/.test(size) || root === undefined) throw new Malformed("not a checkpoint");
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
    seconds.push(Number(second));
  }
  return seconds.sort((one, other) => one - other);
}

/** RFC 8032, without the leniency of ZIP 215. */
export function signed(signature, message, key) {
  try {
    return ed25519.verify(signature, message, key.bytes, { zip215: false });
  } catch {
    return false;
  }
}
