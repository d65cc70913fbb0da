/** Of classes: labels that are found, and those that are not. Rows with a negative label are left out. */
import { checkOptions, count, number, oneOf } from "../arguments.ts";
import { ShapeError } from "../errors.ts";
import {
  arange,
  argmax,
  cast,
  crossEntropyLoss,
  describe,
  equal,
  full,
  greaterEqual,
  less,
  lessEqual,
  matmul,
  mul,
  not,
  reshape,
  sum,
  type Tensor,
  where,
  xor,
} from "../functions.ts";
import { checkLabels, checkTensor, labelsOf } from "../internals.ts";
import {
  type Collected,
  called,
  type Metric,
  meanMetric,
  metric,
  type Parts,
  quotient,
} from "./metric.ts";

const counted = (labels: Tensor) => sum(cast(greaterEqual(labels, 0), "f32"));

/**
 * The share of rows whose largest logit is at the label. logits f32[..., C], labels i32[...]. Rows with a negative
 * label are left out; of targets that are probabilities, f32[..., C], the likeliest class is the label. Of two classes,
 * outputs and targets of one shape [...] or [..., 1], the share that is on the right side of the threshold, as `precision`
 * takes them.
 * @throws ArgumentError for a threshold that is no number; where a step is traced, ShapeError and DTypeError for outputs
 *   and targets of another form
 */
export function accuracy(options?: ThresholdOptions): Metric {
  checkOptions("accuracy", options, { threshold: number }, called("accuracy"));
  return meanMetric("accuracy", (output, targets) => {
    checkTensor("accuracy", output, "output");
    checkTensor("accuracy", targets, "targets");
    const isEach = output.shape.length < 2 || output.shape.at(-1) === 1;
    if (isEach && output.shape.join() === targets.shape.join()) {
      const isFound = greaterEqual(output, options?.threshold ?? 0);
      const total = sum(cast(not(xor(isFound, isPositive(targets))), "f32"));
      return { total, count: full([], output.size) };
    }
    const labels = labelsOf("accuracy", output, targets);
    // No argmax is negative, so rows that do not count are never hits.
    const total = sum(cast(equal(argmax(output), labels), "f32"));
    return { total, count: counted(labels) };
  });
}

/**
 * The share of rows of which fewer than k classes have a larger logit than the label. logits f32[..., C], labels
 * i32[...]; rows with a negative label are left out.
 * @throws ArgumentError for a k that is not a whole number of 1 or more; where a step is traced, ShapeError and
 *   DTypeError for outputs and targets of another form
 */
export function topK(k: number): Metric {
  checkOptions("topK", { k }, { k: count });
  return meanMetric("topK", (logits, labels) => {
    checkLabels("topK", logits, labels);
    const own = reshape(labels, [...labels.shape, 1]);
    const isLabel = equal(arange(logits.shape.at(-1) ?? 1), own);
    const over = { axis: -1, keepDims: true };
    const at = sum(where(isLabel, logits, 0), over);
    // NaN is the largest, as for argmax: where a model gives nothing else, nothing is a hit.
    const larger = sum(cast(not(lessEqual(logits, at)), "f32"), over);
    const isHit = where(greaterEqual(own, 0), cast(less(larger, k), "f32"), 0);
    return { total: sum(isHit), count: counted(labels) };
  });
}

/**
 * e to the mean cross-entropy of a row: among how many classes it is as if one guessed. logits f32[..., C], labels
 * i32[...]; rows with a negative label are left out.
 * @throws where a step is traced: ShapeError and DTypeError for outputs and targets of another
 *   form
 */
export function perplexity(): Metric {
  return meanMetric(
    "perplexity",
    (logits, labels) => ({ total: sum(crossEntropyLoss(logits, labels)), count: counted(labels) }),
    Math.exp,
  );
}

/** From where on an output counts as positive. */
export interface ThresholdOptions {
  /** From which output on a row of two classes counts as positive; 0, for logits. */
  readonly threshold?: number;
}

/** How classes come to one number. */
export interface AverageOptions extends ThresholdOptions {
  /**
   * Of several classes: "macro", the mean over the classes, "weighted", by how often each is the label, or "micro", of all
   * rows together. "macro". A class that is never the label counts in neither of the first two.
   */
  readonly average?: "macro" | "micro" | "weighted";
}

/**
 * Counts of rows by label and by what was found, `matrix[label][found]`: [C][C] for logits f32[..., C] and labels i32[...],
 * and [2][2] for outputs and targets of one shape, which are positive from the threshold on, and from 0.5.
 * @throws ArgumentError for a threshold that is no number; where a step is traced, ShapeError and DTypeError for
 *   outputs and targets of another form
 */
export function confusionMatrix(options?: ThresholdOptions): Metric<number[][]> {
  checkOptions("confusionMatrix", options, { threshold: number }, called("confusionMatrix"));
  return metric("confusionMatrix", {
    parts: (output, targets) => confusion("confusionMatrix", output, targets, options),
    combine: "add",
    value: matrixOf,
  });
}

/**
 * Of what was found, the share that is right. Of two classes, outputs and targets of one shape, of the positive one.
 * @throws ArgumentError for options that break their rules; where a step is traced, ShapeError and DTypeError for
 *   outputs and targets of another form
 */
export function precision(options?: AverageOptions): Metric {
  return ofMatrix("precision", options, ({ hits, found }) => quotientOrZero(hits, found));
}

/**
 * Of what is there, the share that was found. Outputs and targets as `precision` takes them.
 * @throws ArgumentError for options that break their rules; where a step is traced, ShapeError and DTypeError for
 *   outputs and targets of another form
 */
