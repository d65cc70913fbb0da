/** What compiled steps, scans, variables and runtimes say of calls that do not fit: given, expected, what to do. */
import { beforeAll } from "vitest";
import { cpuTraits } from "../../../src/devices/cpu/traits.ts";
import { webgpuTraits } from "../../../src/devices/webgpu/traits.ts";
import {
  add,
  compile,
  matmul,
  mul,
  scan,
  sum,
  type Tensor,
  tanh,
  tensor,
  variable,
  zeros,
} from "../../../src/functions.ts";
import { nn } from "../../../src/index.ts";
import { planStep } from "../../../src/runtime/compile.ts";
import { setCurrentRuntime } from "../../../src/runtime/current.ts";
import { type ErrorRow, endOf, holdTexts } from "../../support/error-rows.ts";
import { f32 } from "../ops/infer.ts";
import { openCounting } from "../runtime/open.ts";

beforeAll(() => {
  openCounting();
});

const asAny = (given: unknown) => given as never;
const own = () => variable([1], [1], "w");
const double = (x: Tensor) => mul(x, 2);

/** Calls `use` with what stands for the carry, inside the cell of a scan. */
async function inCell(use: (h: Tensor) => unknown): Promise<void> {
  let end: Promise<unknown> | undefined;
  const cell = (h: Tensor) => {
    end = endOf(() => use(h));
    return { carry: h, y: h };
  };
  scan(cell, zeros([2]), zeros([3]));
  throw await end;
}

/** Calls `use` with what stands for the argument, while a step is traced. */
async function inStep(use: (x: Tensor) => unknown): Promise<void> {
  let end: Promise<unknown> | undefined;
  const step = compile((x: Tensor) => {
    end = endOf(() => use(x));
    return double(x);
  });
  await step(zeros([2]));
  throw await end;
}

/** A step, and what stood for its argument when it was traced. */
async function keptArgument() {
  let kept = zeros([2]);
  const step = compile((x: Tensor) => {
    kept = x;
    return double(x);
  });
  await step(zeros([2]));
  return { step, kept };
}

function holdingItself(): unknown {
  const held: unknown[] = [];
  held.push(held);
  return held;
}

async function withoutDevice(call: () => unknown): Promise<void> {
  setCurrentRuntime(undefined);
  const end = await endOf(call);
  openCounting();
  throw end;
}

const steps: readonly ErrorRow[] = [
  [
    'compile: a step must be called with tensors and numbers; got "1" as argument 0. Make a tensor of it: tensor(…).',
    () => compile(double)(asAny("1")),
  ],
  [
    "compile: a step must be called with tensors and numbers; got null as argument 0. Make a tensor of it: tensor(…).",
    () => compile(double)(asAny(null)),
  ],
  [
    "compile: an argument must have values; got a tensor that was kept from another trace. Return it from that step instead.",
    async () => {
      const { step, kept } = await keptArgument();
      await step(kept);
    },
  ],
  [
    "data: this tensor stands for an argument of a compiled step and has no values. Return what you want to read from the step.",
    async () => (await keptArgument()).kept.data(),
  ],
  [
    "data: a tensor has no values while a step is traced. Return it from the step and read it there.",
    () => inStep((x) => x.data()),
  ],
  [
    "compile: a step must return lists and records that do not hold themselves; got one that does. Hand over what is known beforehand some other way.",
    () => compile(() => asAny(holdingItself()))(),
  ],
  [
    "compile: a compiled step cannot be called inside another one. Call the plain function instead.",
    () => inStep((x) => compile(double)(x)),
  ],
  [
    "compile: the function must not be async; it is run once, on tensors that have no values yet. Await results outside, after the step.",
    () => {
      const late: unknown = async (x: Tensor) => x;
      return compile(late as typeof double)(zeros([2]));
    },
  ],
];

