/** What is flat, or gives no f32 numbers, passes no gradient on: zeros, and no error. */
import { beforeAll, expect, it } from "vitest";
import {
  add,
  argmax,
  argsort,
  cast,
  embedding,
  grad,
  greater,
  ones,
  sum,
  type Tensor,
  tensor,
  vjp,
} from "../../../src/functions.ts";
import { openCounting } from "../runtime/open.ts";

beforeAll(() => {
  openCounting();
});

const numbers = (x: Tensor) => cast(x, "f32");
const verbs: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  argmax: (x) => numbers(argmax(x)),
  argsort: (x) => numbers(argsort(x)),
  greater: (x) => numbers(greater(x, 1)),
  "cast to i32": (x) => numbers(cast(x, "i32")),
  "ids of an embedding": (x) => embedding(ones([3, 2]), cast(x, "i32")),
};

it.each(Object.entries(verbs))("%s", async (_, verb) => {
  const x = tensor([0, 2, 1]);
  const [alone] = grad((at) => sum(verb(at)), x);
  const [beside] = grad((at) => add(sum(verb(at)), sum(at)), x);
  expect([...((await alone?.data()) ?? [])]).toEqual([0, 0, 0]);
  expect([...((await beside?.data()) ?? [])]).toEqual([1, 1, 1]);
});

it("argmax itself, whose cotangent is i32", async () => {
  const [, pullback] = vjp((x) => argmax(x), tensor([0, 2, 1]));
  expect([...((await pullback(tensor(1, [], "i32"))[0]?.data()) ?? [])]).toEqual([0, 0, 0]);
});
