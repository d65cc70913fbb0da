/** Single ops. Results are assigned to a variable, so that a run is the op and nothing is copied behind it. */
import {
  add,
  type Compiled,
  compile,
  conv2d,
  conv2dTranspose,
  embedding,
  losses,
  matmul,
  maxPool2d,
  mul,
  nn,
  optim,
  type Runtime,
  sum,
  type Tensor,
  tensor,
  type Variable,
  valueAndGrad,
  variable,
  vjp,
} from "gradgpu";
import { type Inputs, inputsOf, LEARNING_RATE, numberOf } from "../cases/inputs.ts";
import { checksum } from "../cases/random.ts";
import type { BenchCase, Prepared } from "../contract.ts";
import { dispatchesOf } from "./gradgpu-steps.ts";
import { held, weights } from "./gradgpu-weights.ts";

/** What a kernel case computes: results by shape, and what it holds besides them. */
interface Kernel {
  readonly shapes: readonly (readonly number[])[];
  readonly owned: readonly Variable[];
  readonly apply: () => readonly Tensor[];
}

/** Undefined where the case is none of gradgpu's ops. */
export function prepareKernel(benchCase: BenchCase, runtime: Runtime): Prepared | undefined {
  if (benchCase.kind === "adam") return adam(benchCase, runtime);
  const kernel = kernelOf(benchCase);
  if (kernel === undefined) return undefined;
  const outs = kernel.shapes.map((shape) =>
    variable(new Float32Array(shape.reduce((n, d) => n * d, 1)), shape, "out"),
  );
  const step = compile(() => {
    const results = kernel.apply();
    outs.forEach((out, i) => {
      const result = results[i];
      if (result !== undefined) out.assign(result);
    });
  });
  return prepared(step, outs, [...outs, ...kernel.owned], runtime);
}

function prepared(
  step: Compiled<void>,
  outs: readonly Variable[],
  owned: readonly Variable[],
  runtime: Runtime,
): Prepared {
  const runMany = async (times: number) => {
    for (let i = 0; i < times; i++) await step();
    await runtime.device.synchronise();
  };
  return {
    run: () => runMany(1),
    runMany,
    async result() {
      await step();
      const found: number[] = [];
      for (const out of outs) found.push(...checksum(await out.data()));
      return found;
    },
    get dispatches() {
      return dispatchesOf(step);
    },
    get peakBytes() {
      return runtime.memory().bytes;
    },
    dispose: async () => {
      for (const own of owned) own.dispose();
    },
  };
}

function kernelOf(benchCase: BenchCase): Kernel | undefined {
  const inputs = inputsOf(benchCase);
  switch (benchCase.kind) {
    case "matmul":
      return product(benchCase, inputs);
    case "conv-forward":
    case "conv-input-grad":
    case "conv-filter-grad":
      return convolution(benchCase, inputs);
    case "max-pool": {
      const x = held(inputs, "x");
      const window = numberOf(benchCase, "window");
      const [n = 0, h = 0, w = 0, c = 0] = x.shape;
      const shapes = [[n, h / window, w / window, c]];
      return { shapes, owned: [x], apply: () => [maxPool2d(x, window)] };
    }
    case "batch-norm":
      return layer(inputs, nn.batchNorm2d(numberOf(benchCase, "channels")));
    case "layer-norm":
      return layer(inputs, nn.layerNorm(numberOf(benchCase, "features")));
    case "conv-transpose": {
      const [stride, padding] = [numberOf(benchCase, "stride"), numberOf(benchCase, "padding")];
      const of = [held(inputs, "x"), held(inputs, "w")] as const;
      return withGradients(of, held(inputs, "g"), () =>
        conv2dTranspose(...of, { stride, padding }),
      );
    }
    case "embedding": {
      const [table, ids] = [held(inputs, "table"), held(inputs, "ids")];
      const kernel = withGradients([table], held(inputs, "g"), () => embedding(table, ids));
      return { ...kernel, owned: [...kernel.owned, ids] };
    }
    case "softmax-cross-entropy": {
      const [logits, labels] = [held(inputs, "logits"), held(inputs, "labels")];
      return {
        shapes: [[], logits.shape],
        owned: [logits, labels],
        apply: () => {
          const [loss, grads] = valueAndGrad([logits], () => losses.crossEntropy(logits, labels));
          return [loss, ...grads.values()];
        },
      };
    }
    case "add-chain": {
      const [x, y] = [held(inputs, "x"), held(inputs, "y")];
      const length = numberOf(benchCase, "length");
      const apply = () => {
        let sum: Tensor = x;
        for (let i = 0; i < length; i++) sum = add(sum, y);
        return [sum];
      };
      return { shapes: [x.shape], owned: [x, y], apply };
    }
    case "copy": {
      const x = held(inputs, "x");
      // As near to a copy as an op gets: one read, one write, one addition.
      return { shapes: [x.shape], owned: [x], apply: () => [add(x, tensor(1e-30))] };
    }
    default:
      return undefined;
  }
}

