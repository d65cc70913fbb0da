/** Whatever a verb is called with, it refuses under its own name, not under that of a verb that it is made of. */
import { beforeAll, expect, test } from "vitest";
import * as g from "../../../src/index.ts";
import { Draws } from "../../../src/testing/seeded.ts";
import { openCounting } from "../runtime/open.ts";

beforeAll(() => {
  openCounting({ seed: 1 });
});

const CALLS = 60;

/** Classes, those that take functions and call them, and `variable`, whose errors have the name that the variable is given. */
const OTHERWISE =
  /^([A-Z]|variable$|init$|compile$|checkpoint$|scan$|cell$|grad$|vjp$|valueAndGrad$|gradientFlow$|recurrentSteps$|profile$)/;

test("a verb that refuses what it is given says its own name", () => {
  const f32 = (...shape: number[]) => g.ones(shape);
  const i32 = (...shape: number[]) => g.zeros(shape, "i32");
  const bool = (...shape: number[]) => g.greater(f32(...shape), 0);
  const given: readonly unknown[] = [
    ...[f32(), f32(3), f32(2, 3), f32(2, 4, 5), f32(1, 4, 5, 3), f32(1, 2, 4, 5, 3), f32(0, 3)],
    ...[i32(3), i32(2, 3), i32(1, 4, 5, 3), bool(3), bool(2, 3)],
    ...[undefined, 0, 1, 2, -1, 9, 1.5, "x", {}, { axis: 0 }, { axis: 7 }],
    ...[[0], [1, 2], [2, 3], [f32(2), f32(3)], [f32(2, 3), i32(2, 3)]],
  ];
  const draw = new Draws(1, 0);
  const others: string[] = [];
  let refused = 0;
  for (const [name, verb] of Object.entries(g)) {
    if (typeof verb !== "function" || OTHERWISE.test(name)) continue;
    for (let call = 0; call < CALLS; call++) {
      const own = Array.from({ length: draw.integer(1, 4) }, () => draw.pick(given));
      try {
        (verb as (...own: readonly unknown[]) => unknown)(...own);
      } catch (error) {
        refused++;
        const { message } = error as Error;
        if (!message.startsWith(`${name}: `)) others.push(`${name}: ${message}`);
      }
    }
  }
  expect(refused).toBeGreaterThan(1000);
  expect([...new Set(others)]).toEqual([]);
});
