/** A transformer's block, norms, transposed convolution and embedding in jax-js. */
import { numberOf } from "../../cases/inputs.ts";
import { checksum } from "../../cases/random.ts";
import type { BenchCase } from "../../contract.ts";
import { caseInputs, oneHot, permute, type Work } from "../support.ts";
import { crossEntropy, type JaxArray, repeated, type Session, trainingStep } from "./library.ts";
import { linear } from "./networks.ts";

const EPSILON = 1e-5;

const LINEAR = ["self_attn.in_proj_", "self_attn.out_proj.", "linear1.", "linear2."];
const NORMS = ["norm1.", "norm2."];

export function transformerTrain(session: Session, benchCase: BenchCase): Work {
  const { jax } = session;
  const { nn, numpy: np } = jax;
  const p = (name: string) => numberOf(benchCase, name);
  const [B, T, D, heads, classes] = [
    p("batch"),
    p("time"),
    p("features"),
    p("heads"),
    p("classes"),
  ];
  const { floats, integers } = caseInputs(benchCase);
  const load = (name: string) => session.array(floats(name).data, floats(name).shape);
  const turned = (name: string) =>
    session.array(permute(floats(name), [1, 0]), [...floats(name).shape].reverse());
  const parameters = [
    ...[...LINEAR, "fc."].flatMap((part) => [turned(`${part}weight`), load(`${part}bias`)]),
    ...NORMS.flatMap((part) => [load(`${part}weight`), load(`${part}bias`)]),
  ];
  const norm = (x: JaxArray, weight: JaxArray, bias: JaxArray) =>
    nn.standardize(x, -1, { epsilon: EPSILON }).mul(weight).add(bias);
  const lossOf = (weights: JaxArray[], [x, y]: JaxArray[]) => {
    const [inW, inB, outW, outB, w1, b1, w2, b2, fcW, fcB, n1, m1, n2, m2] = weights as Fourteen;
    const rows = (x as JaxArray).reshape([T * B, D]);
    const [q, k, v] = np.split(linear(jax, rows.ref, inW, inB), 3, 1) as [
      JaxArray,
      JaxArray,
      JaxArray,
    ];
    // [T · B, D] to the [B, T, heads, D / heads] that its attention takes.
    const split = (z: JaxArray) => np.transpose(z.reshape([T, B, heads, D / heads]), [1, 0, 2, 3]);
    const attended = np
      .transpose(nn.dotProductAttention(split(q), split(k), split(v)), [1, 0, 2, 3])
      .reshape([T * B, D]);
    const h = norm(rows.add(linear(jax, attended, outW, outB)), n1, m1);
    const fed = linear(jax, nn.relu(linear(jax, h.ref, w1, b1)), w2, b2);
    const out = norm(h.add(fed), n2, m2).reshape([T, B, D]);
    return crossEntropy(jax, linear(jax, np.mean(out, 0), fcW, fcB), y as JaxArray);
  };
  const targets = session.array(oneHot(integers("labels"), classes, 1 / B), [B, classes]);
  return trainingStep(session, lossOf, parameters, [load("x"), targets]);
}

type Fourteen = [
  ...[JaxArray, JaxArray, JaxArray, JaxArray, JaxArray, JaxArray, JaxArray],
  ...[JaxArray, JaxArray, JaxArray, JaxArray, JaxArray, JaxArray, JaxArray],
];

/** `forward` and the gradients of its arguments where g arrives; `turn` brings outputs into the case's layouts. */
function withGradients(
  session: Session,
  of: readonly JaxArray[],
  g: JaxArray,
  forward: (of: JaxArray[]) => JaxArray,
  turn: (output: Float32Array, index: number) => Float32Array = (output) => output,
): Work {
  const { jax } = session;
  const loss = (args: JaxArray[], cotangent: JaxArray) => {
    const y = forward(args);
    return [y.ref.mul(cotangent).sum(), y] as [JaxArray, JaxArray];
  };
  return repeated(
    session,
    (...args) => {
      const cotangent = args.pop() as JaxArray;
      const [[value, y], gradients] = jax.valueAndGrad(loss as never, { hasAux: true })(
        ...([args, cotangent] as never),
      ) as unknown as [[JaxArray, JaxArray], JaxArray[]];
      value.dispose();
      return [y, ...gradients];
    },
    [...of, g],
    (outputs) => outputs.flatMap((output, i) => checksum(turn(output, i))),
  );
}

export function norm(session: Session, benchCase: BenchCase): Work {
  const { nn } = session.jax;
  const load = (name: string) => {
    const { data, shape } = caseInputs(benchCase).floats(name);
    return session.array(data, shape);
  };
  const axes = benchCase.kind === "batch-norm" ? [0, 1, 2] : -1;
  return withGradients(
    session,
    [load("x"), load("weight"), load("bias")],
    load("g"),
    ([x, weight, bias]) =>
      nn
        .standardize(x as JaxArray, axes, { epsilon: EPSILON })
        .mul(weight as JaxArray)
        .add(bias as JaxArray),
  );
}

/** NCHW, and filters [IC, OC, KH, KW]. */
export function convTranspose(session: Session, benchCase: BenchCase): Work {
  const p = (name: string) => numberOf(benchCase, name);
  const { floats } = caseInputs(benchCase);
  const turned = (name: string, axes: number[]) =>
    session.array(
      permute(floats(name), axes),
      axes.map((axis) => floats(name).shape[axis] ?? 0),
    );
  const [stride, pad] = [p("stride"), p("padding")];
  const shapes = ["g", "x", "w"].map((name) => floats(name).shape);
  return withGradients(
    session,
    [turned("x", [0, 3, 1, 2]), turned("w", [3, 2, 0, 1])],
    turned("g", [0, 3, 1, 2]),
    ([x, w]) =>
      session.jax.lax.convTranspose(
        x as JaxArray,
        w as JaxArray,
        [stride, stride],
        [
          [pad, pad],
          [pad, pad],
        ],
        { transposeKernel: true },
      ),
    (data, i) => {
      const [a = 0, b = 0, c = 0, d = 0] = shapes[i] ?? [];
      return i === 2
        ? permute({ data, shape: [d, c, a, b] }, [2, 3, 1, 0])
        : permute({ data, shape: [a, d, b, c] }, [0, 2, 3, 1]);
    },
  );
}

export function embedding(session: Session, benchCase: BenchCase): Work {
  const { floats, integers } = caseInputs(benchCase);
  const { numpy: np } = session.jax;
  const load = (name: string) => session.array(floats(name).data, floats(name).shape);
  const ids = integers("ids");
  const indices = np.array(ids as Int32Array<ArrayBuffer>, { shape: [ids.length] });
  const work = withGradients(session, [load("table")], load("g"), ([table]) =>
    np.take(table as JaxArray, indices.ref, 0),
  );
  return {
    ...work,
    async dispose() {
      await work.dispose();
      indices.dispose();
    },
  };
}
