/** What the verbs that are compositions refuse, and in which words: at the call, under their own names. */
import { beforeAll, expect, test } from "vitest";
import { ArgumentError, DTypeError } from "../../../src/errors.ts";
import * as g from "../../../src/functions.ts";
import { openCounting } from "../runtime/open.ts";

beforeAll(() => {
  openCounting({ seed: 1 });
});

const f32 = (...shape: number[]) => g.ones(shape);
const i32 = (...shape: number[]) => g.ones(shape, "i32");

type Refusal = readonly [
  call: () => unknown,
  error: new (message: string) => Error,
  message: string,
];

const scalars: readonly Refusal[] = [
  [
    () => g.silu(i32(2)),
    DTypeError,
    'silu: x must be f32; got i32[2]. Cast it first: cast(x, "f32").',
  ],
  [
    () => g.tan([1] as never),
    ArgumentError,
    "tan: x must be a tensor; got [1]. Make one of numbers: tensor([…]).",
  ],
  [
    () => g.gelu(f32(2), { approximate: "erf" as never }),
    ArgumentError,
    'gelu: approximate must be "none" or "tanh"; got "erf". Give another approximate.',
  ],
  [
    () => g.leakyRelu(f32(2), Number.NaN),
    ArgumentError,
    "leakyRelu: the slope must be a finite number; got NaN. Give another slope.",
  ],
  [
    () => g.glu(f32(2, 3)),
    ArgumentError,
    "glu: the axis must have an even size, for two halves; got axis -1 of size 3. Choose another axis.",
  ],
  [
    () => g.atan2(i32(2), 1),
    DTypeError,
    'atan2: y must be f32; got i32[2]. Cast it first: cast(y, "f32").',
  ],
  [
    () => g.mod(i32(2), f32(2)),
    DTypeError,
    'mod: a and b must have the same dtype; got a i32[2], b f32[2]. Cast one of them, for example cast(b, "i32").',
  ],
  [
    () => g.xor(f32(2), f32(2)),
    DTypeError,
    "xor: a must be bool; got f32[2]. Compare first, for example greater(x, 0).",
  ],
];

test.each([...scalars])("%s", (call, error, message) => {
  expect(call).toThrow(error);
  expect(call).toThrow(message);
});
