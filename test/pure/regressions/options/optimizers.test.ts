/** Settings of optimizers that are out of range. */
import { beforeAll, describe, expect, test } from "vitest";
import {
  ArgumentError,
  mul,
  optim,
  sum,
  tensor,
  valueAndGrad,
  variable,
} from "../../../../src/index.ts";
import { openCounting } from "../../runtime/open.ts";
import { loose, noNumbers, rate } from "./loose.ts";

beforeAll(() => {
  openCounting();
});

const { adam, sgd } = optim;

describe("numbers of an optimizer", () => {
  // A function is a schedule.
  const noRates = noNumbers.filter((value) => typeof value !== "function");
  const numbers: readonly [
    make: (options: never) => unknown,
    name: string,
    values: readonly unknown[],
  ][] = [
    [adam, "learningRate", [-1, Number.POSITIVE_INFINITY, ...noRates]],
    [adam, "beta1", [-0.1, 1, 1.5, ...noNumbers]],
    [adam, "beta2", [-0.1, 1, 2, ...noNumbers]],
    [adam, "epsilon", [0, -1e-8, ...noNumbers]],
    [adam, "weightDecay", [-0.1, Number.POSITIVE_INFINITY, ...noNumbers]],
    [adam, "clipNorm", [0, -1, ...noNumbers]],
    [sgd, "learningRate", [-1, Number.POSITIVE_INFINITY, ...noRates]],
    [sgd, "momentum", [-0.1, Number.POSITIVE_INFINITY, ...noNumbers]],
    [sgd, "weightDecay", [-0.1, ...noNumbers]],
    [sgd, "clipNorm", [0, -1, ...noNumbers]],
  ];
  test.each(numbers)("%o refuses %s out of its range", (make, name, values) => {
    for (const value of values) {
      const call = () => make({ ...rate, [name]: value } as never);
      expect(call).toThrow(ArgumentError);
      expect(call).toThrow(new RegExp(`^${make.name}: ${name} must be`));
    }
  });

  test("a learning rate is needed", () => {
    for (const make of [adam, sgd]) {
      expect(() => loose(make)()).toThrow(/learningRate must be/);
      expect(() => loose(make)({})).toThrow(/learningRate must be/);
      expect(() => loose(make)({ learningRate: undefined })).toThrow(/learningRate must be/);
    }
  });

  test.each([adam, sgd])(
    "setLearningRate of %o takes nothing else either, and keeps what was",
    async (make) => {
      const optimizer = make(rate);
      for (const value of [-1, Number.POSITIVE_INFINITY, undefined, ...noNumbers]) {
        const call = () => loose(optimizer.setLearningRate)(value);
        expect(call).toThrow(ArgumentError);
        expect(call).toThrow(/learningRate must be/);
      }
      const held = optimizer.state().get("learningRate");
      expect(await held?.item()).toBeCloseTo(0.1, 6);
      optimizer.setLearningRate(0);
      expect(await held?.item()).toBe(0);
    },
  );

  test("nesterov without momentum is refused when the optimizer is made", () => {
    for (const options of [{}, { momentum: 0 }]) {
      const call = () => sgd({ ...rate, ...options, nesterov: true });
      expect(call).toThrow(ArgumentError);
      expect(call).toThrow(/^sgd: momentum must be a number above 0; got 0. nesterov is a kind of/);
    }
    sgd({ ...rate, momentum: 0.9, nesterov: true });
    sgd({ ...rate, nesterov: false });
    expect(() => loose(sgd)({ ...rate, momentum: 0.9, nesterov: "yes" })).toThrow(ArgumentError);
  });

  test("an update takes what valueAndGrad gave, and nothing else", () => {
    const optimizer = adam(rate);
    const v = variable([1]);
    for (const given of [
      undefined,
      null,
      {},
      [],
      new Map([[v, 1]]),
      new Map([[tensor(1), tensor(1)]]),
    ])
      expect(() => loose(optimizer.update)(given)).toThrow(ArgumentError);
    const [, gradients] = valueAndGrad([v], () => sum(mul(v, v)));
    for (const options of [5, { norm: 1 }, { when: true }, { wen: tensor(1) }])
      expect(() => loose(optimizer.update)(gradients, options)).toThrow(ArgumentError);
  });
});
