// Tickets from what was opened: docs/draw-bundle.md, "Entries".
import { sha256 } from "@noble/hashes/sha2.js";
import { fromHex, join, same, u64, utf8 } from "./bytes.js";

export const TICKET_BYTES = 32;
const TICKET = utf8("mingsuan/draw/ticket/v1\0");

export const nonceOf = (rangeNonce, index) => sha256(join(rangeNonce, u64(index)));

/** Whether the file holds at `index` the ticket of that user and nonce (hexadecimal, or bytes for the nonce). */
export function holds(tickets, drawId, index, userRef, nonce) {
  const bytes = typeof nonce === "string" ? fromHex(nonce) : nonce;
  const ticket = sha256(join(TICKET, fromHex(drawId), u64(index), fromHex(userRef), bytes));
  return same(ticket, tickets.subarray(index * TICKET_BYTES, (index + 1) * TICKET_BYTES));
}
