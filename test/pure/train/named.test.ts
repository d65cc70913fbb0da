/** Models of several inputs and outputs, batches of several columns, and losses that are functions of model and batch. */
import { beforeEach, describe, expect, expectTypeOf, it } from "vitest";
import { ArgumentError, ShapeError } from "../../../src/errors.ts";
import {
  add,
  concat,
  mean,
  mul,
  square,
  sub,
  sum,
  type Tensor,
  tensor,
} from "../../../src/functions.ts";
import { losses, nn, optim, Trainer } from "../../../src/index.ts";
import { openCounting } from "../runtime/open.ts";
import { flat } from "./sequences.ts";

beforeEach(() => {
  openCounting();
});

const sgd = () => optim.sgd({ learningRate: 0.1 });
const floats = (shape: readonly number[], seed = 0) => ({
  data: Float32Array.from({ length: shape.reduce((n, m) => n * m, 1) }, (_, i) =>
    Math.sin(i * i + seed),
  ),
  shape,
  dtype: "f32" as const,
});

/** Two numbers and a word, to a class and a number. */
function fusion() {
  const numbers = nn.linear(2, 3, { seed: 1 });
  const words = nn.embedding(4, 3, { seed: 2 });
  const [kind, size] = [nn.linear(3, 2, { seed: 3 }), nn.linear(3, 1, { seed: 4 })];
  return nn.module("fusion", {
    children: { numbers, words, kind, size },
    inputDType: { numbers: "f32", word: "i32" },
    forward: ({ numbers: n, word }) => {
      const h = add(numbers(n), words(word));
      return { kind: kind(h), size: size(h) };
    },
  });
}

const examples = {
  x: { numbers: floats([6, 2]), word: [0, 1, 2, 3, 2, 1] },
  y: {
    kind: { data: Int32Array.of(0, 1, 0, 1, 1, -1), shape: [6], dtype: "i32" as const },
    size: floats([6, 1], 1),
  },
};

const both = (
  output: { readonly kind: Tensor; readonly size: Tensor },
  y: { readonly kind: Tensor; readonly size: Tensor },
) => add(losses.crossEntropy(output.kind, y.kind), losses.meanSquaredError(output.size, y.size));

describe("models with several inputs and outputs", () => {
  it("are typed by their names, and check them", () => {
    const model = fusion();
    expectTypeOf(model)
      .parameter(0)
      .toEqualTypeOf<{ readonly numbers: Tensor; readonly word: Tensor }>();
    expectTypeOf(model).returns.toEqualTypeOf<{ kind: Tensor; size: Tensor }>();
    const numbers = tensor([[1, 2]]);
    expect(() => model({ numbers } as never)).toThrow(
      "fusion: the input must be tensors by name, { numbers, word }; got { numbers }.",
    );
    expect(() => model(numbers as never)).toThrow(ArgumentError);
    expect(() => nn.linear(2, 2)({ x: numbers } as never)).toThrow("linear: x must be a tensor");
    expect(() => nn.module("m", { forward: () => ({ y: 1 }) as never })(numbers)).toThrow(
      "m: y of what it returns must be a tensor; got 1",
    );
  });

  it("are summarised for a shape of each", () => {
    const rows = fusion().summary({ numbers: [5, 2], word: [5] });
    expect(rows).toContain("[5, 3]");
    expect(() => fusion().summary([5, 2] as never)).toThrow(
      "a shape for every input, { numbers, word }",
    );
  });

  it("are trained, evaluated and asked by name", async () => {
    const model = fusion();
    const trainer = new Trainer(model, { loss: both, optimizer: sgd() });
    const { loss: before } = await trainer.evaluate(examples, { batchSize: 6 });
    const { loss, epochs } = await trainer.fit(examples, { batchSize: 2, epochs: 8 });
    expect(epochs).toHaveLength(8);
    expect(loss).toBeLessThan(before);
    const { kind, size } = await trainer.predict({
      numbers: [
        [1, 2],
        [3, 4],
      ],
      word: [1, 3],
    });
    expect([kind.shape, size.shape]).toEqual([
      [2, 2],
      [2, 1],
    ]);
    await expect(trainer.predict({ numbers: [[1, 2]] } as never)).rejects.toThrow(
      "predict: the inputs must be given by name, { numbers, word }; got { numbers }.",
    );
    await expect(trainer.predict({ numbers: [[1, 2]], word: [4] })).rejects.toThrow(
      "predict: an id must be less than the 4 rows of the embedding; got 4 in row 0 of x.word i32[1]",
    );
  });

  it("have their labels and ids compared with what there is, by name", async () => {
    const trainer = new Trainer(fusion(), { loss: both, optimizer: sgd() });
    const wrongWord = { ...examples, x: { ...examples.x, word: [0, 1, 2, 9, 2, 1] } };
    await expect(trainer.fit(wrongWord, { batchSize: 6, shuffle: false })).rejects.toThrow(
      "fit: an id must be less than the 4 rows of the embedding; got 9 in row 3 of x.word i32[6], example 3",
    );
    // By whoever was called.
    const told = "an id must be less than the 4 rows of the embedding; got 9";
    const pass = { batchSize: 6 };
    await expect(trainer.evaluate(wrongWord, pass)).rejects.toThrow(`evaluate: ${told}`);
    const none = {} as Record<string, never>;
    await expect(trainer.measure(wrongWord, none, pass)).rejects.toThrow(`measure: ${told}`);
    await expect(trainer.measure(examples, none, { batchSize: 0 })).rejects.toThrow(
      "measure: batchSize must be a whole number of 1 or more; got 0.",
    );
    const metrics = { ours: (() => "a text") as never };
    const other = new Trainer(fusion(), { loss: both, optimizer: sgd(), metrics });
    await expect(other.evaluate(examples, pass)).rejects.toThrow(
      "evaluate: metric ours must return one number as a tensor",
    );
    const kind = { ...examples.y.kind, data: Int32Array.of(0, 1, 2, 0, 0, 0) };
    await expect(
      trainer.fit({ ...examples, y: { ...examples.y, kind } }, { batchSize: 6, shuffle: false }),
    ).rejects.toThrow("a label must be less than the 2 classes that the output has");
    const short = { ...examples, y: { ...examples.y, size: floats([5, 1]) } };
    await expect(trainer.fit(short, { batchSize: 2 })).rejects.toThrow(ShapeError);
    await expect(trainer.fit(short, { batchSize: 2 })).rejects.toThrow(
      "x.numbers and y.size must have the same number of examples",
    );
  });

  it("take batches with their parts in any order, and refuse others", async () => {
    const trainer = new Trainer(fusion(), { loss: both, optimizer: sgd() });
    const other = new Trainer(fusion(), { loss: both, optimizer: sgd() });
    const turned = { x: { word: examples.x.word, numbers: examples.x.numbers }, y: examples.y };
    await trainer.fit(() => [examples, turned]);
    await other.fit(() => [examples, examples]);
    expect(await flat(trainer.model.parameters())).toEqual(await flat(other.model.parameters()));
    const less = { x: examples.x, y: { kind: examples.y.kind } };
    await expect(trainer.fit(() => [less as typeof examples])).rejects.toThrow(
      "fit: all batches must have the same inputs and targets; got x.numbers, x.word, y.kind after x.numbers, x.word, y.kind, y.size.",
    );
  });
});

