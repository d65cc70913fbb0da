import { LEAST_MOMENT, LEAST_SQUARE, squaresRun } from "../../../ops/optimizer.ts";
import { packedOffsets } from "../../../ops/packed.ts";
import type { ReferenceTable, ReferenceTensor } from "../kernel.ts";

type Data = ReferenceTensor["data"];

const scalar = (tensor: ReferenceTensor): number => tensor.data[0] ?? 0;

/** x, or 0 where its size is below `least`. NaN stays. */
const unlessBelow = (least: number, x: number): number => (Math.abs(x) < least ? 0 : x);

/** Calls `update` for every element of every parameter, with its place in the flat state. */
function forEachElement(
  parameters: readonly ReferenceTensor[],
  gradients: readonly ReferenceTensor[],
  update: (parameter: Data, i: number, gradient: number, at: number) => void,
): void {
  const { offsets } = packedOffsets(parameters.map((p) => p.type.shape));
  parameters.forEach(({ data }, k) => {
    const gradient = gradients[k]?.data ?? [];
    for (let i = 0; i < data.length; i++) {
      update(data, i, gradient[i] ?? 0, (offsets[k] ?? 0) + i);
    }
  });
}

/** Outputs begin as copies of the inputs that they overwrite: what is not written stays. */
export const optimizerKernels = {
  squareSums({ ins: { xs, watched }, outs: { out } }) {
    const { offsets, length } = packedOffsets(xs.map(({ type }) => type.shape));
    const run = squaresRun(length);
    const sums = new Float64Array(out.data.length);
    xs.forEach(({ data }, k) => {
      for (let i = 0; i < data.length; i++) {
        const place = Math.floor(((offsets[k] ?? 0) + i) / run);
        const seen = watched[k];
        const isSound = seen === undefined || Number.isFinite(seen.data[i]);
        sums[place] = (sums[place] ?? 0) + (isSound ? (data[i] ?? 0) ** 2 : Number.NaN);
      }
    });
    out.data.set(sums);
  },

  sgd({ ins, outs, attrs: { momentum, nesterov, weightDecay } }) {
    if (scalar(ins.apply) === 0) return;
    const learningRate = scalar(ins.learningRate);
    const scale = scalar(ins.scale);
    const velocity = outs.velocity.data;
    forEachElement(outs.parameters, ins.gradients, (p, i, gradient, at) => {
      const before = p[i] ?? 0;
      const d = scale * gradient + weightDecay * before;
      const v = unlessBelow(LEAST_MOMENT, momentum * (velocity[at] ?? 0) + d);
      velocity[at] = v;
      p[i] = before - learningRate * (nesterov ? d + momentum * v : v);
    });
  },

  adam({ ins, outs, attrs: { beta1, beta2, epsilon, weightDecay } }) {
    if (scalar(ins.apply) === 0) return;
    const learningRate = scalar(ins.learningRate);
    const scale = scalar(ins.scale);
    const correction1 = 1 - beta1 ** scalar(ins.step);
    const correction2 = 1 - beta2 ** scalar(ins.step);
    const [m, v] = [outs.m.data, outs.v.data];
    forEachElement(outs.parameters, ins.gradients, (p, i, gradient, at) => {
      const before = p[i] ?? 0;
      const d = scale * gradient;
      const mean = unlessBelow(LEAST_MOMENT, beta1 * (m[at] ?? 0) + (1 - beta1) * d);
      const added = unlessBelow(LEAST_SQUARE, (1 - beta2) * d * d);
      const variance = unlessBelow(LEAST_SQUARE, beta2 * (v[at] ?? 0) + added);
      m[at] = mean;
      v[at] = variance;
      const direction = mean / correction1 / (Math.sqrt(variance / correction2) + epsilon);
      p[i] = before - learningRate * (direction + weightDecay * before);
    });
  },
} satisfies Pick<ReferenceTable, "squareSums" | "sgd" | "adam">;
