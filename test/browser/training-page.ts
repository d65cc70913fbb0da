/** Runs in the browser: the two networks of the quick start train, while a clock watches the page. */
import { compile, drawUniform, init, keyOf, tensor } from "../../src/functions.ts";
import { charLstm, cnn } from "../support/small-models.ts";

/** The longest time in which the page could do nothing, and how long it was watched. */
class Heartbeat {
  readonly #start = performance.now();
  #last = this.#start;
  #longest = 0;
  #isRunning = true;

  constructor() {
    // Messages, because timers of a page that is not in front are slowed down.
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      const now = performance.now();
      this.#longest = Math.max(this.#longest, now - this.#last);
      this.#last = now;
      if (this.#isRunning) setTimeout(() => port2.postMessage(0), 4);
    };
    port2.postMessage(0);
  }

  stop() {
    this.#isRunning = false;
    const now = performance.now();
    return { longestMs: Math.max(this.#longest, now - this.#last), watchedMs: now - this.#start };
  }
}

const whole = (length: number, below: number, seed: number) =>
  Int32Array.from(drawUniform(keyOf(seed), 0, length), (x) => Math.floor(x * below));

const networks = {
  cnn() {
    const { step, model } = cnn(64);
    const run = compile(step);
    const images = Float32Array.from(drawUniform(keyOf(1), 0, 64 * 784));
    const labels = whole(64, 10, 2);
    return {
      model,
      run: () => run(tensor(images, [64, 28, 28, 1]), tensor(labels), 1),
    };
  },
  lstm() {
    const { step, model } = charLstm({ steps: 32, hidden: 64, batch: 16, vocabulary: 40 });
    const run = compile(step);
    const ids = whole(33 * 16, 40, 3);
    const part = (start: number) => tensor(ids.slice(start, start + 512), [32, 16]);
    return { model, run: () => run(part(0), part(16), 0) };
  },
};

/** The first and the last loss of `steps` steps on one batch, and the heartbeat from the second step on. */
export async function train(
  device: "cpu" | "webgpu",
  network: keyof typeof networks,
  steps: number,
) {
  const opened = await init({ device, threads: 2, seed: 1 });
  const { run } = networks[network]();
  const first = await (await run()).loss.item();
  const heartbeat = new Heartbeat();
  let last = first;
  for (let step = 1; step < steps; step++) last = await (await run()).loss.item();
  const beat = heartbeat.stop();
  await opened.runtime.close();
  return { description: opened.description, first, last, ...beat };
}
