/** Whole training steps and forward passes, written as the README tells a user to. */
import {
  type Compiled,
  compile,
  losses,
  mean,
  nn,
  optim,
  type Runtime,
  reshape,
  slice,
  type Tensor,
  type Variable,
  valueAndGrad,
} from "gradgpu";
import { type Inputs, inputsOf, LEARNING_RATE, numberOf } from "../cases/inputs.ts";
import { checksum } from "../cases/random.ts";
import type { BenchCase, Prepared } from "../contract.ts";
import { prepareCharacters } from "./gradgpu-characters.ts";
import { held, linearLayer, recurrentLayers, weights } from "./gradgpu-weights.ts";

/** Undefined where the case is not a step, or one that gradgpu has no layer for. */
export function prepareStep(benchCase: BenchCase, runtime: Runtime): Prepared | undefined {
  switch (benchCase.kind) {
    case "cnn-train": {
      const inputs = inputsOf(benchCase);
      return training(cnn(inputs), inputs, runtime);
    }
    case "lstm-train":
    case "gru-train":
    case "rnn-train": {
      const inputs = inputsOf(benchCase);
      return training(lastStep(benchCase, inputs), inputs, runtime);
    }
    case "transformer-train": {
      const inputs = inputsOf(benchCase);
      return training(transformer(benchCase, inputs), inputs, runtime);
    }
    case "lstm-forward":
      return forward(benchCase, runtime);
    case "tbptt":
      return prepareCharacters(benchCase, runtime);
    default:
      return undefined;
  }
}

/** A function of tensors with its parameters. */
interface Network {
  readonly apply: (x: Tensor) => Tensor;
  readonly parameters: readonly Variable[];
}

function cnn(inputs: Inputs): Network {
  const model = nn.sequential(
    nn.conv2d(1, 16, 3, { padding: "same" }),
    nn.relu(),
    nn.maxPool2d(2),
    nn.conv2d(16, 32, 3, { padding: "same" }),
    nn.relu(),
    nn.maxPool2d(2),
    nn.flatten(),
    nn.linear(32 * 7 * 7, 10),
  );
  model.loadStateDict(
    weights(inputs, {
      "0.weight": "conv1.weight",
      "0.bias": "conv1.bias",
      "3.weight": "conv2.weight",
      "3.bias": "conv2.bias",
      "7.weight": "fc.weight",
      "7.bias": "fc.bias",
    }),
  );
  return { apply: model, parameters: model.parameters() };
}

const BLOCK = [
  "self_attn.in_proj_weight",
  "self_attn.in_proj_bias",
  ...["self_attn.out_proj", "linear1", "linear2", "norm1", "norm2"].flatMap((part) => [
    `${part}.weight`,
    `${part}.bias`,
  ]),
];

/** A block, and a linear layer on the mean over time. */
function transformer(benchCase: BenchCase, inputs: Inputs): Network {
  const p = (name: string) => numberOf(benchCase, name);
  const options = { hidden: p("hidden"), dropout: 0 };
  const block = nn.transformerBlock(p("features"), p("heads"), options);
  block.loadStateDict(weights(inputs, Object.fromEntries(BLOCK.map((name) => [name, name]))));
  const head = linearLayer(inputs, p("features"), p("classes"));
  return {
    apply: (x) => head(mean(block(x), { axis: 0 })),
    parameters: [...block.parameters(), ...head.parameters()],
  };
}

/** Recurrent layers, then a linear one on the last step's hidden state. */
function lastStep(benchCase: BenchCase, inputs: Inputs): Network {
  const hidden = numberOf(benchCase, "hidden");
  const sizes = [numberOf(benchCase, "input"), hidden] as const;
  const cell = benchCase.kind.split("-")[0] as "lstm" | "gru" | "rnn"; // the kinds that come here begin so
  const layers = recurrentLayers(cell, inputs, sizes, numberOf(benchCase, "layers"));
  const head = linearLayer(inputs, hidden, numberOf(benchCase, "classes"));
  return {
    apply: (x) => {
      const y = layers(x);
      const [time = 0, batch = 0] = y.shape;
      return head(reshape(slice(y, [time - 1, 0, 0], [1, batch, hidden]), [batch, hidden]));
    },
    // A gru's inner bias is part of bias_hh, which the case does not train.
    parameters: [...trained(layers), ...head.parameters()],
  };
}

function trained(layers: nn.Module): Variable[] {
  const named = [...layers.namedParameters()];
  return named.filter(([name]) => !name.startsWith("candidate_bias")).map(([, held]) => held);
}

/** The step of a case as a user would write it, and what it owns. For overheads, which time its making. */
export function stepOf(benchCase: BenchCase): {
  readonly fn: () => Tensor;
  readonly owned: readonly Variable[];
} {
  const inputs = inputsOf(benchCase);
  const network = benchCase.kind === "cnn-train" ? cnn(inputs) : lastStep(benchCase, inputs);
  const [x, labels] = [held(inputs, "x"), held(inputs, "labels")];
  return { fn: trainingStep(network, x, labels), owned: [x, labels, ...network.parameters] };
}

/** Forward, backward, Adam. */
function trainingStep(network: Network, x: Tensor, labels: Tensor): () => Tensor {
  const optimizer = optim.adam({ learningRate: LEARNING_RATE });
  return () => {
    const [loss, gradients] = valueAndGrad(network.parameters, () =>
      losses.crossEntropy(network.apply(x), labels),
    );
    optimizer.update(gradients);
    return loss;
  };
}

function training(network: Network, inputs: Inputs, runtime: Runtime): Prepared {
  const [x, labels] = [held(inputs, "x"), held(inputs, "labels")];
  const step = compile(trainingStep(network, x, labels));
  return stepping(step, runtime, [x, labels, ...network.parameters]);
}

function stepping(step: Compiled<Tensor>, runtime: Runtime, owned: readonly Variable[]): Prepared {
  const runMany = async (times: number) => {
    let loss: Tensor | undefined;
    for (let i = 0; i < times; i++) loss = await step();
    await loss?.item();
  };
  let peakBytes = 0;
  return {
    run: () => runMany(1),
    runMany,
    async result() {
      const found: number[] = [];
      for (let i = 0; i < 3; i++) found.push(await (await step()).item());
      peakBytes = runtime.memory().bytes;
      return found;
    },
    get dispatches() {
      return dispatchesOf(step);
    },
    get peakBytes() {
      return peakBytes;
    },
    dispose: async () => {
      for (const own of owned) own.dispose();
    },
  };
}

export function dispatchesOf({ plans }: { readonly plans: Compiled<unknown>["plans"] }): number {
  return plans[0]?.steps.length ?? 0;
}

function forward(benchCase: BenchCase, runtime: Runtime): Prepared {
  const inputs = inputsOf(benchCase);
  const network = lastStep(benchCase, inputs);
  const x = held(inputs, "x");
  const step = compile(() => network.apply(x));
  const runMany = async (times: number) => {
    let logits: Tensor | undefined;
    for (let i = 0; i < times; i++) logits = await step();
    await logits?.data();
  };
  return {
    run: () => runMany(1),
    runMany,
    result: async () => checksum(await (await step()).data()),
    get dispatches() {
      return dispatchesOf(step);
    },
    get peakBytes() {
      return runtime.memory().bytes;
    },
    dispose: async () => {
      for (const own of [x, ...network.parameters]) own.dispose();
    },
  };
}
