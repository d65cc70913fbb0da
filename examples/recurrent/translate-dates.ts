/**
 * Many to many, not aligned: an encoder reads a date as people write it, a decoder writes it as YYYY-MM-DD, from
 * nothing but the encoder's last state. While learning, the decoder is given the right characters to go on from
 * (teacher forcing, Williams & Zipser 1989); afterwards it goes on from its own. Sutskever, Vinyals & Le 2014.
 */
import {
  argmax,
  compile,
  concat,
  full,
  losses,
  nn,
  optim,
  slice,
  type Tensor,
  tensor,
  valueAndGrad,
} from "gradgpu";
import {
  batchCount,
  batches,
  type Dataset,
  dataset,
  padSequences,
  TextVocabulary,
  type Values,
} from "gradgpu/data";
import { runAsScript } from "../shared/script.ts";
import { datePairs } from "./data/dates.ts";

export interface Settings {
  /** Dates to learn from, and dates to test, all of different days. */
  readonly training: number;
  readonly test: number;
  readonly hidden: number;
  readonly epochs: number;
}

export const FULL: Settings = { training: 10_000, test: 1000, hidden: 128, epochs: 3 };
export const QUICK: Settings = { ...FULL, training: 3000, test: 200, epochs: 4 };

const BATCH = 25;
const LEARNING_RATE = 0.007;
/** Characters of YYYY-MM-DD. */
const LENGTH = 10;
/** What the decoder reads first. An embedding has no row for it and reads zeros. */
const START = -1;
const batchFirst = true;
/** The day may come first and is needed last: without remembering from the start, some seeds learn nothing for long. */
const recurrent = { batchFirst, initialiseBias: nn.initialise.remember(2) };

export async function main({
  training,
  test,
  hidden,
  epochs,
}: Settings): Promise<{ exact: number }> {
  const pairs = datePairs(training + test);
  const written = pairs.map((pair) => pair.written);
  const iso = pairs.map((pair) => pair.iso);
  const letters = TextVocabulary.of(written.join(""));
  const digits = TextVocabulary.of(iso.join(""));
  const network = translator(letters.size, digits.size, hidden);
  const x = padded(letters, written.slice(0, training));
  const y = padded(digits, iso.slice(0, training));
  await train(network, dataset({ x, y }), epochs);

  const unseen = padded(letters, written.slice(training));
  const answers = (await translate(network, unseen)).map((ids) => digits.decode(ids));
  for (const [i, answer] of answers.slice(0, 5).entries())
    console.log(`${written[training + i]} → ${answer}`);
  const exact = answers.filter((answer, i) => answer === iso[training + i]).length / test;
  console.log(`${(100 * exact).toFixed(1)} % of ${test} unseen dates are right to the last digit.`);
  return { exact };
}

/** i32[B, T] */
function padded(vocabulary: TextVocabulary, texts: readonly string[]): Values {
  return padSequences(
    texts.map((text) => vocabulary.encode(text)),
    { batchFirst },
  ).values;
}

type Translator = ReturnType<typeof translator>;

function translator(letters: number, digits: number, hidden: number) {
  const read = nn.embedding(letters, 32);
  const encoder = nn.gru(32, hidden, recurrent);
  const reread = nn.embedding(digits, 32);
  const decoder = nn.gru(32, hidden, recurrent);
  const head = nn.linear(hidden, digits);
  return {
    parameters: [read, encoder, reread, decoder, head].flatMap((layer) => layer.parameters()),
    /** i32[B, T], padded, → the state at each date's own end. */
    encode: (written: Tensor): nn.State =>
      encoder.run(read(written), { lengths: nn.lengthsOf(written, { batchFirst }) }).state,
    /** i32[B, T] → f32[B, T, digits]: after each character the next. */
    decode(given: Tensor, from: nn.State) {
      const { y, state } = decoder.run(reread(given), { state: from });
      return { logits: head(y), state };
    },
  };
}

async function train(
  { parameters, encode, decode }: Translator,
  examples: Dataset,
  epochs: number,
): Promise<void> {
  const optimizer = optim.adam({ learningRate: LEARNING_RATE, clipNorm: 1 });
  const learn = compile((written, iso) => {
    const [loss, gradients] = valueAndGrad(parameters, () => {
      const before = slice(iso, [0, 0], [BATCH, LENGTH - 1]);
      const given = concat([full([BATCH, 1], START, "i32"), before], 1);
      return losses.crossEntropy(decode(given, encode(written)).logits, iso);
    });
    optimizer.update(gradients);
    return loss;
  });
  const once = { batchSize: BATCH, dropLast: true, seed: 1 };
  const steps = epochs * batchCount(examples.length, once);
  let step = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (const { x, y } of batches(examples, { ...once, epoch })) {
      optimizer.setLearningRate(LEARNING_RATE * (1 - (0.95 * step) / steps));
      const loss = await learn(tensor(x.data, x.shape), tensor(y.data, y.shape));
      if (++step % Math.ceil(steps / 8) !== 0) continue;
      console.log(`step ${step}: loss ${(await loss.item()).toFixed(4)}`);
    }
  }
}

/** The likeliest character after the likeliest so far, for all dates side by side; the state stays on the device. */
async function translate(network: Translator, { data, shape }: Values): Promise<number[][]> {
  const next = compile((last, ...state) => {
    const { logits, state: after } = network.decode(last, state);
    return { best: argmax(logits), state: after };
  });
  let state = await compile(network.encode)(tensor(data, shape));
  let best = full([shape[0] ?? 0, 1], START, "i32");
  const columns: Tensor[] = [];
  while (columns.length < LENGTH) {
    ({ best, state } = await next(best, ...state));
    columns.push(best);
  }
  const characters = await Promise.all(columns.map((column) => column.data()));
  return Array.from(characters[0] ?? [], (_, date) => characters.map((all) => all[date] ?? 0));
}

await runAsScript(import.meta.url, { main, full: FULL, quick: QUICK });
