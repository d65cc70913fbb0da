import { remoteOutcome } from "./remote.js";

// Bundlers make a worker of exactly this.
const worker = new Worker(new URL("./training.js", import.meta.url), { type: "module" });
void remoteOutcome(worker).then((outcome) => {
  globalThis.outcome = outcome;
});
