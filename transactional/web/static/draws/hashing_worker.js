// Hashes beside the page, so that it stays awake; see hashing.js for what is hashed.
import { digest, roots } from "./hashing.js";

addEventListener("message", ({ data: { task, tickets, drawId, counts } }) => {
  const tell = (done, total) => postMessage({ done, total });
  postMessage({ result: task === "digest" ? digest(tickets) : roots(tickets, drawId, counts, tell) });
});
