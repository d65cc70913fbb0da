/** Several layers of a cell in the same dispatches, against the reference layer by layer. */
import { beforeAll, describe, expect, it } from "vitest";
import type { ReferenceTensor } from "../../../src/devices/reference/kernel.ts";
import type { RecurrentMode } from "../../../src/devices/webgpu/lowering/recurrent-mode.ts";
import { walksOfLayers } from "../../../src/devices/webgpu/lowering/walk/index.ts";
import { DEFAULT_LIMITS } from "../../../src/devices/webgpu/target.ts";
import { bodyOfCell } from "../../../src/graph/cell-body.ts";
import { gru } from "../../../src/ops/cells/gru.ts";
import { lstm } from "../../../src/ops/cells/lstm.ts";
import { rnn } from "../../../src/ops/cells/rnn.ts";
import { packedOffsets } from "../../../src/ops/packed.ts";
import type { WalkOp } from "../../../src/ops/vocabulary.ts";
import type { Region, WalkLayer } from "../../../src/scheduler/lowering.ts";
import { type Shape, sizeOf } from "../../../src/tensor/shape.ts";
import { walkCase, walkGradCase } from "../../cases/walks.ts";
import {
  caseInputs,
  drawTensor,
  evaluate,
  keyFrom,
  relativeError,
} from "../../support/case-data.ts";
import { openBench } from "../../support/check-kernel.ts";
import { step, steps } from "../../support/recurrent-modes.ts";
import { rolled } from "../../support/rolled.ts";
import type { Bench } from "../../support/run-calls.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});

const target = { isSoftware: false, limits: DEFAULT_LIMITS };
const [STEPS, BATCH, UNITS] = [4, 3, 18] as const;
const LENGTHS = [4, 2, 0];
/** See cell-walks.test.ts. */
const TOLERANCE = 5e-6;

const f32 = (shape: Shape, data: Float64Array): ReferenceTensor => ({
  type: { dtype: "f32", shape },
  data,
});

/** x [rows, inner] · w [inner, columns], or w [columns, inner] turned round, plus a bias. */
function product(
  x: ArrayLike<number>,
  w: ArrayLike<number>,
  inner: number,
  columns: number,
  isTurned = false,
  bias?: ArrayLike<number>,
): Float64Array {
  return Float64Array.from({ length: (x.length / inner) * columns }, (_, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    let sum = bias?.[column] ?? 0;
    for (let k = 0; k < inner; k++)
      sum +=
        (x[row * inner + k] ?? 0) * (w[isTurned ? column * inner + k : k * columns + column] ?? 0);
    return sum;
  });
}

/** Rows of a tape behind each step. */
function behind({ type, data }: ReferenceTensor, reverse: boolean): Float64Array {
  const size = sizeOf(type.shape.slice(1));
  return Float64Array.from(reverse ? data.slice(0, -size) : data.slice(size));
}

type Held = Readonly<Record<string, ReferenceTensor | readonly ReferenceTensor[] | undefined>>;
const asList = (held: Held[string]): readonly ReferenceTensor[] => [held ?? []].flat();

/** Regions for `held`; lists named in `packed`, of all layers together, side by side in one buffer. */
function placed(all: readonly Held[], packed: readonly string[], isFilled: boolean) {
  const regions = all.map((): Record<string, unknown> => ({}));
  for (const name of Object.keys(all[0] ?? {})) {
    const lists = all.map((held) => asList(held[name]));
    const tensors = lists.flat();
    const { offsets, length } = packedOffsets(tensors.map(({ type }) => type.shape));
    let place = (i: number): Region => {
      const { type, data } = tensors[i] as ReferenceTensor;
      return bench.region(type.shape, isFilled ? data : undefined, type.dtype);
    };
    if (packed.includes(name) && tensors.length > 0) {
      const buffer = new Float32Array(length).fill(1e9);
      for (const [i, { data }] of tensors.entries()) if (isFilled) buffer.set(data, offsets[i]);
      const whole = bench.region([length], buffer);
      place = (i) => ({
        ...whole,
        offset: offsets[i] ?? 0,
        type: (tensors[i] as ReferenceTensor).type,
      });
    }
    let next = 0;
    all.forEach((held, layer) => {
      const own = asList(held[name]).map(() => place(next++));
      const into = regions[layer] as Record<string, unknown>;
      into[name] = Array.isArray(held[name]) ? own : own[0];
    });
  }
  return regions;
}

async function expectEqual(held: Record<string, unknown>, expected: Held, what: string) {
  for (const [name, wanted] of Object.entries(expected)) {
    const regions = [held[name] ?? []].flat() as Region[];
    for (const [i, tensor] of asList(wanted).entries()) {
      const actual = await bench.read(regions[i] as Region);
      expect(relativeError(actual, tensor.data), `${what}: ${name} ${i}`).toBeLessThan(TOLERANCE);
    }
  }
}

