// The bundle's ZIP: members that are stored, not compressed (PKWARE APPNOTE 4.3). Anything else is malformed.
import { Malformed, text } from "./bytes.js";

const LOCAL = 0x04034b50, CENTRAL = 0x02014b50, END = 0x06054b50;
const END_BYTES = 22, CENTRAL_BYTES = 46, LOCAL_BYTES = 30;
const STORED = 0, ENCRYPTED = 1;

/** Members by name, each a view of the archive's own bytes. Throws Malformed. */
export function members(archive) {
  const view = new DataView(archive.buffer, archive.byteOffset, archive.byteLength);
  const found = new Map();
  try {
    for (const [name, bytes] of listed(archive, view)) {
      if (found.has(name)) throw new Malformed(`two members are called ${name}`);
      found.set(name, bytes);
    }
  } catch (error) {
    if (error instanceof RangeError) throw new Malformed("the archive ends too early");
    throw error;
  }
  return found;
}

function* listed(archive, view) {
  const end = archive.length - END_BYTES;
  if (end < 0 || view.getUint32(end, true) !== END) throw new Malformed("not a ZIP archive");
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  for (let i = 0; i < count; i++) {
    if (view.getUint32(at, true) !== CENTRAL) throw new Malformed("the archive's list of members is broken");
    const nameLength = view.getUint16(at + 28, true);
    const name = text(archive.subarray(at + CENTRAL_BYTES, at + CENTRAL_BYTES + nameLength));
    yield [name, stored(archive, view, at, name)];
    at += CENTRAL_BYTES + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  if (at !== end) throw new Malformed("something stands between the list of members and its end");
}

function stored(archive, view, entry, name) {
  const size = view.getUint32(entry + 24, true);
  if (view.getUint16(entry + 10, true) !== STORED || view.getUint32(entry + 20, true) !== size)
    throw new Malformed(`${name} is compressed`);
  if (view.getUint16(entry + 8, true) & ENCRYPTED) throw new Malformed(`${name} is encrypted`);
  const local = view.getUint32(entry + 42, true);
  if (view.getUint32(local, true) !== LOCAL) throw new Malformed(`${name} is not where the list says`);
  const nameLength = view.getUint16(local + 26, true);
  if (text(archive.subarray(local + LOCAL_BYTES, local + LOCAL_BYTES + nameLength)) !== name)
    throw new Malformed(`${name} has two names`);
  const from = local + LOCAL_BYTES + nameLength + view.getUint16(local + 28, true);
  const bytes = archive.subarray(from, from + size);
  if (bytes.length !== size || crc32(bytes) !== view.getUint32(entry + 16, true)) throw new Malformed(`${name} is damaged`);
  return bytes;
}

const CRC = Uint32Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit++) byte = byte & 1 ? (byte >>> 1) ^ 0xedb88320 : byte >>> 1;
  return byte;
});

function crc32(bytes) {
  let sum = -1;
  for (let i = 0; i < bytes.length; i++) sum = CRC[(sum ^ bytes[i]) & 0xff] ^ (sum >>> 8);
  return ~sum >>> 0;
}
