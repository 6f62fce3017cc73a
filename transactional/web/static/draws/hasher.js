// The page's end of the Worker that hashes.

/** Asks a Worker of its own, which ends with the answer; `tell(done, total)` hears of progress. */
export function hash(task, tell = () => {}) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("hashing_worker.js", import.meta.url), { type: "module" });
    worker.addEventListener("message", ({ data }) => {
      if (data.result === undefined) return tell(data.done, data.total);
      worker.terminate();
      resolve(data.result);
    });
    worker.addEventListener("error", (event) => {
      worker.terminate();
      reject(new Error(event.message || "the hashing worker did not start"));
    });
    worker.postMessage(task);
  });
}
