/** Of numbers: outputs and targets f32 of one shape. */
import { ShapeError } from "../errors.ts";
import { abs, describe, full, mean, square, sub, sum, type Tensor } from "../functions.ts";
import { checkDType, checkTensor } from "../internals.ts";
import { type Metric, meanMetric, metric } from "./metric.ts";

/**
 * Mean absolute error. Of |y − t|, over all elements of the pass; outputs and targets f32 of one shape.
 * @throws where a step is traced: ShapeError and DTypeError for outputs and targets of another
 *   form
 */
export function mae(): Metric {
  return meanMetric("mae", (output, targets) => ofAll("mae", abs, output, targets));
}

/**
 * Mean squared error. Of (y − t)², over all elements of the pass; outputs and targets f32 of one shape.
 * @throws where a step is traced: ShapeError and DTypeError for outputs and targets of another
 *   form
 */
export function mse(): Metric {
  return meanMetric("mse", (output, targets) => ofAll("mse", square, output, targets));
}

/**
 * Its root. √ of the mean squared error of the pass, in the unit of the targets.
 * @throws where a step is traced: ShapeError and DTypeError for outputs and targets of another
 *   form
 */
export function rmse(): Metric {
  return meanMetric("rmse", (output, targets) => ofAll("rmse", square, output, targets), Math.sqrt);
}

function ofAll(name: string, measure: (d: Tensor) => Tensor, output: Tensor, targets: Tensor) {
  return { total: sum(measure(difference(name, output, targets))), count: full([], output.size) };
}

/**
 * R², the share of the targets' variance that the outputs explain: 1 − Σ(t − y)² / Σ(t − mean t)², of the pass; 1 is all, 0 as
 * good as the mean, and −∞ or NaN where all targets are the same.
 * @throws where a step is traced: ShapeError and DTypeError for outputs and targets of another
 *   form
 */
export function r2(): Metric {
  return metric("r2", {
    parts(output, targets) {
      const missed = sum(square(difference("r2", output, targets)));
      const centre = mean(targets);
      return {
        missed,
        centre,
        spread: sum(square(sub(targets, centre))),
        size: full([], targets.size),
      };
    },
    combine: "join",
    value({ missed = empty, centre = empty, spread = empty, size = empty }) {
      // Means and spreads of batches are joined, not sums of squares, which would cancel. Chan, Golub & LeVeque 1979.
      let [count, middle, total] = [0, 0, 0];
      size.forEach((n, i) => {
        const apart = (centre[i] ?? 0) - middle;
        total += (spread[i] ?? 0) + (apart * apart * count * n) / (count + n);
        middle += (apart * n) / (count + n);
        count += n;
      });
      return 1 - missed.reduce((a, b) => a + b, 0) / total;
    },
  });
}

const empty = new Float64Array();

function difference(caller: string, output: Tensor, targets: Tensor): Tensor {
  checkTensor(caller, output, "output");
  checkTensor(caller, targets, "targets");
  checkDType(caller, "output", output.type, ["f32"]);
  const remedy = 'Say what the data is: { data, shape, dtype: "f32" }.';
  checkDType(caller, "targets", targets.type, ["f32"], remedy);
  if (output.shape.join() === targets.shape.join()) return sub(output, targets);
  throw new ShapeError(
    `${caller}: output and targets must have the same shape; got ${describe(output.type)} and ${describe(targets.type)}. Reshape or squeeze one of them.`,
  );
}