const cells = [rnn.tanh, lstm, gru];
const forms = [
  { name: "one above the other", mode: step, isStacked: true },
  { name: "side by side, a step at a time", mode: step, isStacked: false },
  { name: "side by side, all steps", mode: steps, isStacked: false },
] as const satisfies readonly { name: string; mode: RecurrentMode; isStacked: boolean }[];

describe.each(forms)("two layers $name", ({ name: form, mode, isStacked }) => {
  const walks = walksOfLayers(target, () => mode);

  it.each(cells)("are those of $name walked one by one, and their gradients", async (of) => {
    const cell = bodyOfCell(of);
    const { length: I } = cell.inputs;
    const size = [STEPS, BATCH, UNITS] as const;
    const draw = (what: string, shape: Shape) =>
      drawTensor({ dtype: "f32", shape }, keyFrom(`${form} ${cell.name} ${what}`));
    const w = draw("w", [UNITS, UNITS, I]);
    const bias = draw("bias", [UNITS, I]);
    const reverses = isStacked ? [false, false] : [false, true];
    const layers = reverses.map((reverse, l) => {
      const sequence = { name: `${form} ${l}`, size, lengths: LENGTHS, reverse };
      const of = { name: `${cell.name} ${l}`, cell, sequence, watched: [0] };
      return { there: walkCase(of), back: walkGradCase(of) };
    });

    // Forwards.
    const ins = layers.map(({ there }) => ({ ...caseInputs("recurrence", there) }));
    const outs: Held[] = [];
    layers.forEach(({ there }, l) => {
      const own = ins[l] as (typeof ins)[number];
      if (isStacked && l > 0) {
        const h = behind(asList(outs[0]?.states)[0] as ReferenceTensor, false);
        own.projected = f32([...size, I], product(h, w.data, UNITS, UNITS * I, false, bias.data));
      }
      outs.push(evaluate("recurrence", own, there.attrs) as unknown as Held);
    });
    const below = {
      input: bench.region(w.type.shape, w.data),
      bias: bench.region(bias.type.shape, bias.data),
    };
    await check(
      "recurrence",
      ins as unknown as Held[],
      outs,
      layers.map(({ there }) => there.attrs),
      below,
    );

    // Backwards.
    const gIns = layers.map(({ back }) => ({ ...caseInputs("recurrenceGrad", back) }));
    const gOuts: Held[] = [];
    const attrs = layers.map(({ back }) => back.attrs);
    for (const l of [1, 0]) {
      const own = gIns[l] as (typeof gIns)[number];
      if (isStacked && l === 0) {
        const above = asList(gOuts[1]?.gProjected)[0] as ReferenceTensor;
        const through = product(above.data, w.data, UNITS * I, UNITS, true);
        own.gStates = [f32(size, through)];
      }
      gOuts[l] = evaluate(
        "recurrenceGrad",
        own,
        attrs[l] as (typeof attrs)[number],
      ) as unknown as Held;
    }
    if (isStacked) {
      // What comes from above reaches the lowest within the walk.
      (gIns[0] as (typeof gIns)[number]).gStates = [];
      attrs[0] = { ...(attrs[0] as (typeof attrs)[number]), watched: [] };
    }
    await check("recurrenceGrad", gIns as unknown as Held[], gOuts, attrs, below);
    bench.clear();
  });

  async function check<K extends WalkOp>(
    op: K,
    ins: readonly Held[],
    expected: readonly Held[],
    attrs: readonly WalkLayer<K>["site"]["attrs"][],
    below: NonNullable<WalkLayer<K>["below"]>,
  ): Promise<void> {
    const [over, under] = op === "recurrence" ? ["tape", "projected"] : ["gProjected", "tape"];
    const first = attrs[0]?.cell;
    const overwrites = first?.tape.length === first?.inputs.length;
    const regions = placed(ins, overwrites ? [under ?? ""] : [], true);
    const present = expected.map((held) =>
      Object.fromEntries(Object.entries(held).filter(([, one]) => one !== undefined)),
    );
    const written = placed(present, Object.keys(present[0] ?? {}), false);
    const layers = regions.map((own, l): WalkLayer<K> => {
      const outs = written[l] as Record<string, unknown>;
      if (overwrites) outs[over ?? ""] = own[under ?? ""];
      const lists = { gStates: [], flow: [], states: [], vectors: [], initial: [] };
      const site = { ins: { ...lists, ...own }, outs: { flow: [], ...outs }, attrs: attrs[l] };
      return { site: site as never, ...(isStacked && l > 0 && { below }) };
    });
    // One of lengths for all.
    for (const { site } of layers.slice(1))
      (site.ins as { lengths: unknown }).lengths = layers[0]?.site.ins.lengths;
    const calls = walks[op](layers as never, bench.scratch).map(rolled);
    const more = (isStacked ? 1 : 0) + (op === "recurrenceGrad" ? 1 : 0);
    const count = mode.kind === "step" ? STEPS + more : 1;
    expect(calls.filter(({ kernel }) => kernel.startsWith("recurrent/"))).toHaveLength(count);
    await bench.run(calls);
    for (const [l, outs] of written.entries())
      await expectEqual(outs, present[l] as Held, `${op} of layer ${l}`);
  }
});
