import { LEAST_SQUARE, squaresRun } from "../../../ops/optimizer.ts";
import { packedOffsets } from "../../../ops/packed.ts";
import { type DeviceTraits, floatBits, type Region } from "../../../scheduler/lowering.ts";
import { sizeOf } from "../../../tensor/shape.ts";
import { call, read, readWrite, write } from "./operands.ts";

/** Elements and packed offset of every parameter, in turn. */
function partsOf(parameters: readonly Region[]): number[] {
  const shapes = parameters.map(({ type }) => type.shape);
  const { offsets } = packedOffsets(shapes);
  return shapes.flatMap((shape, i) => [sizeOf(shape), offsets[i] ?? 0]);
}

/** The two words of an f64, low word first as in memory. */
function doubleBits(value: number): number[] {
  return [...new Uint32Array(new Float64Array([value]).buffer)];
}

export const lowerOptimizers = {
  squareSums({ ins: { xs, watched }, outs: { out } }) {
    const { length } = packedOffsets(xs.map(({ type }) => type.shape));
    return [
      call(
        "squareSums",
        [...xs.map(read), ...watched.map(read), write(out)],
        [
          sizeOf(out.type.shape),
          squaresRun(length),
          xs.length,
          watched.length,
          ...xs.map(({ type }) => sizeOf(type.shape)),
        ],
      ),
    ];
  },

  sgd({ ins, attrs: { momentum, nesterov, weightDecay } }) {
    const { parameters, gradients, velocity, learningRate, scale, apply } = ins;
    return [
      call(
        "sgd",
        [
          ...parameters.map(readWrite),
          ...gradients.map(read),
          readWrite(velocity),
          ...[learningRate, scale, apply].map(read),
        ],
        [
          parameters.length,
          floatBits(momentum),
          nesterov ? 1 : 0,
          floatBits(weightDecay),
          ...partsOf(parameters),
        ],
      ),
    ];
  },

  adam({ ins, attrs: { beta1, beta2, epsilon, weightDecay } }) {
    const { parameters, gradients, m, v, learningRate, step, scale, apply } = ins;
    return [
      call(
        "adam",
        [
          ...parameters.map(readWrite),
          ...gradients.map(read),
          ...[m, v].map(readWrite),
          ...[learningRate, step, scale, apply].map(read),
        ],
        [
          parameters.length,
          ...doubleBits(beta1),
          ...doubleBits(beta2),
          ...[1 - beta1, 1 - beta2, epsilon, weightDecay].map(floatBits),
          ...[LEAST_SQUARE, Math.sqrt(LEAST_SQUARE / (1 - beta2))].map(floatBits),
          ...partsOf(parameters),
        ],
      ),
    ];
  },
} satisfies Partial<DeviceTraits["lower"]>;
