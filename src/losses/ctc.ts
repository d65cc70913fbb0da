/** Connectionist temporal classification: labels for longer sequences of frames. Graves et al. 2006. */
import { anything, flag, whole } from "../arguments.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import {
  add,
  and,
  arange,
  cast,
  concat,
  describe,
  div,
  embedding,
  equal,
  exp,
  full,
  greater,
  greaterEqual,
  less,
  log,
  logSoftmax,
  max,
  maximum,
  mul,
  neg,
  notEqual,
  or,
  pad,
  reshape,
  scan,
  slice,
  stopGradient,
  sub,
  sum,
  type Tensor,
  where,
  zeros,
} from "../functions.ts";
import { checkTensor } from "../internals.ts";
import { checkLossOptions, type LossOptions, reduced } from "./reduction.ts";

/** What CTC can be told. */
export interface CtcOptions extends LossOptions {
  /** i32[N]: frames of each sequence that count; all T where nothing is said. */
  readonly lengths?: Tensor;
  /** The class that stands for no label; 0. */
  readonly blank?: number;
  /**
   * Whether a sequence whose frames are too few for its labels counts as 0, without a gradient; false: as infinity. PyTorch's
   * zero_infinity.
   */
  readonly zeroInfinity?: boolean;
}

/** The logarithm of what cannot be: finite, so that differences of such are. */
const NEVER = -1e30;

/**
 * −log of the probability of `labels`, over all ways of writing them as frames: each once or more in a row, blanks between.
 * logits f32[T, N, C], labels i32[N, S] without blanks, behind the end of a sequence negative, as `data.padSequences`
 * leaves them → [N]. "mean" divides each by the number of its labels first, as PyTorch's. A label of C or more makes its
 * sequence's loss NaN.
 *
 * A loop over the frames (equations 6 to 8), in logarithms of which the largest is taken out of every frame; its gradient
 * is the loop back.
 * @throws ShapeError where logits and labels do not fit; DTypeError unless they are f32 and i32; ArgumentError for
 *   options that break their rules
 */
export function ctc(logits: Tensor, labels: Tensor, options?: CtcOptions): Tensor {
  checkLossOptions("ctc", options, { lengths: anything, blank: whole, zeroInfinity: flag });
  const { blank = 0, zeroInfinity = false, reduction = "mean", lengths } = options ?? {};
  checkSizes(logits, labels, lengths, blank);
  const [T = 0, N = 0] = logits.shape;
  const L = 2 * (labels.shape[1] ?? 0) + 1;
  const isLabel = greaterEqual(labels, 0);
  const path = interleaved(where(isLabel, labels, blank), blank);
  const emitted = emissions(logSoftmax(logits), path);
  const mayJump = jumps(labels);
  const place = arange(L);
  // Before the first frame: from here it may be the first blank, or the first label.
  const begin = add(zeros([N, L]), where(less(place, 1), 0, NEVER));

  const { carry } = scan(
    ({ alpha, scale }, { logs, t }) => {
      const behind = (by: number) =>
        where(
          less(place, by),
          NEVER,
          pad(slice(alpha, [0, 0], [N, L - by]), [
            [0, 0],
            [by, 0],
          ]),
        );
      const jumped = where(mayJump, behind(2), NEVER);
      const next = maximum(add(logSum([alpha, behind(1), jumped]), logs), NEVER);
      const largest = stopGradient(max(next, { axis: 1, keepDims: true }));
      const left = { alpha: sub(next, largest), scale: add(scale, largest) };
      if (lengths === undefined) return { carry: left, y: undefined };
      const isOver = reshape(greaterEqual(t, lengths), [N, 1]);
      const kept = {
        alpha: where(isOver, alpha, left.alpha),
        scale: where(isOver, scale, left.scale),
      };
      return { carry: kept, y: undefined };
    },
    { alpha: begin, scale: zeros([N, 1]) },
    { logs: emitted, t: arange(T) },
  );
  const count = sum(cast(isLabel, "i32"), { axis: 1, keepDims: true });
  // It ends at its last label, or at the blank behind it.
  const end = mul(count, 2);
  const isEnd = or(equal(place, end), and(equal(place, sub(end, 1)), greater(count, 0)));
  const losses = neg(reshape(add(carry.scale, logSumOver(where(isEnd, carry.alpha, NEVER))), [N]));
  const possible = less(losses, -NEVER / 2);
  const known = where(or(possible, notEqual(losses, losses)), losses, zeroInfinity ? 0 : Infinity);
  if (reduction !== "mean") return reduced("ctc", known, options);
  const each = maximum(reshape(cast(count, "f32"), [N]), 1);
  return reduced("ctc", div(known, each), options);
}

