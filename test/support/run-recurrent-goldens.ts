/** The recurrent goldens as compiled steps on the device that is open. Free of the test runner, for pages as well. */
import { compile } from "../../src/functions.ts";
import {
  differences,
  type GoldenCase,
  goldenCases,
  rebuild,
  titleOf,
} from "./recurrent-goldens.ts";

/**
 * Relative. 20 gates one after the other (two layers of 5 steps, there and back), each a sum of at most 18 products
 * (both directions), round in f32 to √(20 · 18) ε = 10⁻⁶, ε = 6·10⁻⁸, and as much again in σ and tanh.
 */
const TOLERANCE = 2e-6;

export interface GoldenReport {
  readonly ran: number;
  readonly failures: readonly string[];
}

/** Lengths and states are arguments of the step: data, not constants of its plan. */
export async function runRecurrentGoldens(
  cases: readonly GoldenCase[] = goldenCases,
): Promise<GoldenReport> {
  const failures: string[] = [];
  for (const golden of cases) {
    const rebuilt = rebuild(golden);
    const step = compile((...inputs) => rebuilt.compute(...inputs));
    const results = await Promise.all(
      (await step(...rebuilt.inputs)).map((result) => result.data()),
    );
    for (const { name, error } of differences(golden, rebuilt, results)) {
      if (!(error <= TOLERANCE)) failures.push(`${titleOf(golden)}, ${name}: ${error}`);
    }
  }
  return { ran: cases.length, failures };
}
