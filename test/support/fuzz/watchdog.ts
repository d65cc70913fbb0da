/**
 * Ends the process where one call blocks it: a thread of its own looks at which call is running and since when, names
 * the one that takes too long, and kills.
 */
import { Worker } from "node:worker_threads";

const SOURCE = `
const { parentPort, workerData } = require("node:worker_threads");
const { writeSync } = require("node:fs");
let text = "nothing";
parentPort.on("message", (message) => { text = message; });
const started = new Float64Array(workerData.shared);
setInterval(() => {
  // Read once: a call that ends in between would have begun in 1970.
  const since = started[0];
  if (since === 0 || Date.now() - since < workerData.limitMs) return;
  writeSync(2, "fuzz: a call has blocked the process for " + workerData.limitMs + " ms: " + text + "\\n");
  process.kill(process.pid, "SIGKILL");
}, 250);
`;

export class Watchdog {
  readonly #worker: Worker;
  readonly #started: Float64Array;

  constructor(limitMs: number) {
    const shared = new SharedArrayBuffer(8);
    this.#started = new Float64Array(shared);
    this.#worker = new Worker(SOURCE, { eval: true, workerData: { shared, limitMs } });
    this.#worker.unref();
  }

  begin(text: string): void {
    this.#worker.postMessage(text);
    this.#started[0] = Date.now();
  }

  end(): void {
    this.#started[0] = 0;
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
