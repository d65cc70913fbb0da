import { describe, expect, it } from "vitest";
import { webgpuTraits } from "../../../src/devices/webgpu/index.ts";
import {
  add,
  checkpoint,
  grad,
  gradientFlow,
  gradients,
  lstm,
  matmul,
  mul,
  type RecurrentFlow,
  reshape,
  scan,
  sigmoid,
  slice,
  sum,
  type Tensor,
  tanh,
  tensor,
  valueAndGrad,
  variable,
  zeros,
} from "../../../src/functions.ts";
import * as nn from "../../../src/nn/index.ts";
import { planStep } from "../../../src/runtime/compile.ts";
import { relativeError } from "../../support/case-data.ts";
import { evaluateTensor, evaluateTensors } from "../../support/evaluate-tensor.ts";
import { openCounting } from "../runtime/open.ts";

const wave = (shape: number[], phase = 0) =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) =>
      Math.sin(i * i + phase),
    ),
    shape,
  );
const variableOf = (shape: number[], phase: number) =>
  variable(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) =>
      Math.sin(i * i + phase),
    ),
    shape,
  );
const [T, B, I, H] = [5, 3, 4, 6];

/** A loss that looks at the last step alone. */
const lastStep = (y: Tensor) => {
  const last = slice(y, [T - 1, 0, 0], [1, B, H]);
  return sum(mul(last, last));
};

