/** The work of a case in jax-js. */
import { numberOf } from "../../cases/inputs.ts";
import { checksum } from "../../cases/random.ts";
import type { BenchCase, Cannot } from "../../contract.ts";
import { caseInputs, oneHot, permute, type Work } from "../support.ts";
import { characters } from "./characters.ts";
import { convTranspose, embedding, norm, transformerTrain } from "./layers.ts";
import {
  adamUpdate,
  crossEntropy,
  type JaxArray,
  pipelined,
  repeated,
  type Session,
} from "./library.ts";
import { cnnTrain, recurrent } from "./networks.ts";

type Make = (session: Session, benchCase: BenchCase) => Work;

const MAKERS: Partial<Record<BenchCase["kind"], Make>> = {
  "cnn-train": cnnTrain,
  "lstm-train": recurrent,
  "lstm-forward": recurrent,
  "gru-train": recurrent,
  "rnn-train": recurrent,
  "transformer-train": transformerTrain,
  "batch-norm": norm,
  "layer-norm": norm,
  "conv-transpose": convTranspose,
  embedding,
  tbptt: characters,
  matmul,
  "conv-forward": convForward,
  "conv-input-grad": convGradient,
  "conv-filter-grad": convGradient,
  "max-pool": maxPool,
  "softmax-cross-entropy": softmaxCrossEntropy,
  adam,
  "add-chain": addChain,
  copy,
};

export function workOf(session: Session, benchCase: BenchCase): Work | Cannot {
  const make = MAKERS[benchCase.kind];
  return make?.(session, benchCase) ?? { cannot: `not asked of jax-js: ${benchCase.kind}` };
}

const sumOf = (outputs: readonly Float32Array[]) => outputs.flatMap((output) => checksum(output));

function load(session: Session, benchCase: BenchCase, name: string): JaxArray {
  const { data, shape } = caseInputs(benchCase).floats(name);
  return session.array(data, shape);
}

function matmul(session: Session, benchCase: BenchCase): Work {
  const { numpy: np } = session.jax;
  const { layout } = benchCase.params;
  return repeated(
    session,
    (a, b) => {
      if (a === undefined || b === undefined) throw new Error("Two arguments are needed.");
      return [
        np.matmul(
          layout === "tn" ? np.transpose(a, [1, 0]) : a,
          layout === "nt" ? np.transpose(b, [1, 0]) : b,
        ),
      ];
    },
    [load(session, benchCase, "a"), load(session, benchCase, "b")],
    sumOf,
  );
}

/** x and g as NCHW, w as [OC, IC / groups, KH, KW]: what its convolution takes. */
function convArguments(session: Session, benchCase: BenchCase) {
  const { floats } = caseInputs(benchCase);
  const turned = (name: string, axes: number[]) => {
    const input = floats(name);
    return session.array(
      permute(input, axes),
      axes.map((axis) => input.shape[axis] ?? 0),
    );
  };
  return {
    x: () => turned("x", [0, 3, 1, 2]),
    g: () => turned("g", [0, 3, 1, 2]),
    w: () => turned("w", [3, 2, 0, 1]),
  };
}

function convolution(session: Session, benchCase: BenchCase) {
  const p = (name: string) => numberOf(benchCase, name);
  const pad = (p("kernel") - 1) >> 1;
  const [stride, groups] = [p("stride"), p("groups")];
  return (x: JaxArray, w: JaxArray) =>
    session.jax.lax.convGeneralDilated(
      x,
      w,
      [stride, stride],
      [
        [pad, pad],
        [pad, pad],
      ],
      { featureGroupCount: groups },
    );
}

function convForward(session: Session, benchCase: BenchCase): Work {
  const p = (name: string) => numberOf(benchCase, name);
  const [n = 0, h = 0, w = 0] = caseInputs(benchCase).floats("g").shape;
  const args = convArguments(session, benchCase);
  const conv = convolution(session, benchCase);
  return repeated(
    session,
    (x, weight) => {
      if (x === undefined || weight === undefined) throw new Error("Two arguments are needed.");
      return [conv(x, weight)];
    },
    [args.x(), args.w()],
    ([y = new Float32Array()]) =>
      checksum(permute({ data: y, shape: [n, p("out"), h, w] }, [0, 2, 3, 1])),
  );
}

