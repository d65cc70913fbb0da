/**
 * Truncated back-propagation through time that reaches back further than the block that has just come, BPTT(h; h').
 * The update for a block of `every` steps sees a stretch of `back` steps, which the block ends:
 *
 *   position      0        …          h − every        h = back − every       back
 *                 | part of a block   | a block        | the block that came  |      (h no multiple of every)
 *   state held ───┘
 *
 * The h steps before the block, the state at position 0, and at which borders of blocks a row began a new sequence are
 * variables: nothing is kept on the host, and a step that is not finite leaves all of it as it was. The next stretch
 * begins `every` steps further on, so the state there is noted on the way and becomes the one that is held.
 *
 * A sequence that has just begun has less than h steps behind it. What lies there is another sequence, or filling; the
 * state is set to zero where the sequence begins, and no gradient passes a state that was set. So every stretch has one
 * shape, and one plan. Where it is known on the host that no row begins within it, the stretch is walked in two pieces
 * instead of one for every border: another plan, of far fewer steps where blocks are short.
 */
import { ShapeError } from "../errors.ts";
import {
  concat,
  describe,
  type HostArray,
  mul,
  ones,
  reshape,
  sizeOf,
  slice,
  stopGradient,
  Tensor,
  type TensorType,
  transpose,
  Variable,
  variable,
} from "../functions.ts";
import { keepState } from "../nn/carry.ts";
import type { AnyModule, Tensors } from "../nn/index.ts";
import type { Forward } from "./forward.ts";
import { windowAxis } from "./time.ts";
import type { Truncation } from "./window.ts";

/** What a stretch holds besides the recurrent state at its beginning. */
export interface StretchVariables {
  /** [back − every, B, …]: the steps before the next block. */
  readonly history: Variable;
  /** f32[borders, B]: 0 where a row began a sequence at a border of blocks, from the latest to the earliest. */
  readonly borders: Variable | undefined;
  /** f32[B]: 0 where a row has begun a sequence in a block that was left out, so that the next block begins it. */
  readonly owed: Variable;
}

/** Borders of blocks in the history where the state can be set to zero, its first step not counted. */
export function borderCount({ every, back }: Truncation): number {
  return Math.max(0, Math.ceil((back - every) / every) - 1);
}

/** `first` is a block's type, and its elements: filling that the model knows how to read. */
export function stretchVariables(
  truncation: Truncation,
  first: TensorType,
  elements: ArrayLike<number>,
): StretchVariables {
  const { dtype, shape } = first;
  const [, rows = 1, ...features] = shape;
  const history = { dtype, shape: [truncation.back - truncation.every, rows, ...features] };
  const borders = borderCount(truncation);
  return {
    history: new Variable(history, filling(history, elements), "history"),
    borders:
      borders === 0
        ? undefined
        : variable(new Float32Array(borders * rows), [borders, rows], "borders"),
    owed: variable(new Float32Array(rows).fill(1), [rows], "owed"),
  };
}

/** As if no block had come yet. */
export function restart(
  { history, borders, owed }: StretchVariables,
  elements: ArrayLike<number>,
): void {
  history.load(filling(history.type, elements));
  borders?.load(new Float32Array(borders.size));
  owed.load(new Float32Array(owed.size).fill(1));
}

/** The first step of a block over and over. */
function filling({ dtype, shape }: TensorType, block: ArrayLike<number>): HostArray {
  const Filling = dtype === "i32" ? Int32Array : dtype === "f32" ? Float32Array : Uint32Array;
  const data = new Filling(sizeOf(shape));
  const stepSize = sizeOf(shape.slice(1));
  for (let i = 0; i < data.length; i++) data[i] = block[i % stepSize] ?? 0;
  return data;
}

/** After how many blocks in which no row began a stretch is unbroken. */
export function blocksBehind({ every, back }: Truncation): number {
  return Math.ceil((back - every) / every);
}

/**
 * The forward pass of a stretch that the block x [every, B, …] ends; [B, every, …] where the model takes that. `keep` f32[B] is 0 where a row begins with it.
 * `isUnbroken`: no row begins in it, and `keep` is 1 throughout.
 */
export function stretchForward(
  model: AnyModule,
  { every, back }: Truncation,
  x: Tensor,
  keep: Tensor,
  state: readonly Variable[],
  { history, borders, owed }: StretchVariables,
  isUnbroken: boolean,
): Forward {
  const before = back - every;
  const rows = keep.size;
  const kept = mul(keep, owed);
  const turn = windowAxis(model) === 0 ? (y: Tensor) => y : swapped;
  const all = concat([history, turn(x)]);
  const cuts = new Set(isUnbroken ? [0, every] : [0, before, every]);
  for (let at = before - every; at > 0 && !isUnbroken; at -= every) cuts.add(at);
  const ordered = [...cuts].sort((a, b) => a - b);

  let now: readonly Tensor[] = state;
  let next: readonly Tensor[] = [];
  const outputs: Tensor[] = [];
  ordered.forEach((from, i) => {
    const to = ordered[i + 1] ?? back;
    const border = isUnbroken ? -1 : (before - from) / every;
    if (border === 0) now = keepState(model, now, kept);
    else if (from > 0 && Number.isInteger(border) && border > 0 && borders !== undefined) {
      now = keepState(model, now, reshape(slice(borders, [border - 1, 0], [1, rows]), [rows]));
    }
    if (from === every) next = now;
    const part = model.step(turn(steps(all, from, to)) as never, now);
    const y = checkedOutput(part.y instanceof Tensor ? turn(part.y) : part.y, to - from, rows);
    if (to > before) outputs.push(from < before ? steps(y, before - from, to - from) : y);
    now = part.state;
  });

  const newest = reshape(kept, [1, rows]);
  const count = borders?.shape[0] ?? 0;
  return {
    output: turn(concat(outputs)),
    parts: ordered.length,
    changes: [
      ...state.map((held, i) => ({ held, next: stopGradient(next[i] ?? held), otherwise: held })),
      { held: history, next: steps(all, every, back), otherwise: history },
      ...(borders === undefined
        ? []
        : [
            {
              held: borders,
              next: concat([newest, slice(borders, [0, 0], [count - 1, rows])]),
              otherwise: borders,
            },
          ]),
      { held: owed, next: ones([rows]), otherwise: kept },
    ],
  };
}

/** [B, T, …] as [T, B, …], and back. */
function swapped(x: Tensor): Tensor {
  const order = x.shape.map((_, d) => d);
  return order.length < 2 ? x : transpose(x, [1, 0, ...order.slice(2)]);
}

function steps(x: Tensor, from: number, to: number): Tensor {
  const rest = x.shape.slice(1);
  return slice(x, [from, ...rest.map(() => 0)], [to - from, ...rest]);
}

function checkedOutput(y: Tensors, count: number, rows: number): Tensor {
  if (y instanceof Tensor && y.shape[0] === count && y.shape[1] === rows) return y;
  const got = y instanceof Tensor ? describe(y.type) : Object.keys(y).join(", ");
  throw new ShapeError(
    `fit: with { every, back } the model's output must have a step for each of the input's, [T, B, …]; got ${got} for an input [${count}, ${rows}, …]. Keep time where it is, or give one number as window.`,
  );
}
