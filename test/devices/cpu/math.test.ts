import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openCpuDevice } from "../../../src/devices/cpu/index.ts";
import type { Device } from "../../../src/devices/device.ts";
import type { UnaryName } from "../../../src/ops/scalars.ts";
import { unary } from "../../../src/ops/scalars.ts";
import { ops } from "../../../src/ops/table.ts";
import { runOp } from "../../support/run-case.ts";

const scratch = new Float32Array(1);
const scratchBits = new Int32Array(scratch.buffer);

/** The distance from an f32 to the next larger one, at x. */
function ulpAt(x: number): number {
  scratch[0] = Math.abs(x);
  const exponent = Math.max(((scratchBits[0] ?? 0) >>> 23) - 127, -126);
  return 2 ** (exponent - 23);
}

/** Floats of both signs, log-uniform in magnitude between 2^low and 2^high, and evenly spread over ±2^high. */
function arguments32(low: number, high: number, count = 20000): Float32Array {
  const top = 2 ** high;
  return Float32Array.from({ length: 2 * count }, (_, i) => {
    const t = (i >> 1) / count;
    const size = i % 4 < 2 ? 2 ** (low + (high - low) * t) : top * t;
    return i % 2 === 0 ? size : -size;
  });
}

async function evaluate(device: Device, fn: UnaryName, x: Float32Array): Promise<Float32Array> {
  const type = { dtype: "f32", shape: [x.length] } as const;
  const { out } = await runOp(device, "unary", ops.unary, { x: { type, data: x } }, { fn });
  // A unary function of f32 that is no question gives f32.
  return out.data as Float32Array;
}

/** The largest error in ulps of the exact value, and where it is. */
function worst(fn: UnaryName, x: Float32Array, y: Float32Array): { ulps: number; at: number } {
  let ulps = 0;
  let at = 0;
  x.forEach((argument, i) => {
    const exact = unary[fn].evaluate(argument, "f32");
    if (!Number.isFinite(exact) || Math.abs(exact) > 3.4028235e38) return;
    const error = Math.abs((y[i] ?? 0) - exact) / ulpAt(exact);
    if (!(error <= ulps)) {
      ulps = error;
      at = argument;
    }
  });
  return { ulps, at };
}

/** The largest error that is allowed, in ulps, and the exponents of the arguments. */
const bounds: readonly (readonly [UnaryName, ulps: number, low: number, high: number])[] = [
  ["exp", 1, -20, 6.4],
  ["log", 1, -120, 120],
  ["tanh", 1.5, -20, 5],
  ["sigmoid", 2.5, -20, 6.3],
  ["erf", 2.5, -20, 3],
  ["softplus", 2.5, -20, 6.3],
];

describe.each([{ relaxedSimd: true }, { relaxedSimd: false }])(
  "vector functions, %o",
  (options) => {
    let device: Device;
    beforeAll(async () => {
      device = await openCpuDevice({ threads: 1, ...options });
    });
    afterAll(() => device.close());

    it.each(bounds)("%s errs by at most %d ulp", async (fn, bound, low, high) => {
      const x = arguments32(low, high);
      const { ulps, at } = worst(fn, x, await evaluate(device, fn, x));
      expect(ulps, `at ${at}`).toBeLessThanOrEqual(bound);
    });

    it.each(["sin", "cos"] as const)(
      "%s errs by at most 1e-7, also for large arguments",
      async (fn) => {
        const x = arguments32(-20, 25);
        const y = await evaluate(device, fn, x);
        x.forEach((argument, i) => {
          expect(Math.abs((y[i] ?? 0) - Math[fn](argument))).toBeLessThanOrEqual(1e-7);
        });
      },
    );

    it("gelu errs by at most 2e-7 of its argument where its terms cancel", async () => {
      const x = arguments32(-20, 5);
      const y = await evaluate(device, "gelu", x);
      x.forEach((argument, i) => {
        const error = Math.abs((y[i] ?? 0) - unary.gelu.evaluate(argument, "f32"));
        expect(error).toBeLessThanOrEqual(2e-7 * Math.abs(argument));
      });
    });

    it("saturates, and keeps NaN", async () => {
      const x = Float32Array.of(NaN, Infinity, -Infinity, 1e30, -1e30, 0, 100, -100, 88.8, -103.9);
      const expected: Partial<Record<UnaryName, number[]>> = {
        exp: [
          NaN,
          Infinity,
          0,
          Infinity,
          0,
          1,
          Infinity,
          Math.fround(Math.exp(-100)),
          Infinity,
          1.401298464324817e-45,
        ],
        tanh: [NaN, 1, -1, 1, -1, 0, 1, -1, 1, -1],
        erf: [NaN, 1, -1, 1, -1, 0, 1, -1, 1, -1],
        log: [NaN, Infinity, NaN, Math.fround(Math.log(Math.fround(1e30))), NaN, -Infinity],
        sigmoid: [NaN, 1, 0, 1, 0, 0.5, 1],
        gelu: [NaN, Infinity, NaN, Math.fround(1e30), 0, 0, 100, 0],
        softplus: [NaN, Infinity, 0, Math.fround(1e30), 0, Math.fround(Math.LN2), 100],
        relu: [NaN, Infinity, 0, Math.fround(1e30), 0, 0, 100, 0],
      };
      for (const [fn, values] of Object.entries(expected)) {
        const y = await evaluate(device, fn as UnaryName, x);
        expect(
          [...y.slice(0, values.length)].map((v) => v + 0),
          fn,
        ).toEqual(values);
      }
    });
  },
);
