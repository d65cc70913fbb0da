/**
 * A small GPT: blocks of causal attention learn to predict the next character of *Moby Dick*. Radford et al. 2018, with the
 * norms in front, and with what lets a small one learn fast: rows for the last two and three characters beside the one
 * for each (hashed, as in Pagnoni et al. 2024), places as turns of queries and keys (Su et al. 2021), what the last few
 * steps ask, are asked for and say mixed feature by feature (So et al. 2021), keys and values of the window before (Dai
 * et al. 2019), and Muon (Jordan et al. 2024).
 */
import {
  add,
  attention,
  cast,
  concat,
  gelu,
  losses,
  mod,
  mul,
  nn,
  optim,
  reshape,
  slice,
  sub,
  type Tensor,
  Trainer,
  tensor,
  transpose,
  zeros,
} from "gradgpu";
import { sequenceBatchCount, TextVocabulary } from "gradgpu/data";
import { loadMoby } from "../quickstart/moby.ts";
import { runAsScript } from "../shared/script.ts";

export interface Settings {
  /** Characters to learn from, and others to be measured on. */
  readonly characters: number;
  readonly heldOut: number;
  readonly features: number;
  readonly heads: number;
  readonly blocks: number;
  /** Characters of a window; as many before it are seen as well. */
  readonly window: number;
  readonly batchSize: number;
  /** How often the text is read: the schedule ends with it. */
  readonly epochs: number;
}

export const FULL: Settings = {
  characters: Number.POSITIVE_INFINITY,
  heldOut: 50_000,
  features: 96,
  heads: 3,
  blocks: 2,
  window: 96,
  batchSize: 16,
  epochs: 3.3,
};
export const QUICK: Settings = {
  ...FULL,
  characters: 60_000,
  heldOut: 10_000,
  features: 48,
  window: 48,
  epochs: 4,
};

/** Rows of tables for the last two and three characters, and numbers of each row. */
const PAIRS = { rows: 7_569, width: 64 };
const TRIPLES = { rows: 16_381, width: 32 };
const ADAM = { orthogonal: false } as const;

/** cos and sin by which features d and d + D/2 of places 0 … length − 1 are turned. */
function turns(length: number, D: number): readonly Tensor[] {
  const angle = (i: number) => Math.floor(i / (D / 2)) / 1000 ** ((i % (D / 2)) / (D / 2));
  const table = (of: (x: number) => number) =>
    tensor(
      Float32Array.from({ length: (length * D) / 2 }, (_, i) => of(angle(i))),
      [length, D / 2],
    );
  return [table(Math.cos), table(Math.sin)];
}

/** x f32[B, heads, T, D] at the last T of the places that `turns` tells of. */
function turned(x: Tensor, by: readonly Tensor[]): Tensor {
  const [B = 0, heads = 0, T = 0, D = 0] = x.shape;
  const half = (i: number) => slice(x, [0, 0, 0, (i * D) / 2], [B, heads, T, D / 2]);
  const places = by.map((all) => slice(all, [(all.shape[0] ?? 0) - T, 0], [T, D / 2]));
  const [a, b, c = a, s = b] = [half(0), half(1), ...places];
  return concat([sub(mul(a, c), mul(b, s)), add(mul(a, s), mul(b, c))], 3);
}

/** f32[B, T, features] → the same; carries keys and values of the window before. */
function block({ features, heads, window }: Settings): nn.Module {
  const D = features / heads;
  const [norm1, norm2] = [nn.layerNorm(features), nn.layerNorm(features)];
  const [ask, out] = [nn.linear(features, 3 * features), nn.linear(features, features)];
  const [up, down] = [nn.linear(features, 3 * features), nn.linear(3 * features, features)];
  const mix = nn.conv1d(3 * features, 3 * features, 4, {
    groups: 3 * features,
    padding: [3, 0],
    bias: false,
    initialise: nn.initialise.normal(0.02),
  });
  const stateShapes = (B: number) => [1, 2].map(() => [B, heads, window, D]);
  return nn.module("block", {
    timeAxis: 1,
    children: { norm1, norm2, ask, mix, out, up, down },
    stateShapes,
    step(x: Tensor, state) {
      const [B = 0, T = 0] = x.shape;
      const asked = ask(norm1(x));
      const apart = reshape(add(asked, mix(asked)), [B, T, 3, heads, D]);
      const order = transpose(apart, [2, 0, 3, 1, 4]);
      const part = (i: number) =>
        reshape(slice(order, [i, 0, 0, 0, 0], [1, B, heads, T, D]), [B, heads, T, D]);
      const before = state ?? stateShapes(B).map((shape) => zeros(shape));
      const [keys, values] = before.map((old, i) => concat([old, part(i + 1)], 2)) as [
        Tensor,
        Tensor,
      ];
      const places = turns(window + T, D);
      const seen = attention(turned(part(0), places), turned(keys, places), values, {
        causal: true,
      });
      const y = add(x, out(reshape(transpose(seen, [0, 2, 1, 3]), [B, T, features])));
      const next = [keys, values].map((all) => slice(all, [0, 0, T, 0], [B, heads, window, D]));
      return { y: add(y, down(gelu(up(norm2(y))))), state: next };
    },
  });
}

