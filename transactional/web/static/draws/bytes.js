// Bytes, hexadecimal, base64 and integers as docs/draw-bundle.md writes them. Nothing here knows what a draw is.

export class Malformed extends Error {}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export const utf8 = (text) => encoder.encode(text);

export function text(bytes) {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new Malformed("not UTF-8");
  }
}

export function join(...parts) {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Whether two hashes are the same bytes. Nothing here is secret, so time does not matter. */
export const same = (one, other) => one.length === other.length && one.every((byte, i) => byte === other[i]);

export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

export function fromHex(digits) {
  if (!/^(?:[0-9a-f]{2})*$/.test(digits)) throw new Malformed("not lower-case hexadecimal");
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

export function fromBase64(letters) {
  if (typeof letters !== "string" || !/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(letters))
    throw new Malformed("not base64");
  const bytes = Uint8Array.from(atob(letters), (letter) => letter.charCodeAt(0));
  if (toBase64(bytes) !== letters) throw new Malformed("base64 with stray bits");
  return bytes;
}

export function toBase64(bytes) {
  let letters = "";
  for (let at = 0; at < bytes.length; at += 0x8000) letters += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(letters);
}

export function u64(number) {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(number));
  return bytes;
}

export function u32(number) {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
}

/** An unsigned big-endian integer of any length. */
export const integer = (bytes) => (bytes.length ? BigInt(`0x${hex(bytes)}`) : 0n);
