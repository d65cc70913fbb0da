/** What is known to fall short of a kernel or of a case of its own. These lists can only become shorter. */
import type { OpName } from "../../../src/ops/vocabulary.ts";

type Reasons = Readonly<Partial<Record<OpName, string>>>;

const WHOLE = "its kernel binds whole tensors";
const BACKWARDS = "what is walked from its end has no first element to begin a part at";

/** By device: ops that run on the reference kernels where a tensor is larger than a kernel of the device can reach. */
export const knownFallbacks: Readonly<Record<string, Reasons>> = {
  cpu: {},
  // From the size of a binding on: 128 MiB, or what the GPU allows beyond.
  webgpu: {
    flip: BACKWARDS,
    argmax: WHOLE,
    argsort: WHOLE,
    matmul: WHOLE,
    conv2d: WHOLE,
    conv2dInputGrad: WHOLE,
    conv2dFilterGrad: WHOLE,
    maxPool2d: WHOLE,
    maxPool2dGrad: WHOLE,
    maxPool2dGather: WHOLE,
    avgPool2d: WHOLE,
    avgPool2dGrad: WHOLE,
    embedding: WHOLE,
    embeddingGrad: WHOLE,
  },
};

/** Verbs that take functions or draw, walk whole sequences, open or tell: by the file of test/ that tests them. */
export const testedElsewhere: Readonly<Record<string, string>> = {
  bernoulli: "pure/functions/draws.test.ts",
  categorical: "pure/functions/categorical.test.ts",
  cell: "pure/scheduler/scan.test.ts",
  checkpoint: "pure/autodiff/checkpoint.test.ts",
  compile: "pure/runtime/compile.test.ts",
  describe: "pure/functions/draws.test.ts",
  drawNormal: "pure/functions/scan.test.ts",
  drawUniform: "training/determinism.test.ts",
  dropout: "pure/functions/draws.test.ts",
  foldIn: "pure/tensor/random.test.ts",
  grad: "pure/functions/scan.test.ts",
  gradientFlow: "pure/functions/gradient-flow.test.ts",
  gradients: "pure/losses/goldens.test.ts",
  gradientsOf: "pure/train/truncation.test.ts",
  gru: "support/gradient-loss.ts",
  init: "regressions/runtimes.test.ts",
  keyOf: "pure/tensor/random.test.ts",
  lstm: "support/gradient-loss.ts",
  memoryByOwner: "pure/runtime/memory-by-owner.test.ts",
  normal: "pure/tensor/random.test.ts",
  permutation: "pure/tensor/random.test.ts",
  pow: "pure/functions/power.test.ts",
  planRows: "pure/runtime/profile.test.ts",
  profile: "pure/runtime/profile.test.ts",
  recurrent: "pure/scheduler/walks-together.test.ts",
  recurrentSteps: "pure/functions/recurrent-steps.test.ts",
  rnn: "support/gradient-loss.ts",
  sizeOf: "pure/functions/draws.test.ts",
  tensor: "pure/regressions/typed-arrays.test.ts",
  valueAndGrad: "pure/optim/schedules.test.ts",
  variable: "pure/regressions/typed-arrays.test.ts",
  vjp: "cases/softmax.ts",
  words: "pure/tensor/random.test.ts",
};
