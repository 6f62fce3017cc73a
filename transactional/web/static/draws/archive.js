// The bundle's ZIP in its one plain form (PKWARE APPNOTE 4.3): members that are stored, one after another, and their list.
import { Malformed, text } from "./bytes.js";

const LOCAL = 0x04034b50, CENTRAL = 0x02014b50, END = 0x06054b50;
const END_BYTES = 22, CENTRAL_BYTES = 46, LOCAL_BYTES = 30, WIDE_BYTES = 20;
const MOST_LIST_BYTES = 4096, WIDE = 0xffffffff, UTF8_NAME = 0x800;

/** Members {bytes, crc} by name, views of the archive; `look` sees all names before more is judged. Throws Malformed. */
export function members(archive, look = () => {}) {
  const view = new DataView(archive.buffer, archive.byteOffset, archive.byteLength);
  try {
    const { listed, ends } = listOf(archive, view);
    look(listed.map(({ name }) => name));
    return contents(archive, view, listed, ends);
  } catch (error) {
    if (error instanceof RangeError) throw new Malformed("the archive ends too early");
    throw error;
  }
}

/** The members as the archive's list tells them, and where that list begins: it ends where the archive's end does. */
function listOf(archive, view) {
  const end = archive.length - END_BYTES;
  if (end < 0 || view.getUint32(end, true) !== END) throw new Malformed("not a ZIP archive that ends without a comment");
  const [disk, ofDisk, here, count, comment] = [4, 6, 8, 10, 20].map((at) => view.getUint16(end + at, true));
  const length = view.getUint32(end + 12, true), ends = view.getUint32(end + 16, true);
  if (comment || disk || ofDisk || here !== count) throw new Malformed("the archive is not of one part, or has a comment");
  if (ends + length !== end || length > MOST_LIST_BYTES) throw new Malformed("the list of members is elsewhere, or too long");
  const listed = [];
  let at = ends;
  for (let i = 0; i < count; i++) {
    if (at + CENTRAL_BYTES > end) throw new Malformed("the list of members ends too early");
    listed.push(member(archive, view, at, end));
    at += CENTRAL_BYTES + view.getUint16(at + 28, true);
  }
  if (at !== end) throw new Malformed("the list holds more than its members");
  return { listed, ends };
}

function member(archive, view, at, end) {
  const numbers = [8, 10, 28, 30, 32, 34].map((field) => view.getUint16(at + field, true));
  const [flags, method, length, extra, comment, disk] = numbers;
  const [crc, packed, size, local] = [16, 20, 24, 42].map((field) => view.getUint32(at + field, true));
  const named = at + CENTRAL_BYTES + length;
  if (view.getUint32(at, true) !== CENTRAL || named > end || extra || comment || disk)
    throw new Malformed("the list of members is not in its plain form");
  const name = text(archive.subarray(at + CENTRAL_BYTES, named));
  if (method || flags & ~UTF8_NAME || packed !== size || size === WIDE)
    throw new Malformed(`${name} is compressed, encrypted or larger than can be`);
  return { name, flags, crc, size, local };
}

/** Members fill the archive up to its list, in the list's order, without anything between them. */
function contents(archive, view, listed, ends) {
  const found = new Map();
  let at = 0;
  for (const each of listed) {
    if (found.has(each.name)) throw new Malformed(`two members are called ${each.name}`);
    const from = begins(archive, view, each, at);
    at = from + each.size;
    const bytes = archive.subarray(from, at);
    if (at > ends) throw new Malformed(`${each.name} does not end where the list begins`);
    found.set(each.name, { bytes, crc: each.crc });
  }
  if (at !== ends) throw new Malformed("the members of the archive do not fill it");
  return found;
}

/** Where the content begins of a member whose local header is here, and says the same as the list. */
function begins(archive, view, { name, flags, crc, size, local }, at) {
  const [saidFlags, method, length, extra] = [6, 8, 26, 28].map((field) => view.getUint16(at + field, true));
  const [saidCrc, ...sizes] = [14, 18, 22].map((field) => view.getUint32(at + field, true));
  const named = at + LOCAL_BYTES + length;
  if (local !== at || view.getUint32(at, true) !== LOCAL || text(archive.subarray(at + LOCAL_BYTES, named)) !== name)
    throw new Malformed(`${name} is not where the list says`);
  const told = extra === WIDE_BYTES && sizes.every((each) => each === WIDE) ? wideSizes(view, named) : extra ? [] : sizes;
  if (saidFlags !== flags || method || saidCrc !== crc || told.length !== 2 || told.some((each) => each !== size))
    throw new Malformed(`${name} is told otherwise in the list than where it stands`);
  return named + extra;
}

/** Sizes as ZIP64 writes them where a member stands; whoever writes one without knowing its size leaves room for that. */
function wideSizes(view, at) {
  if (view.getUint16(at, true) !== 1 || view.getUint16(at + 2, true) !== 16) return [];
  return [4, 12].map((field) => Number(view.getBigUint64(at + field, true)));
}

const CRC = Uint32Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit++) byte = byte & 1 ? (byte >>> 1) ^ 0xedb88320 : byte >>> 1;
  return byte;
});

/** The bytes of a member whose check sum is right. Throws Malformed. */
export function whole({ bytes, crc }) {
  if (crc32(bytes) !== crc) throw new Malformed("a member of the archive is damaged");
  return bytes;
}

function crc32(bytes) {
  let sum = -1;
  for (let i = 0; i < bytes.length; i++) sum = CRC[(sum ^ bytes[i]) & 0xff] ^ (sum >>> 8);
  return ~sum >>> 0;
}