export function recall(options?: AverageOptions): Metric {
  return ofMatrix("recall", options, ({ hits, there }) => quotientOrZero(hits, there));
}

/**
 * The harmonic mean of precision and recall: 2 · hits / (found + there). Outputs and targets as `precision` takes them.
 * @throws ArgumentError for options that break their rules; where a step is traced, ShapeError and DTypeError for
 *   outputs and targets of another form
 */
export function f1(options?: AverageOptions): Metric {
  return ofMatrix("f1", options, ({ hits, found, there }) =>
    quotientOrZero(2 * hits, found + there),
  );
}

/** Of one class. */
interface ClassCounts {
  readonly hits: number;
  readonly found: number;
  readonly there: number;
}

const quotientOrZero = (total: number, of: number) => (of > 0 ? total / of : 0);
const total = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);

function ofMatrix(
  name: string,
  options: AverageOptions | undefined,
  score: (counts: ClassCounts) => number,
): Metric {
  const rules = { threshold: number, average: oneOf("macro", "micro", "weighted") };
  checkOptions(name, options, rules, called(name));
  const { average = "macro" } = options ?? {};
  return metric(name, {
    parts: (output, targets) => confusion(name, output, targets, options),
    combine: "add",
    value(collected) {
      const matrix = matrixOf(collected);
      const classes = matrix.map(
        (row, c): ClassCounts => ({
          hits: row[c] ?? 0,
          found: total(matrix.map((other) => other[c] ?? 0)),
          there: total(row),
        }),
      );
      const all = total(classes.map(({ there }) => there));
      if (all === 0) return Number.NaN;
      const [, positive] = classes;
      if (collected.pairs !== undefined && positive !== undefined) return score(positive);
      const sumOf = (key: keyof ClassCounts) => total(classes.map((one) => one[key]));
      if (average === "micro")
        return score({ hits: sumOf("hits"), found: sumOf("found"), there: all });
      const known = classes.filter(({ there }) => there > 0);
      return average === "macro"
        ? quotient(total(known.map(score)), known.length)
        : quotient(total(known.map((one) => score(one) * one.there)), all);
    },
  });
}

function matrixOf({ pairs, classes }: Collected): number[][] {
  const counts = pairs ?? classes ?? new Float64Array();
  const size = Math.sqrt(counts.length);
  return Array.from({ length: size }, (_, c) => [...counts.slice(c * size, (c + 1) * size)]);
}

/** Counts [C, C] of labels and what was found, `pairs` of two classes: the product of both as rows with a 1 each. */
function confusion(
  caller: string,
  output: Tensor,
  targets: Tensor,
  options: ThresholdOptions | undefined,
): Parts {
  checkTensor(caller, output, "output");
  checkTensor(caller, targets, "targets");
  const isBinary = targets.dtype !== "i32" || output.shape.join() === targets.shape.join();
  if (isBinary) checkPairs(caller, output, targets);
  else checkLabels(caller, output, targets);
  const classes = isBinary ? 2 : (output.shape.at(-1) ?? 1);
  const found = isBinary
    ? cast(greaterEqual(output, options?.threshold ?? 0), "i32")
    : argmax(output);
  const labels = isBinary ? cast(isPositive(targets), "i32") : targets;
  const rows = (ids: Tensor) => cast(equal(arange(classes), reshape(ids, [-1, 1])), "f32");
  const counts = matmul(rows(labels), rows(found), { transposeA: true });
  return isBinary ? { pairs: counts } : { classes: counts };
}

/** Of whole numbers as of others: −1 is none. */
const isPositive = (targets: Tensor) =>
  targets.dtype === "bool" ? targets : greaterEqual(cast(targets, "f32"), 0.5);

function checkPairs(caller: string, output: Tensor, targets: Tensor): void {
  if (output.shape.join() === targets.shape.join()) return;
  throw new ShapeError(
    `${caller}: output and targets of two classes must have one shape; got ${describe(output.type)} and ${describe(targets.type)}. Labels of several classes are i32.`,
  );
}

/**
 * The area under the curve of true against false positives: how likely a positive row has a larger output than a negative
 * one, ties counting half. Outputs and targets of one shape, at most 1,024 rows of a batch come with the step; exact, over all
 * rows of the pass. Fawcett 2006.
 * @throws where a step is traced: ShapeError and DTypeError for outputs and targets of another
 *   form
 */
export function rocAuc(): Metric {
  return metric("rocAuc", {
    parts(output, targets) {
      checkPairs("rocAuc", output, targets);
      const positive = cast(isPositive(targets), "f32");
      return { scores: reshape(mul(output, 1), [-1]), positive: reshape(positive, [-1]) };
    },
    combine: "join",
    value: ({ scores = new Float64Array(), positive = new Float64Array() }) =>
      areaOf(scores, positive),
  });
}

/** Mann and Whitney's U over the number of pairs, from ranks. */
function areaOf(scores: Float64Array, positive: Float64Array): number {
  if (scores.some(Number.isNaN)) return Number.NaN;
  const order = [...scores.keys()].sort((a, b) => (scores[a] ?? 0) - (scores[b] ?? 0));
  let [ranks, positives] = [0, 0];
  for (let from = 0, to = 0; from < order.length; from = to) {
    const score = scores[order[from] ?? 0];
    let tied = 0;
    for (; to < order.length && scores[order[to] ?? 0] === score; to++)
      tied += positive[order[to] ?? 0] ?? 0;
    positives += tied;
    ranks += (tied * (from + 1 + to)) / 2;
  }
  const negatives = scores.length - positives;
  return quotient(ranks - (positives * (positives + 1)) / 2, positives * negatives);
}
