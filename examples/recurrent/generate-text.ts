/**
 * One to many: from one line on, a network writes text, each character drawn from what it thinks likely after the ones
 * before. It has learnt by predicting the next character of a slice of Moby Dick.
 */
import {
  categorical,
  compile,
  losses,
  nn,
  optim,
  reshape,
  sizeOf,
  type Tensor,
  Trainer,
  variable,
} from "gradgpu";
import { TextVocabulary } from "gradgpu/data";
import { loadMoby } from "../quickstart/moby.ts";
import { runAsScript } from "../shared/script.ts";

export interface Settings {
  /** Characters to learn from; as many behind them, up to 10,000, are held out. */
  readonly characters: number;
  readonly hidden: number;
  readonly epochs: number;
  /** Characters to write, at each temperature. */
  readonly length: number;
  readonly temperatures: readonly number[];
}

export const FULL: Settings = {
  characters: 250_000,
  hidden: 128,
  epochs: 3,
  length: 400,
  temperatures: [0.4, 0.8],
};
export const QUICK: Settings = { ...FULL, characters: 60_000, hidden: 64, length: 120 };

const BATCH = 16;
const PROMPT = "Call me Ishmael.";
const UNKNOWN = "\uFFFD";

export interface Measured {
  /** Of text that was not learnt from, per character. */
  readonly bits: number;
  readonly texts: readonly string[];
}

export async function main(settings: Settings): Promise<Measured> {
  const { characters, hidden, epochs, length } = settings;
  const book = (await loadMoby()).training;
  const start = book.indexOf("Call me Ishmael");
  const vocabulary = TextVocabulary.of(book.slice(start, start + characters), { unknown: UNKNOWN });
  const ids = vocabulary.encode(book.slice(start, start + characters));
  const heldOut = vocabulary.encode(book.slice(start + characters).slice(0, 10_000));

  const model = nn.sequential(
    nn.embedding(vocabulary.size, 32),
    nn.gru(32, hidden),
    nn.linear(hidden, vocabulary.size),
  );
  const optimizer = optim.adam({ learningRate: 0.005, clipNorm: 1 });
  const trainer = new Trainer(model, { loss: losses.crossEntropy, optimizer, window: 50 });
  const fit = { epochs, batchSize: BATCH };
  for await (const { step, loss, stepsPerEpoch = 1 } of trainer.fit(ids, fit)) {
    optimizer.setLearningRate(0.005 * (1 - (0.9 * step) / (epochs * stepsPerEpoch)));
    if (step % Math.ceil((epochs * stepsPerEpoch) / 8) !== 0) continue;
    console.log(`step ${step}: ${(loss / Math.LN2).toFixed(2)} bits per character`);
  }
  const bits = (await trainer.evaluate(heldOut, { batchSize: BATCH })).loss / Math.LN2;
  console.log(`${bits.toFixed(3)} bits per character of unseen text.`);

  const writer = writerOf(model);
  const texts: string[] = [];
  for (const temperature of settings.temperatures) {
    writer.reset();
    const ids = await write(writer, vocabulary.encode(PROMPT), { length, temperature });
    const text = vocabulary.decode(ids);
    texts.push(text);
    console.log(`\nAt temperature ${temperature}: ${PROMPT}${text}`);
  }
  return { bits, texts };
}

interface Writer {
  /** Takes in the character that was drawn, or the one of `read`, and draws the next: i32[1]. */
  next(temperature: number): Promise<Tensor>;
  /** What is taken in next. */
  read(id: number): void;
  /** Forgets what was read. */
  reset(): void;
}

/** Reads and writes character by character; the network's state and what it drew stay on the device. */
function writerOf(model: nn.Module): Writer {
  const state = model
    .stateShapes(1)
    .map((shape) => variable(new Float32Array(sizeOf(shape)), shape, "state"));
  const last = variable(new Int32Array(1), [1], "last character");
  const next = compile((temperature) => {
    model.eval();
    const { y, state: after } = model.step(reshape(last, [1, 1]), state);
    for (const [i, held] of state.entries()) held.assign(after[i] ?? held);
    last.assign(categorical(reshape(y, [1, -1]), { temperature }));
    return last;
  });
  return {
    next,
    read: (id) => last.load(Int32Array.of(id)),
    reset() {
      for (const held of state) held.load(new Float32Array(held.size));
    },
  };
}

/** Characters drawn one after the other, each of them read in its turn. The device is waited for once, at the end. */
async function write(
  { next, read }: Writer,
  prompt: Int32Array,
  { length, temperature }: { readonly length: number; readonly temperature: number },
): Promise<number[]> {
  const drawn: Tensor[] = [];
  for (const id of prompt) {
    read(id);
    drawn[0] = await next(temperature);
  }
  while (drawn.length < length) drawn.push(await next(temperature));
  return Promise.all(drawn.map((id) => id.item()));
}

await runAsScript(import.meta.url, { main, full: FULL, quick: QUICK });
