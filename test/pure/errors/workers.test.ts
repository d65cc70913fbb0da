/** What is said of trainings in workers: both halves of the conversation, over the messages of a real channel. */
import { afterEach, beforeAll, vi } from "vitest";
import { losses, nn, optim, Trainer } from "../../../src/index.ts";
import { defineTraining, trainInWorker } from "../../../src/worker/index.ts";
import { serve } from "../../../src/worker/serve.ts";
import { type ErrorRow, holdTexts } from "../../support/error-rows.ts";
import { openCounting } from "../runtime/open.ts";

beforeAll(() => {
  openCounting();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** A training with a call that can be made once. */
const training = defineTraining(() => {
  const calls: Record<string, () => unknown> = { once: () => delete calls.once };
  const trainer = new Trainer(nn.linear(1, 1), {
    loss: losses.meanSquaredError,
    optimizer: optim.sgd({ learningRate: 0.1 }),
    metrics: {},
  });
  return { trainer, data: { x: [[1]], y: [[1]] }, fit: { batchSize: 1 }, calls };
});

/** What stands in place of a worker: its half, at the other end of a channel. */
function worker() {
  const { port1, port2 } = new MessageChannel();
  serve(
    {
      post: (message, transfer) => port2.postMessage(message, [...transfer]),
      listen: (heard) => port2.addEventListener("message", ({ data }) => heard(data)),
    },
    training as never,
  );
  port2.start();
  return Object.assign(port1, { terminate: () => port1.close() });
}

holdTexts([
  [
    "trainInWorker: there must be a call of that name; got once. Give it in the calls of what defineTraining returns.",
    async () => {
      const remote = await trainInWorker(worker(), { paused: true });
      try {
        await remote.calls.once?.();
        await remote.calls.once?.();
      } finally {
        remote.close();
      }
    },
  ],
  [
    "trainInWorker: there must be workers; got a host with neither Worker nor node:worker_threads. Call it from a page.",
    () => {
      vi.stubGlobal("Worker", undefined);
      vi.spyOn(process, "getBuiltinModule").mockReturnValue(undefined);
      return trainInWorker("training.js");
    },
  ],
] satisfies readonly ErrorRow[]);
