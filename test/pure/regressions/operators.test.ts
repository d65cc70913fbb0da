/** Operators of the language compute with numbers: on tensors they would silently mean nothing. */
import { beforeAll, describe, expect, test } from "vitest";
import {
  ArgumentError,
  add,
  compile,
  mul,
  nn,
  type Tensor,
  tensor,
  variable,
  zeros,
} from "../../../src/index.ts";
import { openCounting } from "../runtime/open.ts";

beforeAll(() => {
  openCounting();
});

/** As JavaScript sees a tensor, whatever TypeScript says of its operators. */
type Loose = number;
const operators: Readonly<Record<string, (x: Loose, y: Loose) => unknown>> = {
  "a + b": (a, b) => a + b,
  "a + 1": (a) => a + 1,
  "a + text": (a) => a + ("text" as unknown as number),
  "a - b": (a, b) => a - b,
  "a * 2": (a) => a * 2,
  "a / b": (a, b) => a / b,
  "a ** 2": (a) => a ** 2,
  "a % 2": (a) => a % 2,
  "-a": (a) => -a,
  "+a": (a) => +a,
  "~a": (a) => ~a,
  "a | 0": (a) => a | 0,
  "a > 0": (a) => a > 0,
  "a < b": (a, b) => a < b,
  "a >= 0": (a) => a >= 0,
  "if (a > 0)": (a) => {
    if (a > 0) return 1;
    return 2;
  },
  "a++": (a) => {
    let b = a;
    b++;
    return b;
  },
  "Number(a)": (a) => Number(a),
  "Math.max(a, 0)": (a) => Math.max(a, 0),
  "new Float32Array([a])": (a) => new Float32Array([a]),
  "BigInt(a)": (a) => BigInt(a),
};

const kinds: Readonly<Record<string, () => Tensor>> = {
  "a tensor": () => tensor([1, 2]),
  "a variable": () => variable([1, 2]),
  "a single number": () => tensor(1),
  "what is not computed yet": () => add(tensor([1, 2]), 1),
  "what was never on a device": () => zeros([2, 3]),
};

describe.each(Object.entries(kinds))("%s", (_, make) => {
  test.each(Object.entries(operators))("throws for %s, and names the verbs", (_, operate) => {
    const call = () => operate(make() as unknown as Loose, make() as unknown as Loose);
    expect(call).toThrow(ArgumentError);
    expect(call).toThrow(/add\(a, b\), greater\(a, b\), and await x\.item\(\) or x\.data\(\)/);
    expect(call).toThrow(/got (f32)\[/);
  });

  test("is described in texts", () => {
    const x = make();
    const text = `Tensor f32[${x.shape.join(", ")}]`;
    expect(`${x}`).toBe(text);
    expect(String(x)).toBe(text);
    expect([x].join()).toBe(text);
    expect(`${[x, x]}`).toBe(`${text},${text}`);
  });

  test("does not explode in JSON and in the console", () => {
    expect(JSON.stringify({ x: make() }).length).toBeLessThan(10_000);
    expect(JSON.stringify([make(), make()]).length).toBeLessThan(20_000);
  });

  test("is truthy, as every object is, and is itself", () => {
    const x = make();
    expect(Boolean(x)).toBe(true);
    expect((x as unknown) === x).toBe(true);
  });
});

describe("inside a compiled step", () => {
  test.each(Object.entries(operators))("%s throws at the call", async (_, operate) => {
    const step = compile((x) => {
      operate(x as unknown as Loose, x as unknown as Loose);
      return x;
    });
    await expect(step(tensor([1, 2]))).rejects.toThrow(ArgumentError);
  });

  test("the same step with verbs runs", async () => {
    const step = compile((x) => mul(add(x, x), 2));
    expect([...(await (await step(tensor([1, 2]))).data())]).toEqual([4, 8]);
  });

  test("a model that compares with an operator is refused", () => {
    const model = nn.module("wrong", {
      forward: (x) => ((x as unknown as Loose) > 0 ? x : mul(x, 0)),
    });
    expect(() => model(tensor([1]))).toThrow(ArgumentError);
  });
});

test("the result of a long chain is short in JSON", () => {
  let x: Tensor = tensor([1, 2]);
  for (let i = 0; i < 10_000; i++) x = add(x, 1);
  expect(JSON.stringify(x).length).toBeLessThan(10_000);
});
