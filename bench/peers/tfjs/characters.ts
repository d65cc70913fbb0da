/** Truncated BPTT over a text in TensorFlow.js: one step of Adam a window, the state kept between windows. */
import * as tf from "@tensorflow/tfjs-core";
import { numberOf } from "../../cases/inputs.ts";
import type { BenchCase } from "../../contract.ts";
import { caseInputs, oneHot, type Work } from "../support.ts";
import { adam, crossEntropy, load, type Session } from "./library.ts";
import { headOf, layerOf, lstmCell, runLayer, type State } from "./networks.ts";

export function characters({ finish, product }: Session, benchCase: BenchCase): Work {
  const p = (name: string) => numberOf(benchCase, name);
  const [B, T, V, H] = [p("batch"), p("window"), p("vocabulary"), p("hidden")];
  const { floats, integers } = caseInputs(benchCase);
  const ids = integers("ids");
  const embedding = tf.variable(load<tf.Rank.R2>(floats("embedding.weight")));
  const layer = layerOf(benchCase, 0);
  const [weight, bias] = headOf(benchCase);
  const parameters = [embedding, layer.input, layer.recurrent, layer.bias, weight, bias];
  const optimizer = adam();
  // Rows of zeros and ones: the wasm back end has no gradient kernel for gathering rows.
  const rows = (from: number, value: number) =>
    load<tf.Rank.R2>({
      data: oneHot(ids.subarray(from, from + T * B), V, value),
      shape: [T * B, V],
    });
  let state: State = [];
  const train = async (w: number): Promise<number> => {
    const [text, next] = [rows(w * T * B, 1), rows((w * T + 1) * B, 1 / (T * B))];
    let after: State = [];
    const loss = optimizer.minimize(
      () => {
        const run = runLayer(product, lstmCell, layer, product(text, embedding), T, state);
        after = run.state.map((tensor) => tf.keep(tensor));
        return crossEntropy(product(tf.concat(run.steps, 0), weight, bias), next);
      },
      true,
      parameters,
    );
    tf.dispose([...state, text, next]);
    state = after;
    const [value = Number.NaN] = (await loss?.data()) ?? [];
    loss?.dispose();
    return value;
  };
  const read = async (windows: number): Promise<number[]> => {
    tf.dispose([...state]);
    state = [0, 1].map(() => tf.zeros<tf.Rank.R2>([B, H]));
    const losses: number[] = [];
    for (let w = 0; w < windows; w++) losses.push(await train(w));
    await finish();
    return losses;
  };
  return {
    run: async () => {
      await read(p("windows"));
    },
    result: () => read(3),
    dispose() {
      optimizer.dispose();
      tf.dispose([...parameters, ...state]);
    },
  };
}