function product(benchCase: BenchCase, inputs: Inputs): Kernel {
  const [a, b] = [held(inputs, "a"), held(inputs, "b")];
  const { layout } = benchCase.params;
  const options = { transposeA: layout === "tn", transposeB: layout === "nt" };
  return {
    shapes: [[numberOf(benchCase, "m"), numberOf(benchCase, "n")]],
    owned: [a, b],
    apply: () => [matmul(a, b, options)],
  };
}

/** A norm with the case's parameters, in training. */
function layer(inputs: Inputs, module: nn.Module): Kernel {
  const x = held(inputs, "x");
  module.loadStateDict(weights(inputs, { weight: "weight", bias: "bias" }), { allowMissing: true });
  const kernel = withGradients([x, ...module.parameters()], held(inputs, "g"), () => module(x));
  return { ...kernel, owned: [...kernel.owned, ...module.buffers()] };
}

/** What `forward` gives, and the gradients of `of` where `g` arrives at it. */
function withGradients(of: readonly Variable[], g: Variable, forward: () => Tensor): Kernel {
  return {
    shapes: [g.shape, ...of.map(({ shape }) => shape)],
    owned: [...of, g],
    apply() {
      let y: Tensor = g;
      const [, gradients] = valueAndGrad(of, () => {
        y = forward();
        return sum(mul(y, g));
      });
      return [y, ...gradients.values()];
    },
  };
}

/** Gradients by vjp; the forward pass that nobody reads is not computed. */
function convolution(benchCase: BenchCase, inputs: Inputs): Kernel {
  const [x, w, g] = [held(inputs, "x"), held(inputs, "w"), held(inputs, "g")];
  const stride = numberOf(benchCase, "stride");
  const padding = (numberOf(benchCase, "kernel") - 1) >> 1;
  const options = { stride, padding, groups: numberOf(benchCase, "groups") };
  const forward = (image: Tensor, filter: Tensor) => conv2d(image, filter, options);
  const pulled = (what: Tensor, fn: (of: Tensor) => Tensor) => vjp(fn, what)[1](g);
  const owned = [x, w, g];
  switch (benchCase.kind) {
    case "conv-input-grad":
      return { shapes: [x.shape], owned, apply: () => pulled(x, (of) => forward(of, w)) };
    case "conv-filter-grad":
      return { shapes: [w.shape], owned, apply: () => pulled(w, (of) => forward(x, of)) };
    default:
      return { shapes: [g.shape], owned, apply: () => [forward(x, w)] };
  }
}

function adam(benchCase: BenchCase, runtime: Runtime): Prepared {
  const inputs = inputsOf(benchCase);
  const [parameter, gradient] = [held(inputs, "parameter"), held(inputs, "gradient")];
  const optimizer = optim.adam({ learningRate: LEARNING_RATE });
  const step = compile(() => optimizer.update(new Map([[parameter, gradient]])));
  const owned = [parameter, gradient, ...optimizer.state().values()];
  return prepared(step, [parameter], owned, runtime);
}