describe("a loss of model and batch", () => {
  it("trains an autoencoder on inputs alone", async () => {
    const model = nn.sequential(nn.linear(4, 2, { seed: 1 }), nn.linear(2, 4, { seed: 2 }));
    const trainer = new Trainer(model, {
      batch: { x: "f32" },
      loss: (model, { x }) => losses.meanSquaredError(model(x), x),
      metrics: { furthest: (model, { x }) => mean(square(sub(model(x), x))) },
      optimizer: sgd(),
    });
    const data = { x: floats([8, 4]) };
    const before = await trainer.evaluate(data, { batchSize: 3 });
    const { loss, epochs } = await trainer.fit(data, {
      batchSize: 4,
      epochs: 10,
      validation: data,
    });
    expect(loss).toBeLessThan(before.loss);
    const last = epochs.at(-1);
    expect(last?.metrics.furthest).toBe(last?.loss);
    expect(last?.validation?.furthest).toBe(last?.validation?.loss);
    const { shape } = await trainer.predict([[1, 2, 3, 4]]);
    expect(shape).toEqual([1, 4]);
  });

  it("is the same training as outputs against targets, bit for bit, dropout and running statistics included", async () => {
    const build = () =>
      nn.sequential(
        nn.linear(4, 6, { seed: 1 }),
        nn.batchNorm1d(6),
        nn.dropout(0.3),
        nn.linear(6, 1, { seed: 2 }),
      );
    const data = { x: floats([8, 4]), y: floats([8, 1], 3) };
    const metrics = { again: losses.meanAbsoluteError };
    openCounting();
    const pairs = new Trainer(build(), {
      loss: losses.meanSquaredError,
      metrics,
      optimizer: sgd(),
    });
    const seen = await pairs.fit(data, { batchSize: 4, epochs: 3 });
    openCounting();
    const named = new Trainer(build(), {
      batch: { x: "f32", y: "f32" },
      loss: (model, { x, y }) => losses.meanSquaredError(model(x), y),
      metrics: { again: (model, { x, y }) => losses.meanAbsoluteError(model(x), y) },
      optimizer: sgd(),
    });
    const own = await named.fit(data, { batchSize: 4, epochs: 3 });
    expect(own.epochs.map(({ metrics: m }) => m)).toEqual(seen.epochs.map(({ metrics: m }) => m));
    expect(await named.state()).toEqual(await pairs.state());
    expect((await named.model.stateDict())["1.num_batches_tracked"]?.data[0]).toBe(6);
  });

  it("carries state from window to window, as outputs against targets do", async () => {
    const build = () => nn.sequential(nn.lstm(2, 3, { seed: 1 }), nn.linear(3, 1, { seed: 2 }));
    const windows = [0, 1, 2].map((n) => ({
      x: floats([4, 2, 2], n),
      y: floats([4, 2, 1], n + 5),
      start: n === 0,
    }));
    const pairs = new Trainer(build(), {
      loss: losses.meanSquaredError,
      optimizer: sgd(),
      window: 4,
    });
    await pairs.fit(() => windows);
    const named = new Trainer(build(), {
      batch: { x: "f32", y: "f32" },
      loss: (model, { x, y }) => losses.meanSquaredError(model(x), y),
      optimizer: sgd(),
      window: 4,
    });
    await named.fit(() => windows);
    const state = await named.state();
    expect(state.sequences[0]?.state).toHaveLength(2);
    const { randomStream: _, ...own } = state;
    const { randomStream: __, ...theirs } = await pairs.state();
    expect(own).toEqual(theirs);
    expect(
      () =>
        new Trainer(build(), {
          batch: { x: "f32" },
          loss: (model, { x }) => mean(model(x)),
          optimizer: sgd(),
          window: { every: 2, back: 4 },
        }),
    ).toThrow(
      "Trainer: a window { every, back } must be of outputs against targets; got every 2, back 4",
    );
  });

  it("may apply the model twice, and look at its parameters: two towers with a penalty", async () => {
    const userTower = nn.embedding(5, 3, { seed: 1 });
    const itemTower = nn.embedding(7, 3, { seed: 2 });
    const towers = nn.module("towers", {
      children: { user: userTower, item: itemTower },
      inputDType: { user: "i32", item: "i32" },
      forward: ({ user, item }) => ({ user: userTower(user), item: itemTower(item) }),
    });
    const trainer = new Trainer(towers, {
      batch: { user: "i32", liked: "i32", other: "i32" },
      loss: (model, { user, liked, other }) => {
        const [good, bad] = [model({ user, item: liked }), model({ user, item: other })];
        const score = (pair: typeof good) => sum(mul(pair.user, pair.item), { axis: 1 });
        const margin = sub(score(good), score(bad));
        const size = model
          .trainableParameters()
          .reduce((total: Tensor, p) => add(total, mean(square(p))), tensor(0));
        const ones = add(mul(margin, 0), 1);
        return add(losses.binaryCrossEntropyWithLogits(margin, ones), mul(size, 0.01));
      },
      optimizer: optim.adam({ learningRate: 0.05 }),
    });
    const data = { user: [0, 1, 2, 3, 4, 0], liked: [0, 1, 2, 3, 4, 5], other: [6, 5, 4, 2, 1, 1] };
    const { epochs } = await trainer.fit(data, { batchSize: 3, epochs: 6 });
    expect(epochs.at(-1)?.loss).toBeLessThan(epochs[0]?.loss ?? 0);
    await expect(
      trainer.fit({ ...data, liked: [0, 1, 2, 3, 4, 7] }, { batchSize: 6 }),
    ).rejects.toThrow("an id must be less than the 7 rows of the embedding; got 7");
  });

  it("refuses data without the names, and names that are none", async () => {
    const model = nn.linear(2, 2);
    const loss = (m: nn.Module, { x }: { readonly x: Tensor }) => mean(m(x));
    const trainer = new Trainer(model, { batch: { x: "f32" }, loss, optimizer: sgd() });
    // tsc refuses what is wrong here, too.
    await expect(trainer.fit({ y: [[1, 2]] } as never, { batchSize: 1 })).rejects.toThrow(
      "fit: data must be examples, ids or batches; got { y }. Pass { x }, or batches of them.",
    );
    await expect(trainer.fit((() => [{ z: [[1, 2]] }]) as never)).rejects.toThrow(
      "fit: a batch must be { x }",
    );
    for (const batch of [{}, { x: "f16" }, { "a.b": "f32" }, { start: "f32" }, ["x"]]) {
      expect(() => new Trainer(model, { batch, loss, optimizer: sgd() } as never)).toThrow(
        "Trainer: batch must be dtypes by name",
      );
    }
  });
});

it("concat joins what several inputs are made of", () => {
  const joined = nn.module("joined", {
    inputDType: { a: "f32", b: "f32" },
    forward: ({ a, b }) => concat([a, b], 1),
  });
  expect(joined({ a: tensor([[1]]), b: tensor([[2, 3]]) }).shape).toEqual([1, 3]);
});