describe("gradientFlow", () => {
  it("returns the loss and gradients that valueAndGrad returns", () => {
    const model = nn.sequential(nn.gru(I, H, { seed: 1, layers: 2 }), nn.rnn(H, H, { seed: 2 }));
    const loss = () => sum(mul(model(wave([T, B, I])), wave([T, B, H], 1)));
    const [plain, gradients] = valueAndGrad(model.parameters(), loss);
    const watched = gradientFlow(model.parameters(), loss);
    expect(evaluateTensors([watched.loss, ...watched.gradients.values()])).toEqual(
      evaluateTensors([plain, ...gradients.values()]),
    );
    expect(watched.flow.map(({ name }) => name)).toEqual(["gru l0", "gru l1", "rnn l0"]);
  });

  it.each(Object.entries({ rnn: nn.rnn, gru: nn.gru, lstm: nn.lstm }))(
    "of %s is the norm of ∂loss/∂h_t, found by cutting the sequence at t",
    (kind, layer) => {
      const model = layer(I, H, { seed: 3 });
      const x = wave([T, B, I]);
      const { flow } = gradientFlow(model.parameters(), () => lastStep(model(x)));
      const [h = [], c = []] = evaluateTensors([flow[0]?.h ?? x, flow[0]?.c ?? x]);
      for (let t = 0; t < T - 1; t++) {
        const { state } = model.run(slice(x, [0, 0, 0], [t + 1, B, I]));
        const rest = slice(x, [t + 1, 0, 0], [T - t - 1, B, I]);
        const later = (...from: Tensor[]) => {
          const { y } = model.run(rest, { state: from });
          const last = slice(y, [T - t - 2, 0, 0], [1, B, H]);
          return sum(mul(last, last));
        };
        const [gH, gC] = grad(later, ...state).map((g) => Math.hypot(...evaluateTensor(g)));
        expect(h[t]).toBeCloseTo(gH ?? Number.NaN, 12);
        // What ∂loss/∂c_t is through h_t as well, the cases of recurrenceGrad say.
        if (kind === "lstm") expect(gC).toBeGreaterThan(0);
      }
      expect(h).toHaveLength(T);
      if (kind === "lstm") expect(c).toHaveLength(T);
    },
  );

  it("of a layer that no gradient was asked for is 0", () => {
    const model = nn.lstm(I, H, { seed: 1 });
    const { flow } = gradientFlow([], () => sum(model(wave([T, B, I]))));
    expect(flow.map(({ h }) => evaluateTensor(h))).toEqual([new Array(T).fill(0)]);
  });

  it("is written by the one backward pass: the graph has one gradient op a layer", () => {
    const model = nn.lstm(I, H, { seed: 1, bidirectional: true });
    const { flow } = gradientFlow(model.parameters(), () => sum(model(wave([T, B, I]))));
    expect(flow.map(({ name, reverse }) => [name, reverse])).toEqual([
      ["lstm l0", false],
      ["lstm l0 reverse", true],
    ]);
  });

  it("tells the mean of every gate and its saturated share, over the steps that count", () => {
    const model = nn.lstm(I, H, {
      initialise: nn.initialise.zeros,
      initialiseBias: () =>
        Float32Array.from({ length: 4 * H }, (_, i) => [9, -9, 0, 0][i % 4] ?? 0),
    });
    const lengths = [2, T, 1];
    const { flow } = gradientFlow(model.parameters(), () =>
      sum(model.run(wave([T, B, I]), { lengths }).y),
    );
    const gates = flow[0]?.gates;
    expect(gates?.names).toEqual(["input", "forget", "candidate", "output"]);
    const [mean = [], saturated] = evaluateTensors([gates?.mean, gates?.saturated] as Tensor[]);
    const sigmoid = (a: number) => 1 / (1 + Math.exp(-a));
    [sigmoid(9), sigmoid(-9), 0, 0.5].forEach((value, i) => {
      expect(mean[i]).toBeCloseTo(value, 12);
    });
    expect(saturated).toEqual([1, 1, 0, 0]);
  });

  it("tells norms whose squares are too small for f32", async () => {
    openCounting();
    const model = nn.rnn(I, H, { seed: 1 });
    const { flow } = gradientFlow(model.parameters(), () =>
      mul(sum(model(wave([T, B, I]))), 1e-25),
    );
    const { flow: large } = gradientFlow(model.parameters(), () => sum(model(wave([T, B, I]))));
    const [small, expected] = [await flow[0]?.h.data(), await large[0]?.h.data()];
    expect(small).toHaveLength(T);
    small?.forEach((value, t) => {
      expect((value * 1e25) / (expected?.[t] ?? Number.NaN)).toBeCloseTo(1, 5);
    });
  });

  describe.each(Object.entries({ rnn: nn.rnn, gru: nn.gru, lstm: nn.lstm }))(
    "of %s with checkpoint",
    (_, layer) => {
      // Four parts of three steps, the last one of two.
      const steps = 11;
      const flowOf = (options: nn.RecurrentOptions, lengths: readonly number[] | undefined) => {
        const model = layer(I, H, { seed: 4, layers: 2, bidirectional: true, ...options });
        return gradientFlow(model.parameters(), () => {
          const { y, state } = model.run(wave([steps, B, I]), { lengths });
          return state.reduce((total, s) => add(total, sum(s)), sum(mul(y, y)));
        });
      };

      it.each([undefined, [4, steps, 7]])(
        "is that of the whole sequence, in the order of its steps, lengths %s",
        (lengths) => {
          const [whole, parts] = [flowOf({}, lengths), flowOf({ checkpoint: true }, lengths)];
          expect(parts.flow.map(({ name, reverse }) => [name, reverse])).toEqual(
            whole.flow.map(({ name, reverse }) => [name, reverse]),
          );
          for (const [i, part] of parts.flow.entries()) {
            const expected = whole.flow[i];
            for (const of of [
              (flow?: RecurrentFlow) => flow?.h,
              (flow?: RecurrentFlow) => flow?.c,
              (flow?: RecurrentFlow) => flow?.gates?.mean,
              (flow?: RecurrentFlow) => flow?.gates?.saturated,
            ]) {
              const [own, other] = [of(part), of(expected)];
              expect(own === undefined).toBe(other === undefined);
              if (own === undefined || other === undefined) continue;
              // Sums of parts instead of sums of all: a few ε of float64 apart.
              expect(relativeError(evaluateTensor(own), evaluateTensor(other))).toBeLessThan(1e-13);
            }
          }
        },
      );

      it("is 0 in the parts that the loss does not reach back from", () => {
        const model = layer(I, H, { seed: 4, checkpoint: true });
        const { flow } = gradientFlow(model.parameters(), () =>
          sum(slice(model(wave([steps, B, I])), [4, 0, 0], [1, B, H])),
        );
        const h = evaluateTensor(flow[0]?.h as Tensor);
        expect(h.map((norm) => norm > 0)).toEqual(Array.from({ length: steps }, (_, t) => t <= 4));
      });

      it("holds what is written down of the steps and no gates, as the plan says", () => {
        const shape = [1024, 16, 64] as const;
        const peak = (isWatched: boolean) => {
          const model = nn.sequential(layer(64, 128, { checkpoint: true }), nn.linear(128, 8));
          const step = (x: Tensor) => {
            const loss = () => sum(model(x));
            return isWatched
              ? gradientFlow(model.parameters(), loss)
              : valueAndGrad(model.parameters(), loss);
          };
          const plan = planStep(
            (x) => {
              const result = step(x as Tensor);
              if (!("flow" in result)) return [result[0], ...result[1].values()];
              const numbers = result.flow.map(({ h, c, gates }) => [
                h,
                c,
                gates?.mean,
                gates?.saturated,
              ]);
              return [result.loss, ...result.gradients.values(), ...numbers.flat()];
            },
            [{ dtype: "f32", shape }],
            webgpuTraits(),
          );
          return plan.memory.peakBytes;
        };
        const oneTensorOfAllSteps = 1024 * 16 * 128 * 4;
        expect(peak(true)).toBeLessThan(peak(false) + 2 * oneTensorOfAllSteps);
      });
    },
  );

  it("is 0 behind the end of a sequence", () => {
    const model = nn.rnn(I, H, { seed: 1 });
    const { flow } = gradientFlow(model.parameters(), () => {
      const { y, state } = model.run(wave([T, B, I]), { lengths: [2, 1, 2] });
      return add(sum(y), sum(reshape(state[0] as Tensor, [B * H])));
    });
    const h = evaluateTensor(flow[0]?.h as Tensor);
    expect(h.slice(2)).toEqual([0, 0, 0]);
    expect(h[1]).toBeGreaterThan(0);
  });

  describe.each([
    ["a walk", (h: Tensor) => h],
    ["a loop", (h: Tensor) => mul(h, 1)],
  ] as const)("of a scan that is %s", (_, own) => {
    const [wx, wh] = [variableOf([I, 3 * H], 2), variableOf([H, 3 * H], 3)];
    // h is made of c, c of what h was: a cell with two states whose y is made of the new ones.
    const step = ({ h, c }: { h: Tensor; c: Tensor }, at: Tensor, isPlain = false) => {
      const a = add(matmul(at, wx), matmul(own(h), wh));
      const gate = (k: number) => slice(a, [0, k * H], [B, H]);
      const next = add(mul(sigmoid(gate(0)), c), mul(sigmoid(gate(1)), gate(2)));
      const made = mul(tanh(next), sigmoid(gate(1)));
      return {
        carry: { h: made, c: next },
        y: isPlain ? made : { made, read: mul(made, next) },
      };
    };
    const start = () => ({ h: zeros([B, H]), c: wave([B, H], 5) });

    it.each([false, true])(
      "is ∂loss/∂carry_t of the same steps unrolled, reverse %s",
      (reverse) => {
        const x = wave([T, B, I]);
        const loss = (made: Tensor, read: Tensor) =>
          add(sum(mul(made, made)), sum(mul(read, read)));
        const { flow } = gradientFlow([wx, wh], () => {
          const { ys, carry } = scan((at, slice_: Tensor) => step(at, slice_), start(), x, {
            reverse,
          });
          const { made, read } = ys as { made: Tensor; read: Tensor };
          return add(loss(made, read), sum(carry.c));
        });
        let carry = start();
        const carries: { h: Tensor; c: Tensor }[] = [];
        let total: Tensor = tensor(0);
        for (let s = 0; s < T; s++) {
          const t = reverse ? T - 1 - s : s;
          const done = step(carry, reshape(slice(x, [t, 0, 0], [1, B, I]), [B, I]));
          carry = done.carry;
          carries[t] = carry;
          const { made, read } = done.y as { made: Tensor; read: Tensor };
          total = add(total, loss(made, read));
        }
        total = add(total, sum(carry.c));
        const expected = (of: "h" | "c") =>
          evaluateTensors(
            gradients(
              total,
              carries.map((own) => own[of]),
            ),
          ).map((g) => Math.hypot(...g));
        expect(flow.map(({ name, cell, reverse: way }) => [name, cell, way])).toEqual([
          ["scan", "scan", reverse],
        ]);
        const { h, c, states, gates } = flow[0] as RecurrentFlow;
        expect(Object.keys(states)).toEqual(["h", "c"]);
        expect(gates).toBeUndefined();
        for (const [got, of] of [
          [h, "h"],
          [c as Tensor, "c"],
        ] as const) {
          const wanted = expected(of);
          evaluateTensor(got).forEach((value, t) => {
            expect(value).toBeCloseTo(wanted[t] ?? Number.NaN, 12);
          });
        }
      },
    );

    it("leaves loss and gradients as they are", () => {
      const loss = () => {
        const { ys } = scan(
          (at, slice_: Tensor) => step(at, slice_, true),
          start(),
          wave([T, B, I]),
        );
        return sum(mul(ys as Tensor, wave([T, B, H], 1)));
      };
      const [plain, found] = valueAndGrad([wx, wh], loss);
      const watched = gradientFlow([wx, wh], loss);
      expect(evaluateTensors([watched.loss, ...watched.gradients.values()])).toEqual(
        evaluateTensors([plain, ...found.values()]),
      );
      const parts = gradientFlow([wx, wh], () => checkpoint(loss));
      expect(evaluateTensors(parts.flow.flatMap(({ states }) => Object.values(states)))).toEqual(
        evaluateTensors(watched.flow.flatMap(({ states }) => Object.values(states))),
      );
    });
  });

  it("of an lstm that is written with scan is that of the lstm", () => {
    const of = [variableOf([I, H, 4], 2), variableOf([H, H, 4], 3), variableOf([H, 4], 4)] as const;
    const [input, recurrent, bias] = of;
    const x = wave([T, B, I]);
    const fused = gradientFlow(of, () => lastStep(lstm(x, { input, recurrent, bias }).y));
    const [w, u, b] = of.map((one) => reshape(one, [-1, 4 * H])) as [Tensor, Tensor, Tensor];
    const { flow } = gradientFlow(of, () => {
      const { ys } = scan(
        ({ h, c }: { h: Tensor; c: Tensor }, at: Tensor) => {
          const a = reshape(add(add(matmul(at, w), matmul(h, u)), b), [B, H, 4]);
          const gate = (k: number) => reshape(slice(a, [0, 0, k], [B, H, 1]), [B, H]);
          const next = add(mul(sigmoid(gate(1)), c), mul(sigmoid(gate(0)), tanh(gate(2))));
          const made = mul(sigmoid(gate(3)), tanh(next));
          return { carry: { h: made, c: next }, y: made };
        },
        { h: zeros([B, H]), c: zeros([B, H]) },
        x,
        { name: "mine" },
      );
      return lastStep(ys);
    });
    expect(flow[0]?.name).toBe("mine");
    const values = ({ h, c }: RecurrentFlow) => evaluateTensors([h, c as Tensor]).flat();
    const expected = values(fused.flow[0] as RecurrentFlow);
    values(flow[0] as RecurrentFlow).forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i] ?? Number.NaN, 12);
    });
  });
});
