/** TensorFlow.js as the cases here use it: the core's ops, which are faster than the layers built on them. */
import * as tf from "@tensorflow/tfjs-core";
import { LEARNING_RATE } from "../../cases/inputs.ts";
import { ADAM, type Work } from "../support.ts";

/** Waits until all that was asked for so far is done. */
export type Finish = () => Promise<void>;

/** a [M, K] times b [K, N], plus a bias [N] if there is one, with gradients. */
export type Product = (a: tf.Tensor2D, b: tf.Tensor2D, bias?: tf.Tensor1D) => tf.Tensor2D;

export interface Session {
  readonly finish: Finish;
  readonly product: Product;
  /** a [B, H, M, K] times b [B, H, K, N], with gradients. */
  readonly batchedProduct: (a: tf.Tensor4D, b: tf.Tensor4D) => tf.Tensor4D;
  /** The same product of stored transposes. */
  readonly transposedProduct: (
    a: tf.Tensor2D,
    b: tf.Tensor2D,
    transposeA: boolean,
    transposeB: boolean,
  ) => tf.Tensor2D;
}

/** On WebGPU: one op with the bias in it, and transposes for nothing. */
export const gpuProducts: Omit<Session, "finish"> = {
  product: (a, b, bias) =>
    (bias === undefined ? tf.matMul(a, b) : tf.fused.matMul({ a, b, bias })) as tf.Tensor2D,
  batchedProduct: (a, b) => tf.matMul(a, b),
  transposedProduct: (a, b, transposeA, transposeB) => tf.matMul(a, b, transposeA, transposeB),
};

/** The last two dimensions change places. */
const turned = <T extends tf.Tensor>(x: T): T =>
  tf.transpose(x, [...x.shape.keys()].slice(0, -2).concat(x.rank - 1, x.rank - 2));

const plainProduct = tf.customGrad((a, b, save) => {
  const [left, right] = [a, b] as [tf.Tensor2D, tf.Tensor2D];
  // The last argument keeps tensors for the gradient, though the type says that all are tensors.
  (save as unknown as (tensors: tf.Tensor[]) => void)([left, right]);
  return {
    value: tf.matMul(left, right),
    gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => [
      tf.matMul(dy, turned(saved[1] ?? right)),
      tf.matMul(turned(saved[0] ?? left), dy),
    ],
  };
});

/**
 * On wasm a product of transposes takes another path, forty times slower than transposing first (256³: 50 ms, not
 * 1.2); its own gradients take that path. These transpose.
 */
export const wasmProducts: Omit<Session, "finish"> = {
  product(a, b, bias) {
    const y = plainProduct(a, b) as tf.Tensor2D;
    return bias === undefined ? y : tf.add(y, bias);
  },
  batchedProduct: (a, b) => plainProduct(a, b) as tf.Tensor4D,
  transposedProduct: (a, b, transposeA, transposeB) =>
    tf.matMul(transposeA ? tf.transpose(a) : a, transposeB ? tf.transpose(b) : b),
};

export function load<R extends tf.Rank>({
  data,
  shape,
}: {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}): tf.Tensor<R> {
  return tf.tensor<R>(data, [...shape] as tf.ShapeMap[R], "float32");
}

/** `compute` again and again from the same tensors, which are disposed of at the end. */
export function repeated(
  { finish }: Session,
  compute: () => readonly tf.Tensor[],
  held: readonly tf.Tensor[],
  summary: (outputs: readonly Float32Array[]) => readonly number[],
): Work {
  const start = () => {
    for (const output of tf.tidy(() => [...compute()])) output.dispose();
  };
  return {
    async run() {
      start();
      await finish();
    },
    async runMany(times) {
      for (let i = 0; i < times; i++) start();
      await finish();
    },
    async result() {
      const outputs = tf.tidy(() => [...compute()]);
      const values: Float32Array[] = [];
      for (const output of outputs) values.push((await output.data()) as Float32Array);
      tf.dispose(outputs);
      return summary(values);
    },
    dispose: () => tf.dispose([...held]),
  };
}

export function adam(): tf.Optimizer {
  return tf.train.adam(LEARNING_RATE, ADAM.beta1, ADAM.beta2, ADAM.epsilon);
}

export type Variables = readonly tf.Variable[];

/** One step with Adam on `lossOf`; a loss that is read ends a run. */
export function trainingStep(
  lossOf: () => tf.Scalar,
  parameters: Variables,
  held: readonly tf.Tensor[],
  finish: Finish,
): Work {
  const optimizer = adam();
  const start = (): tf.Scalar => {
    const loss = optimizer.minimize(lossOf, true, [...parameters]);
    if (loss === null) throw new Error("minimize gave no loss.");
    return loss;
  };
  const step = async (): Promise<number> => {
    const loss = start();
    const [value = Number.NaN] = await loss.data();
    loss.dispose();
    return value;
  };
  return {
    async run() {
      await step();
      await finish();
    },
    async runMany(times) {
      for (let i = 0; i < times; i++) start().dispose();
      await finish();
    },
    async result() {
      return [await step(), await step(), await step()];
    },
    dispose() {
      optimizer.dispose();
      tf.dispose([...parameters, ...held]);
    },
  };
}

/** Mean cross-entropy; `targets` are one-hot rows times 1 / rows. */
export function crossEntropy(logits: tf.Tensor2D, targets: tf.Tensor2D): tf.Scalar {
  return tf.neg(tf.sum(tf.mul(tf.logSoftmax(logits), targets)) as tf.Scalar);
}
