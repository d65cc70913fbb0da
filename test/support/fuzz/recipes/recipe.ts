/** What recipes are made with. */
import * as gradgpu from "../../../../src/index.ts";
import { type Arg, leaf, list, plain } from "../argument.ts";
import type { Context } from "../instances.ts";
import { models } from "../models.ts";

/** What is called on `self`, where it is a method, and the arguments. */
export interface Recipe {
  readonly self?: Arg;
  readonly args: readonly Arg[];
}
/** A call that is right as a whole. */
export type Cook = (context: Context) => Recipe;
/** By the path of the function. */
export type Recipes = Readonly<Record<string, Cook>>;

export const bools = (...shape: number[]) =>
  leaf(`cast(${print(shape)}, "bool")`, () => gradgpu.cast(gradgpu.ones(shape), "bool"));
const print = (shape: readonly number[]) => `ones([${shape.join(", ")}])`;
export const numbers = (...of: number[]) => list(of.map((n) => plain(n)));
export const args = (...of: readonly Arg[]): Recipe => ({ args: of });
export const model = (name: keyof typeof models): Arg => {
  const found = models[name];
  return leaf(found?.text ?? "", () => found?.make());
};
export const sgd = () =>
  leaf("optim.sgd({ learningRate: 0.1 })", () => gradgpu.optim.sgd({ learningRate: 0.1 }));
