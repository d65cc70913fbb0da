/**
 * jax-js as the cases here use it. Arrays are owned: a function consumes its arguments, `.ref` keeps one for another
 * use. The module is an argument because it sets up its threads while it is imported (see ../jax.ts).
 */
import type * as JaxModule from "@jax-js/jax";
import { LEARNING_RATE } from "../../cases/inputs.ts";
import { ADAM, type Work } from "../support.ts";

export type Jax = typeof JaxModule;
export type JaxArray = JaxModule.Array;

/** Arrays of `jax` from the host, and its waits. */
export class Session {
  readonly jax: Jax;
  readonly onGpu: boolean;

  constructor(jax: Jax, onGpu: boolean) {
    this.jax = jax;
    this.onGpu = onGpu;
  }

  array(data: Float32Array, shape: readonly number[]): JaxArray {
    // The library's type asks for a buffer that is not shared, which all inputs are.
    return this.jax.numpy.array(data as Float32Array<ArrayBuffer>, { shape: [...shape] });
  }

  /** A scalar in a buffer of its own: a number would be compiled into the step. */
  scalar(value: number): JaxArray {
    return this.array(Float32Array.of(value), []);
  }

  /** Waits until `outputs`, all of one jit call, are computed. On WebGPU the queue's order makes one of them enough. */
  async ready(outputs: readonly JaxArray[]): Promise<void> {
    await this.jax.blockUntilReady(this.onGpu ? outputs.slice(-1) : [...outputs]);
  }
}

/** How many runs are queued before one is waited for: enough to keep a GPU busy, few enough for its memory. */
const IN_FLIGHT = 8;

/** Calls `start` many times, waiting for a call only when `IN_FLIGHT` others came after it. */
export async function pipelined(times: number, start: () => Promise<void>): Promise<void> {
  const waiting: Promise<void>[] = [];
  for (let i = 0; i < times; i++) {
    waiting.push(start());
    if (waiting.length > IN_FLIGHT) await waiting.shift();
  }
  await Promise.all(waiting);
}

/** A function that is computed again and again from the same arguments. */
export function repeated(
  session: Session,
  call: (...args: JaxArray[]) => JaxArray[],
  args: readonly JaxArray[],
  summary: (outputs: readonly Float32Array[]) => readonly number[],
): Work {
  const compiled = session.jax.jit(call);
  const start = () => compiled(...args.map((arg) => arg.ref)) as JaxArray[];
  const run = async () => {
    const outputs = start();
    await session.ready(outputs);
    for (const output of outputs) output.dispose();
  };
  return {
    run,
    runMany: (times) => pipelined(times, run),
    async result() {
      const outputs: Float32Array[] = [];
      for (const output of start()) outputs.push((await output.data()) as Float32Array);
      return summary(outputs);
    },
    dispose() {
      for (const arg of args) arg.dispose();
      compiled.dispose();
    },
  };
}

/** What Adam keeps: the parameters, their moments, and the powers of the two decays. */
export type AdamState = [
  parameters: JaxArray[],
  m: JaxArray[],
  v: JaxArray[],
  powers: [JaxArray, JaxArray],
];

export function adamState(session: Session, parameters: readonly JaxArray[]): AdamState {
  const zeros = () =>
    parameters.map((p) => session.array(new Float32Array(p.size), p.shape as number[]));
  return [[...parameters], zeros(), zeros(), [session.scalar(1), session.scalar(1)]];
}

/** Adam, Kingma & Ba 2015, inside a traced step: jax-js has no optimizer package on npm. Consumes all it is given. */
export function adamUpdate(
  { numpy: np }: Jax,
  [parameters, m, v, powers]: AdamState,
  gradients: JaxArray[],
): AdamState {
  const power1 = powers[0].mul(ADAM.beta1);
  const power2 = powers[1].mul(ADAM.beta2);
  const next: AdamState = [[], [], [], [power1, power2]];
  parameters.forEach((parameter, i) => {
    const [g, oldM, oldV] = [gradients[i], m[i], v[i]];
    if (g === undefined || oldM === undefined || oldV === undefined) {
      throw new Error("Every parameter has a gradient and two moments.");
    }
    const newM = oldM.mul(ADAM.beta1).add(g.ref.mul(1 - ADAM.beta1));
    const newV = oldV.mul(ADAM.beta2).add(np.square(g).mul(1 - ADAM.beta2));
    const corrected = newM.ref.div(np.subtract(1, power1.ref));
    const scale = np.sqrt(newV.ref.div(np.subtract(1, power2.ref))).add(ADAM.epsilon);
    next[0].push(parameter.sub(corrected.mul(LEARNING_RATE).div(scale)));
    next[1].push(newM);
    next[2].push(newV);
  });
  return next;
}

/** The loss of parameters on a batch; consumes both. */
export type LossOf = (parameters: JaxArray[], batch: JaxArray[]) => JaxArray;

/** The whole training step, forward, backward and Adam, as one jit. */
export function trainingStep(
  session: Session,
  lossOf: LossOf,
  parameters: readonly JaxArray[],
  batch: readonly JaxArray[],
): Work {
  const { jax } = session;
  const { jit, tree, valueAndGrad } = jax;
  const step = jit((state: AdamState, data: JaxArray[]): [AdamState, JaxArray] => {
    const [loss, gradients] = valueAndGrad(lossOf)(tree.ref(state[0]), data);
    return [adamUpdate(jax, state, gradients as JaxArray[]), loss];
  });
  let state = adamState(session, parameters);
  const start = (): JaxArray => {
    const [next, loss] = step(
      state,
      [...batch].map((array) => array.ref),
    );
    state = next;
    return loss;
  };
  const run = async () => {
    const loss = start();
    await session.ready([...state[0], loss]);
    loss.dispose();
  };
  return {
    run,
    runMany: (times) => pipelined(times, run),
    async result() {
      const losses: number[] = [];
      for (let i = 0; i < 3; i++) {
        const [loss = Number.NaN] = await start().data();
        losses.push(loss);
      }
      await session.ready([...state[0]]);
      return losses;
    },
    dispose() {
      tree.dispose(state);
      for (const array of batch) array.dispose();
      step.dispose();
    },
  };
}

/** Mean cross-entropy; `targets` are one-hot rows times 1 / rows. Consumes both. */
export function crossEntropy({ nn }: Jax, logits: JaxArray, targets: JaxArray): JaxArray {
  return nn.logSoftmax(logits).mul(targets).sum().neg();
}