/** i32[B, T] → f32[B, T, characters], and an optimizer for `steps` steps. */
export function gpt(characters: number, settings: Settings, steps: number) {
  const { features } = settings;
  const spread = { initialise: nn.initialise.normal(0.3) };
  const single = nn.embedding(characters, features, spread);
  const pairs = nn.embedding(PAIRS.rows, PAIRS.width, spread);
  const triples = nn.embedding(TRIPLES.rows, TRIPLES.width, spread);
  const join = nn.linear(features + PAIRS.width + TRIPLES.width, features);
  const blocks = Array.from({ length: settings.blocks }, () => block(settings));
  const norm = nn.layerNorm(features);
  const last = nn.linear(features, characters);
  const named = Object.fromEntries(blocks.map((one, i) => [`block${i}`, one]));
  const model = nn.module("gpt", {
    timeAxis: 1,
    inputDType: "i32",
    children: { single, pairs, triples, join, ...named, norm, last },
    stateShapes: (B) => [[B, 2], ...blocks.flatMap((one) => one.stateShapes(B))],
    step(x: Tensor, state) {
      const [B = 0, T = 0] = x.shape;
      const before = cast(state?.[0] ?? zeros([B, 2]), "i32");
      const all = concat([before, x], 1);
      const late = (by: number) => slice(all, [0, 2 - by], [B, T]);
      const pair = add(mul(late(1), characters), x);
      const triple = add(
        mul(mod(add(mul(late(2), characters), late(1)), TRIPLES.rows), characters),
        x,
      );
      const rows = [single(x), pairs(mod(pair, PAIRS.rows)), triples(mod(triple, TRIPLES.rows))];
      let y = join(concat(rows, 2));
      const next: Tensor[] = [cast(slice(all, [0, T], [B, 2]), "f32")];
      blocks.forEach((one, i) => {
        const stepped = one.step(y, state?.slice(1 + 2 * i, 3 + 2 * i));
        y = stepped.y;
        next.push(...stepped.state);
      });
      return { y: last(norm(y)), state: next };
    },
  });
  const rate = optim.cosine({ from: 1e-2, to: 0, steps });
  const optimizer = optim.muon({
    learningRate: optim.warmUp({ steps: Math.ceil(steps / 20), rate }),
    clipNorm: 1,
    weightDecay: 0.01,
    beta2: 0.99,
    groups: {
      single: { parameters: single.parameters(), ...ADAM },
      last: { parameters: last.parameters(), ...ADAM },
      tables: {
        parameters: [...pairs.parameters(), ...triples.parameters()],
        ...ADAM,
        weightDecay: 0,
      },
    },
  });
  return { model, optimizer };
}

/** Bits per character of text that was not learnt from. */
export async function main(settings: Settings): Promise<{ bits: number }> {
  const { characters, heldOut, window, batchSize, epochs } = settings;
  const book = await loadMoby();
  const training = book.training.slice(0, characters);
  const vocabulary = TextVocabulary.of(training, { unknown: "\uFFFD" });
  const ids = vocabulary.encode(training);
  const steps = Math.floor(epochs * sequenceBatchCount(ids.length, { batchSize, window }));
  const { model, optimizer } = gpt(vocabulary.size, settings, steps);
  console.log(model.summary([batchSize, window]));
  const trainer = new Trainer(model, { loss: losses.crossEntropy, optimizer, window, metrics: {} });
  const fit = { epochs: Math.ceil(epochs), batchSize, dropLast: true };
  for await (const { step, loss } of trainer.fit(ids, fit)) {
    if (step % Math.ceil(steps / 8) === 0)
      console.log(`step ${step} of ${steps}: ${(loss / Math.LN2).toFixed(2)} bits per character`);
    if (step === steps) break;
  }
  const unseen = vocabulary.encode(book.heldOut.slice(0, heldOut));
  const bits = (await trainer.evaluate(unseen, { batchSize })).loss / Math.LN2;
  console.log(`${bits.toFixed(3)} bits per character of unseen text.`);
  trainer.dispose();
  return { bits };
}

await runAsScript(import.meta.url, { main, full: FULL, quick: QUICK });
