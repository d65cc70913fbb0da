/** Verbs over the shapes, axes, steps, strides, dilations and broadcasts that they take. */
import fc from "fast-check";
import { faultOf } from "./check.ts";
import { movement } from "./movement.ts";
import { products } from "./products.ts";
import { reductions } from "./reductions.ts";
import type { Verb } from "./verb.ts";
import { windows } from "./windows.ts";

const verbs: Readonly<Record<string, Verb>> = {
  ...products,
  ...reductions,
  ...movement,
  ...windows,
};
export const VERBS = Object.keys(verbs);

/** Calls `runs` examples; where one is wrong, throws the smallest that is, with the seed that led to it. */
export async function checkVerb(name: string, seed: number, runs: number): Promise<void> {
  const examples = verbs[name];
  if (examples === undefined) throw new Error(`there is no verb ${name}`);
  await fc.assert(
    fc.asyncProperty(examples, async (example) => {
      const fault = await faultOf(example);
      if (fault !== undefined) throw new Error(`${example.text}: ${fault}`);
    }),
    { seed, numRuns: runs },
  );
}
