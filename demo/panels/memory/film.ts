/**
 * One sequence of a few steps, there and back: what every step made of its state, and all that reaches it from the loss.
 * The cell is walked by `scan`, with zeros added to its states, whose gradients are ∂loss/∂state_t unit by unit;
 * `gradientFlow` tells their norms.
 */
import {
  type Compiled,
  compile,
  grad,
  greater,
  type nn,
  reshape,
  scan,
  sigmoid,
  stopGradient,
  type Tensor,
  tensor,
  where,
  zeros,
} from "gradgpu";
import { IGNORED_LABEL } from "gradgpu/data";
import type { TrainingBatch } from "gradgpu/train";
import type { Task } from "../../../examples/memory/tasks/task.ts";
import { type States, stepOf } from "./cell-step.ts";
import { type Column, UNITS } from "./columns.ts";
import type { ByState, Lanes } from "./pictures.ts";
import { normsOf, readAll, tensorOf } from "./read.ts";

/** Steps that can be followed one by one. */
export const MOST_STEPS = 16;

/** Everything unit by unit, [T, units]. */
export interface Unrolled {
  readonly loss: number;
  readonly values: ByState;
  readonly gradients: ByState;
  /** Of an lstm: the ways into the gradient of c, which is their sum; forget and output gate. */
  readonly ways: Ways | undefined;
  readonly forget: Float32Array | undefined;
  readonly output: Float32Array | undefined;
}

/** One column's film, of sequences of one length. */
export class Film {
  readonly #states: readonly string[];
  readonly #lastCut: number;
  readonly #run: Compiled<Readonly<Record<string, Tensor>>>;

  /** `cuts`: the steps in front of which the gradient is cut. */
  constructor(column: Column, model: nn.Module, task: Task, cuts: readonly number[]) {
    this.#states = column.cell.states;
    this.#lastCut = Math.max(0, ...cuts);
    this.#run = unrolling(column, model, task, cuts);
  }

  /** Of one sequence: x [T, 1]. */
  async unroll({ x, y }: TrainingBatch): Promise<Unrolled> {
    const [steps = 0] = x.shape;
    const nothing = this.#states.map(() => zeros([steps, 1, UNITS]));
    const targets = { ...y, data: y.data.slice() };
    // The loss is that of the last window.
    if (y.shape.length > 1) targets.data.fill(IGNORED_LABEL, 0, this.#lastCut);
    const read = await readAll(await this.#run(tensorOf(x), tensorOf(targets), ...nothing));
    const all = (kind: string): ByState =>
      Object.fromEntries(
        this.#states.map((name) => [name, read[`${kind}.${name}`] ?? new Float32Array()]),
      );
    const [values, along] = [all("value"), all("gradient")];
    const { forget, output } = read;
    const ways = values.c && output && waysInto(values.c, along, output);
    const gradients =
      ways === undefined
        ? along
        : { ...along, c: ways.kept.map((g, i) => g + (ways.read[i] ?? 0)) };
    return { loss: read.loss?.[0] ?? Number.NaN, values, gradients, ways, forget, output };
  }

  dispose(): void {
    this.#run.dispose();
  }
}

function unrolling(column: Column, model: nn.Module, task: Task, cuts: readonly number[]) {
  const names = column.cell.states;
  const layers = model.children.map(([, child]) => child as nn.Module);
  const place = layers.findIndex(({ kind }) => kind === column.name);
  const step = stepOf(column, layers[place] as nn.Module);
  const applied = (to: Tensor, some: readonly nn.Module[]) =>
    some.reduce((value, layer) => layer(value), to);
  return compile((x: Tensor, y: Tensor, ...nothing: Tensor[]) => {
    const inputs = applied(x, layers.slice(0, place));
    const isCut = Array.from({ length: inputs.shape[0] ?? 0 }, (_, t) => Number(cuts.includes(t)));
    const walk = (added: readonly Tensor[]) =>
      scan(
        (carried: States, at: { x: Tensor; isCut: Tensor; added: States }) => {
          const before = mapped(carried, (state) => where(at.isCut, stopGradient(state), state));
          const { states, sums } = step(at.x, before, at.added);
          return { carry: states, y: { states, sums } };
        },
        Object.fromEntries(names.map((name) => [name, zeros([1, UNITS])])),
        {
          x: inputs,
          isCut: greater(tensor(isCut), 0),
          added: Object.fromEntries(names.map((name, s) => [name, added[s] as Tensor])),
        },
      ).ys;
    const seen: { steps?: ReturnType<typeof walk>; loss?: Tensor } = {};
    const gradients = grad(
      (...added) => {
        const steps = walk(added);
        const loss = task.loss(applied(steps.states.h as Tensor, layers.slice(place + 1)), y);
        Object.assign(seen, { steps, loss });
        return loss;
      },
      ...nothing,
    );
    const { states = {}, sums = {} } = seen.steps ?? {};
    const all = names.flatMap((name, s) => [
      [`value.${name}`, states[name]],
      [`gradient.${name}`, gradients[s]],
    ]);
    const gates = ["forget", "output"].flatMap((gate) => {
      const sum = sums[gate];
      return sum === undefined ? [] : [[gate, sigmoid(sum)]];
    });
    return Object.fromEntries([...all, ...gates, ["loss", reshape(seen.loss as Tensor, [1])]]);
  });
}

function mapped(states: States, of: (state: Tensor) => Tensor): States {
  return Object.fromEntries(Object.entries(states).map(([name, state]) => [name, of(state)]));
}

/**
 * The two ways into ∂loss/∂c_t of an lstm, unit by unit, [T, units]: kept, along c, which is ∂loss/∂c_{t+1} ∘ f_{t+1}, and
 * read, from h through the output gate, ∂loss/∂h_t ∘ o_t ∘ (1 − tanh² c_t).
 */
export interface Ways {
  readonly kept: Float32Array;
  readonly read: Float32Array;
}

function waysInto(c: Float32Array, along: ByState, output: Float32Array): Ways | undefined {
  const { h, c: kept } = along;
  if (h === undefined || kept === undefined) return undefined;
  const read = h.map((g, i) => g * (output[i] ?? 0) * (1 - Math.tanh(c[i] ?? 0) ** 2));
  return { kept, read };
}

/** The ways as norms over the units, with what the gates did. */
export function lanesOf({ ways, forget, output }: Unrolled): Lanes | undefined {
  if (ways === undefined || forget === undefined || output === undefined) return undefined;
  return {
    kept: normsOf(ways.kept, UNITS),
    read: normsOf(ways.read, UNITS),
    forget: meansOf(forget),
    output: meansOf(output),
  };
}

function meansOf(values: Float32Array): Float32Array {
  return Float32Array.from(
    { length: values.length / UNITS },
    (_, t) => values.subarray(t * UNITS, (t + 1) * UNITS).reduce((a, b) => a + b, 0) / UNITS,
  );
}
