// The page trains, and a module worker of its own does.
import { outcomeOf } from "./train.js";

const worker = new Worker(new URL("./own-worker.js", import.meta.url), { type: "module" });
const inWorker = new Promise((resolve) => {
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = ({ message }) => resolve({ error: "Worker", message });
});
const inPage = outcomeOf();
void Promise.all([inPage, inWorker]).then(([page, own]) => {
  globalThis.outcome = { page, own };
});