/** log Σ exp of tensors of one shape. What is taken out does not matter, so it has no gradient. */
function logSum(xs: readonly Tensor[]): Tensor {
  const largest = stopGradient(xs.reduce((a, b) => maximum(a, b)));
  const total = xs.map((x) => exp(sub(x, largest))).reduce((a, b) => add(a, b));
  return add(largest, log(total));
}

/** The same over the last dimension, which is kept. */
function logSumOver(x: Tensor): Tensor {
  const over = { axis: -1, keepDims: true };
  const largest = stopGradient(max(x, over));
  return add(largest, log(sum(exp(sub(x, largest)), over)));
}

/** labels [N, S] with `between` in front of each, and behind the last: [N, 2S + 1]. */
function interleaved(labels: Tensor, between: number): Tensor {
  const [N = 0, S = 0] = labels.shape;
  const own = full([N, S, 1], between, labels.dtype);
  const pairs = concat([own, reshape(labels, [N, S, 1])], 2);
  return concat([reshape(pairs, [N, 2 * S]), full([N, 1], between, labels.dtype)], 1);
}

/** Where a blank may be left out: at a label that is not the one before. bool[N, 2S + 1] */
function jumps(labels: Tensor): Tensor {
  const [N = 0, S = 0] = labels.shape;
  const differs = notEqual(slice(labels, [0, 1], [N, S - 1]), slice(labels, [0, 0], [N, S - 1]));
  const first = zeros([N, 1], "i32");
  const may = S === 1 ? first : concat([first, cast(differs, "i32")], 1);
  return greater(interleaved(may, 0), 0);
}

/** logs [T, N, C] at the classes of a path [N, L] → [T, N, L]; NaN for a class that there is not. */
function emissions(logs: Tensor, path: Tensor): Tensor {
  const [T = 0, N = 0, C = 0] = logs.shape;
  const rows = mul(reshape(arange(T * N), [T, N, 1]), C);
  const ids = where(less(path, C), add(rows, path), T * N * C);
  return reshape(embedding(reshape(logs, [T * N * C, 1]), ids), ids.shape);
}

function checkSizes(
  logits: Tensor,
  labels: Tensor,
  lengths: Tensor | undefined,
  blank: number,
): void {
  checkTensor("ctc", logits, "logits");
  checkTensor("ctc", labels, "labels");
  const [T = 0, N = 0, C = 0] = logits.shape;
  const isPair = logits.shape.length === 3 && labels.shape.length === 2 && labels.shape[0] === N;
  if (!isPair || T === 0 || labels.size === 0 || labels.dtype !== "i32") {
    throw new ShapeError(
      `ctc: logits must be f32[T, N, C] and labels i32[N, S], of one frame and one label or more; got ${describe(logits.type)} and ${describe(labels.type)}. transpose(logits, [1, 0, 2]) puts time first.`,
    );
  }
  if (blank >= C) {
    throw new ArgumentError(
      `ctc: blank must be one of the ${C} classes; got ${blank}. Give the logits one class more than there are labels.`,
    );
  }
  if (lengths === undefined) return;
  checkTensor("ctc", lengths, "lengths");
  if (lengths.dtype === "i32" && lengths.shape.length === 1 && lengths.shape[0] === N) return;
  throw new ShapeError(
    `ctc: lengths must be i32[${N}], the frames of each sequence; got ${describe(lengths.type)}. Make it tensor(Int32Array.from(frames)); without it all have every frame.`,
  );
}
