import { describe, expect, it } from "vitest";
import { webgpuTraits } from "../../../src/devices/webgpu/index.ts";
import { add, mul, sum, type Tensor, tensor, valueAndGrad } from "../../../src/functions.ts";
import * as nn from "../../../src/nn/index.ts";
import { planStep } from "../../../src/runtime/compile.ts";
import { relativeError } from "../../support/case-data.ts";
import { evaluateTensors } from "../../support/evaluate-tensor.ts";

const wave = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(i * i + 1));
const kinds = { rnn: nn.rnn, lstm: nn.lstm, gru: nn.gru };

function outcome(
  make: (options: nn.RecurrentOptions) => nn.RecurrentModule,
  options: nn.RecurrentOptions,
  lengths: readonly number[] | undefined,
): number[][] {
  const model = make(options);
  const x = tensor(wave(11 * 3 * 4), [11, 3, 4]);
  let states: readonly Tensor[] = [];
  const [loss, gradients] = valueAndGrad(model.parameters(), () => {
    const { y, state } = model.run(x, { lengths });
    states = state;
    return state.reduce((total, s) => add(total, sum(s)), sum(mul(y, y)));
  });
  return evaluateTensors([loss, ...states, ...gradients.values()]);
}

describe.each(Object.entries(kinds))("nn.%s with checkpoint", (_, layer) => {
  it.each([undefined, [4, 11, 7]])("computes what it does without, lengths %s", (lengths) => {
    const make = (options: nn.RecurrentOptions) => layer(4, 5, options);
    const options = { seed: 3, layers: 2, bidirectional: true };
    const plain = outcome(make, options, lengths);
    const parts = outcome(make, { ...options, checkpoint: true }, lengths);
    // Gradients of weights are sums over steps, here of the parts' sums: a few ε of float64 apart.
    parts.forEach((own, i) => {
      expect(relativeError(own, plain[i] ?? [])).toBeLessThan(1e-13);
    });
  });
});

describe("a long sequence with checkpoint", () => {
  it("needs a fraction of the memory, as its plan says", () => {
    const peak = (checkpoint: boolean) => {
      const model = nn.sequential(nn.lstm(64, 128, { checkpoint }), nn.linear(128, 8));
      return planStep(
        (x) => {
          const [loss, gradients] = valueAndGrad(model.parameters(), () => sum(model(x as Tensor)));
          return [loss, ...gradients.values()];
        },
        [{ dtype: "f32", shape: [1024, 16, 64] }],
        webgpuTraits(),
      ).memory.peakBytes;
    };
    expect(peak(true)).toBeLessThan(peak(false) / 2);
  });
});