/** The transpose of the convolution, which is linear, at the gradient that arrives. */
function convGradient(session: Session, benchCase: BenchCase): Work {
  const { floats } = caseInputs(benchCase);
  const args = convArguments(session, benchCase);
  const conv = convolution(session, benchCase);
  const toInput = benchCase.kind === "conv-input-grad";
  const [N = 0, H = 0, W = 0, IC = 0] = floats("x").shape;
  const [KH = 0, KW = 0, IG = 0, OC = 0] = floats("w").shape;
  const { grad, numpy: np } = session.jax;
  // The convolution is linear in each argument, so the other argument's value is all that the gradient needs.
  const gradient = toInput
    ? (w: JaxArray, g: JaxArray) =>
        grad((x: JaxArray) => conv(x, w).mul(g).sum())(np.zeros([N, IC, H, W]))
    : (x: JaxArray, g: JaxArray) =>
        grad((w: JaxArray) => conv(x, w).mul(g).sum())(np.zeros([OC, IG, KH, KW]));
  return repeated(
    session,
    (known, g) => {
      if (known === undefined || g === undefined) throw new Error("Two arguments are needed.");
      return [gradient(known, g) as JaxArray];
    },
    [toInput ? args.w() : args.x(), args.g()],
    ([d = new Float32Array()]) =>
      checksum(
        toInput
          ? permute({ data: d, shape: [N, IC, H, W] }, [0, 2, 3, 1])
          : permute({ data: d, shape: [OC, IG, KH, KW] }, [2, 3, 1, 0]),
      ),
  );
}

function maxPool(session: Session, benchCase: BenchCase): Work {
  const { numpy: np } = session.jax;
  const [n = 0, h = 0, w = 0, c = 0] = caseInputs(benchCase).floats("x").shape;
  const size = numberOf(benchCase, "window");
  const [oh, ow] = [Math.floor(h / size), Math.floor(w / size)];
  return repeated(
    session,
    (x) => {
      if (x === undefined) throw new Error("One argument is needed.");
      const whole = x.slice([], [0, oh * size], [0, ow * size], []);
      return [np.max(whole.reshape([n, oh, size, ow, size, c]), [2, 4])];
    },
    [load(session, benchCase, "x")],
    sumOf,
  );
}

function softmaxCrossEntropy(session: Session, benchCase: BenchCase): Work {
  const { jax } = session;
  const [rows, classes] = [numberOf(benchCase, "rows"), numberOf(benchCase, "classes")];
  const targets = oneHot(caseInputs(benchCase).integers("labels"), classes, 1 / rows);
  return repeated(
    session,
    (logits, y) => {
      if (logits === undefined || y === undefined) throw new Error("Two arguments are needed.");
      const [loss, gradient] = jax.valueAndGrad((z: JaxArray) => crossEntropy(jax, z, y))(logits);
      return [loss, gradient as JaxArray];
    },
    [load(session, benchCase, "logits"), session.array(targets, [rows, classes])],
    sumOf,
  );
}

/** One update after the other: each run is the next step. */
function adam(session: Session, benchCase: BenchCase): Work {
  const { jax } = session;
  const parameter = load(session, benchCase, "parameter");
  const gradient = load(session, benchCase, "gradient");
  const zeros = () => session.array(new Float32Array(parameter.size), parameter.shape as number[]);
  type State = Parameters<typeof adamUpdate>[1];
  let state: State = [[parameter], [zeros()], [zeros()], [session.scalar(1), session.scalar(1)]];
  const update = jax.jit((old: State, g: JaxArray) => adamUpdate(jax, old, [g]));
  const run = async () => {
    state = update(state, gradient.ref) as State;
    await session.ready([...state[1], ...state[2], ...state[0]]);
  };
  return {
    run,
    runMany: (times) => pipelined(times, run),
    async result() {
      await run();
      const [first] = state[0];
      return checksum(first === undefined ? [] : ((await first.ref.data()) as Float32Array));
    },
    dispose() {
      jax.tree.dispose(state);
      gradient.dispose();
      update.dispose();
    },
  };
}

function addChain(session: Session, benchCase: BenchCase): Work {
  const length = numberOf(benchCase, "length");
  return repeated(
    session,
    (x, y) => {
      if (x === undefined || y === undefined) throw new Error("Two arguments are needed.");
      let sum = x;
      for (let i = 0; i < length; i++) sum = sum.add(y.ref);
      y.dispose();
      return [sum];
    },
    [load(session, benchCase, "x"), load(session, benchCase, "y")],
    sumOf,
  );
}

/** Its arrays are values: only arithmetic makes a new one. */
function copy(session: Session, benchCase: BenchCase): Work {
  return repeated(
    session,
    (x, zero) => {
      if (x === undefined || zero === undefined) throw new Error("Two arguments are needed.");
      return [x.add(zero)];
    },
    [load(session, benchCase, "x"), session.scalar(0)],
    sumOf,
  );
}
