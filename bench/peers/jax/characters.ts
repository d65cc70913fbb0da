/** Truncated BPTT over a text in jax-js: one jit a window, the state handed from window to window on the device. */
import { numberOf } from "../../cases/inputs.ts";
import type { BenchCase } from "../../contract.ts";
import { caseInputs, oneHot, permute, type Work } from "../support.ts";
import {
  type AdamState,
  adamState,
  adamUpdate,
  crossEntropy,
  type JaxArray,
  type Session,
} from "./library.ts";
import { linear, lstmCell } from "./networks.ts";

export function characters(session: Session, benchCase: BenchCase): Work {
  const { jax } = session;
  const p = (name: string) => numberOf(benchCase, name);
  const [B, T, V, H, windows] = [
    p("batch"),
    p("window"),
    p("vocabulary"),
    p("hidden"),
    p("windows"),
  ];
  const ids = caseInputs(benchCase).integers("ids");
  const zeros = () => session.array(new Float32Array(B * H), [B, H]);
  // Rows of zeros and ones: its embedding by index has no gradient on every back end.
  const rows = (from: number, value: number) =>
    session.array(oneHot(ids.subarray(from, from + T * B), V, value), [T * B, V]);
  const lossOf = (weights: JaxArray[], text: JaxArray, next: JaxArray, start: JaxArray[]) => {
    const [embedding, input, recurrent, bias, ...head] = weights as [
      JaxArray,
      JaxArray,
      JaxArray,
      JaxArray,
      JaxArray,
      JaxArray,
    ];
    const { numpy: np } = jax;
    const embedded = np.matmul(text, embedding);
    const projected = np.split(np.matmul(embedded, input).add(bias), T, 0);
    let state = start;
    const hidden: JaxArray[] = [];
    for (const part of projected) {
      state = lstmCell(jax, part, state, recurrent.ref);
      hidden.push((state[0] as JaxArray).ref);
    }
    recurrent.dispose();
    const logits = linear(jax, np.concatenate(hidden, 0), ...head);
    return [crossEntropy(jax, logits, next), state.map(jax.lax.stopGradient)] as [
      JaxArray,
      JaxArray[],
    ];
  };
  const step = jax.jit((adam: AdamState, carry: JaxArray[], text: JaxArray, next: JaxArray) => {
    const [[loss, after], gradients] = jax.valueAndGrad(lossOf as never, { hasAux: true })(
      ...([jax.tree.ref(adam[0]), text, next, carry] as never),
    ) as unknown as [[JaxArray, JaxArray[]], JaxArray[]];
    return [adamUpdate(jax, adam, gradients), after, loss] as [AdamState, JaxArray[], JaxArray];
  });
  let adam = adamState(session, parametersOf(session, benchCase));
  const read = async (count: number): Promise<number[]> => {
    const losses: number[] = [];
    let carry = [zeros(), zeros()];
    for (let w = 0; w < count; w++) {
      const [nextAdam, nextCarry, loss] = step(
        adam,
        carry,
        rows(w * T * B, 1),
        rows((w * T + 1) * B, 1 / (T * B)),
      );
      [adam, carry] = [nextAdam, nextCarry];
      const [value = Number.NaN] = await loss.data();
      losses.push(value);
    }
    await session.ready([...adam[0], ...carry]);
    jax.tree.dispose(carry);
    return losses;
  };
  return {
    run: async () => {
      await read(windows);
    },
    result: () => read(3),
    dispose() {
      jax.tree.dispose(adam);
      step.dispose();
    },
  };
}

function parametersOf(session: Session, benchCase: BenchCase): JaxArray[] {
  const { floats } = caseInputs(benchCase);
  const load = (name: string, turned: boolean) => {
    const weight = floats(name);
    if (!turned) return session.array(weight.data, weight.shape);
    return session.array(permute(weight, [1, 0]), [...weight.shape].reverse());
  };
  return [
    load("embedding.weight", false),
    load("weight_ih_l0", true),
    load("weight_hh_l0", true),
    load("bias_l0", false),
    load("fc.weight", true),
    load("fc.bias", false),
  ];
}