const scans: readonly ErrorRow[] = [
  [
    "scan: xs must have a first dimension, the steps; got xs f32[]. What is the same at every step can be read by the cell as it is.",
    () => scan((h: Tensor, x: Tensor) => ({ carry: h, y: x }), zeros([2]), tensor(1)),
  ],
  [
    "scan: the number of steps must be known; got no xs and no length. Give { length }.",
    () => scan((h: Tensor) => ({ carry: h, y: h }), zeros([2]), undefined),
  ],
  [
    "scan: the cell must not be async; it is called once, on tensors that have no values. Await what it needs before the scan.",
    () =>
      scan(
        asAny(async (h: Tensor) => ({ carry: h, y: h })),
        zeros([2]),
        zeros([3]),
      ),
  ],
  [
    "scan: carry must be lists and records that do not hold themselves; got one that does. Make tensors of numbers: tensor(0), tensor(rows).",
    () => scan((h) => ({ carry: h, y: undefined }), holdingItself(), zeros([3])),
  ],
  [
    "data: a tensor has no values inside the cell of a scan; got a call there. Give it back as y and read that.",
    () => inCell((h) => h.data()),
  ],
  [
    "assign: a variable cannot be assigned to inside the cell of a scan; got a call there. Carry what changes from step to step, and assign w after the scan.",
    () => {
      const w = own();
      return inCell(() => w.assign(add(w, 1)));
    },
  ],
  [
    "compile: a compiled step cannot be called inside the cell of a scan; got a call there. Call the plain function instead.",
    () => inCell((h) => compile(double)(h)),
  ],
  [
    // Parts of 1001 elements lie between the places where a view may begin.
    "scan: a sequence must be no larger than the 4008 bytes that a kernel can reach; got f32[3, 1001]. Use a shorter window or a smaller batch.",
    () =>
      planStep(
        (x) =>
          scan(
            (h: Tensor, part: Tensor) => ({ carry: tanh(add(h, sum(part))), y: undefined }),
            zeros([1]),
            x,
          ).carry,
        [f32(3, 1001)],
        { ...webgpuTraits(), maxRegionBytes: 4008 },
      ),
  ],
  [
    "matmul: a kernel reaches over at most 2147483644 bytes on this cpu device, and this work cannot be divided; got f32[1, 536870912]. Use smaller batches.",
    () => planStep((a, b) => matmul(a, b), [f32(1, 2 ** 29), f32(2 ** 29, 1)], cpuTraits),
  ],
];

const variables: readonly ErrorRow[] = [
  [
    "assign: the new value must be a tensor; got 3 for w. For numbers of the host there is load().",
    () => own().assign(asAny(3)),
  ],
  [
    "load: a variable cannot be loaded while a step is traced; got w. Load it before the step, or assign to it.",
    () => {
      const w = own();
      return inStep(() => w.load([2]));
    },
  ],
  [
    "tensor: a tensor cannot be used after dispose(); got f32[1]. Dispose of it when nothing that depends on it is wanted any more.",
    () => {
      const w = own();
      w.dispose();
      w.load([2]);
    },
  ],
  [
    "w: a tensor cannot be used after dispose(). Dispose of it when nothing that depends on it is wanted any more.",
    async () => {
      const w = own();
      const late = mul(w, 2);
      w.dispose();
      await late.data();
    },
  ],
  [
    "w: a tensor was made from this variable before it was assigned to, and is evaluated after. Evaluate it first (await data()), or compute it in the same step.",
    async () => {
      const w = own();
      const stale = mul(w, 2);
      w.assign(add(w, 1));
      await w.data();
      await stale.data();
    },
  ],
];

const runtimes: readonly ErrorRow[] = [
  [
    "compile: no device is open. Call `await init()` first.",
    () => withoutDevice(() => compile(double)(zeros([2]))),
  ],
  [
    "moveTo: the runtime must be open; got one that was closed or lost. Open another one with init().",
    async () => {
      const { runtime } = openCounting();
      await runtime.close();
      openCounting();
      await nn.linear(2, 1).moveTo(runtime);
    },
  ],
];

holdTexts([...steps, ...scans, ...variables, ...runtimes]);
