/** What is no option is refused by name, with the nearest that is one; what is out of range, with its rule. */
import { beforeAll, describe, expect, test } from "vitest";
import {
  ArgumentError,
  add,
  avgPool2d,
  categorical,
  compile,
  conv2d,
  data,
  dropout,
  GradgpuError,
  init,
  keyOf,
  losses,
  matmul,
  maxPool2d,
  mean,
  mul,
  nn,
  normal,
  optim,
  sum,
  Trainer,
  tensor,
  uniform,
  valueAndGrad,
  variable,
  zeros,
} from "../../../src/index.ts";
import { openCounting } from "../runtime/open.ts";

beforeAll(() => {
  openCounting();
});

/** What the types forbid. */
const loose = (fn: unknown) => fn as (...args: unknown[]) => unknown;
const { adam, sgd } = optim;
const rate = { learningRate: 0.1 };
const noNumbers = [Number.NaN, "0.1", null, {}, [0.1], true, 1n, () => 1, Symbol("x")];

describe("a name that is no option", () => {
  const misspelt: readonly [what: string, call: () => unknown, nearest: string][] = [
    ["adam({ lr })", () => loose(adam)({ lr: 0.1 }), "learningRate"],
    ["adam({ learning_rate })", () => loose(adam)({ learning_rate: 0.1 }), "learningRate"],
    ["adam({ eps })", () => loose(adam)({ ...rate, eps: 1e-8 }), "epsilon"],
    ["adam({ weight_decay })", () => loose(adam)({ ...rate, weight_decay: 0 }), "weightDecay"],
    ["adam({ clipnorm })", () => loose(adam)({ ...rate, clipnorm: 1 }), "clipNorm"],
    ["sgd({ momentun })", () => loose(sgd)({ ...rate, momentun: 0.9 }), "momentum"],
    ["sgd({ lr })", () => loose(sgd)({ lr: 0.1 }), "learningRate"],
    ["sum({ dim })", () => loose(sum)(tensor([1]), { dim: 0 }), "axis"],
    ["sum({ axes })", () => loose(sum)(tensor([1]), { axes: 0 }), "axis"],
    ["mean({ keepdims })", () => loose(mean)(tensor([1]), { keepdims: true }), "keepDims"],
    [
      "matmul({ transposea })",
      () => loose(matmul)(zeros([1, 1]), zeros([1, 1]), { transposea: true }),
      "transposeA",
    ],
    [
      "categorical({ temprature })",
      () => loose(categorical)(tensor([1]), { temprature: 1 }),
      "temperature",
    ],
    [
      "crossEntropy({ reduce })",
      () => loose(losses.crossEntropy)(tensor([1]), tensor(0, [], "i32"), { reduce: "sum" }),
      "reduction",
    ],
    ["nn.linear({ biass })", () => loose(nn.linear)(1, 1, { biass: false }), "bias"],
    [
      "nn.linear({ initialize })",
      () => loose(nn.linear)(1, 1, { initialize: () => [1] }),
      "initialise",
    ],
    ["nn.conv2d({ strides })", () => loose(nn.conv2d)(1, 1, 3, { strides: 2 }), "stride"],
    ["nn.maxPool2d({ strides })", () => loose(nn.maxPool2d)(2, { strides: 2 }), "stride"],
    ["nn.lstm({ layer })", () => loose(nn.lstm)(1, 1, { layer: 2 }), "layers"],
    ["nn.gru({ batch_first })", () => loose(nn.gru)(1, 1, { batch_first: true }), "batchFirst"],
    ["nn.rnn({ activations })", () => loose(nn.rnn)(1, 1, { activations: "relu" }), "activation"],
    ["nn.embedding({ sead })", () => loose(nn.embedding)(3, 1, { sead: 1 }), "seed"],
    [
      "nn.stateful({ batch })",
      () => loose(nn.stateful)(nn.linear(1, 1), { batch: 1 }),
      "batchSize",
    ],
    ["nn.module({ foward })", () => loose(nn.module)("own", { foward: () => 1 }), "forward"],
    [
      "compile({ randomcount })",
      () => loose(compile)((x: unknown) => x, { randomcount: () => 1 }),
      "randomCount",
    ],
  ];
  test.each(misspelt)("%s is refused, with the nearest", (_, call, nearest) => {
    expect(call).toThrow(ArgumentError);
    expect(call).toThrow(new RegExp(`options must be among .*Did you mean ${nearest}\\?`));
  });

  test("without one that is near is to be left out", () => {
    expect(() => loose(adam)({ ...rate, trainable: false })).toThrow(
      /got "trainable". Leave it out/,
    );
  });

  test("is not found in what every object inherits", () => {
    for (const name of ["toString", "constructor", "hasOwnProperty", "__proto__"]) {
      const options = JSON.parse(`{ "learningRate": 0.1, "${name}": 1 }`);
      expect(() => adam(options)).toThrow(ArgumentError);
    }
  });
});

describe("something else in place of the options", () => {
  test("sum(x, 1) and its like name { axis: 1 }", () => {
    expect(() => loose(sum)(zeros([2, 2]), 1)).toThrow(/Write \{ axis: 1 \}\./);
    expect(() => loose(mean)(zeros([2, 2]), -1)).toThrow(/Write \{ axis: -1 \}\./);
    expect(() => loose(sum)(zeros([2, 2]), [0, 1])).toThrow(/Write \{ axis: \[0, 1\] \}\./);
  });

  test.each([5, "text", true, null, [], new Map([["learningRate", 1]]), () => 1, tensor(1)])(
    "%o is refused",
    (given) => {
      const calls = [
        () => loose(adam)(given),
        () => loose(sgd)(given),
        () => loose(sum)(tensor([1]), given),
        () => loose(nn.linear)(1, 1, given),
        () => loose(nn.conv2d)(1, 1, 3, given),
        () => loose(nn.maxPool2d)(2, given),
        () => loose(nn.lstm)(1, 1, given),
        () => loose(nn.stateful)(nn.linear(1, 1), given),
        () => loose(maxPool2d)(zeros([1, 2, 2, 1]), 2, given),
        () => loose(losses.meanSquaredError)(tensor(1), tensor(1), given),
        () => loose(compile)((x: unknown) => x, given),
        () => loose(Reflect.construct)(Trainer, [nn.linear(1, 1), given]),
      ];
      for (const call of calls) expect(call).toThrow(ArgumentError);
    },
  );

  test("a variable's options are its shape, name and dtype, in their order", () => {
    for (const given of [{ trainable: false }, { shape: [1] }, "w", 1, true, null])
      expect(() => loose(variable)([1], given)).toThrow(GradgpuError);
    expect(() => loose(variable)([1], [1], { trainable: false })).toThrow(GradgpuError);
    expect(() => loose(variable)([1], [1], "w", "float32")).toThrow(GradgpuError);
  });
});

describe("init", () => {
  const refused: readonly [what: string, options: unknown, says: RegExp][] = [
    ['"webgpu"', "webgpu", /options must be a record.*device: "webgpu"/],
    ["{ backend }", { backend: "cpu" }, /got "backend". Did you mean device\?/],
    ["{ gpu: true }", { gpu: true }, /got "gpu". Did you mean device\?/],
    ["{ memory_budget }", { memory_budget: 1e9 }, /Did you mean memoryBudget\?/],
    ["{ thread }", { thread: 2 }, /Did you mean threads\?/],
    ["null", null, /options must be a record/],
    ["a list", [], /options must be a record/],
    ["42", 42, /options must be a record/],
    ["threads -3", { threads: -3 }, /threads must be a whole number.*; got -3/],
    ["threads 0", { threads: 0 }, /threads must be/],
    ["threads 1.5", { threads: 1.5 }, /threads must be/],
    ['threads "2"', { threads: "2" }, /threads must be.*got "2"/],
    ["threads NaN", { threads: Number.NaN }, /threads must be.*got NaN/],
    ["seed NaN", { seed: Number.NaN }, /seed must be a finite number; got NaN/],
    ["a text as the seed", { seed: "1" }, /seed must be a finite number; got "1"/],
    ["memoryBudget 0", { memoryBudget: 0 }, /memoryBudget must be a number above 0/],
    ["memoryBudget -1", { memoryBudget: -1 }, /memoryBudget must be/],
    ["a text as the budget", { memoryBudget: "1 GB" }, /memoryBudget must be/],
    ["device 42", { device: 42 }, /device must be "auto", "webgpu", "cpu"/],
    ["device null", { device: Symbol("cpu") }, /device must be/],
    ['device "gpu"', { device: "gpu" }, /device must be.*got "gpu"/],
    ["device {}", { device: {} }, /device must be/],
  ];
  test.each(refused)("%s is refused", async (_, options, says) => {
    const opened = loose(init)(options) as Promise<unknown>;
    await expect(opened).rejects.toThrow(ArgumentError);
    await expect(loose(init)(options)).rejects.toThrow(says);
  });
});

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

describe("seeds", () => {
  test("that are no finite numbers are refused wherever they come in", () => {
    for (const seed of [...noNumbers, Number.POSITIVE_INFINITY]) {
      const calls = [
        () => loose(uniform)([2], seed),
        () => loose(normal)([2], seed),
        () => loose(keyOf)(seed),
        () => loose(categorical)(tensor([1, 2]), { seed }),
        () => loose(nn.linear)(1, 1, { seed }),
        () => loose(nn.conv2d)(1, 1, 3, { seed }),
        () => loose(nn.lstm)(1, 1, { seed }),
        () => loose(nn.gru)(1, 1, { seed }),
        () => loose(nn.rnn)(1, 1, { seed }),
        () => loose(nn.embedding)(1, 1, { seed }),
      ];
      for (const call of calls) expect(call).toThrow(ArgumentError);
    }
  });

  test("are finite numbers of any kind", async () => {
    for (const seed of [0, -1, 0.5, 2 ** 60])
      expect((await uniform([2], seed).data()).length).toBe(2);
  });
});

describe("layers", () => {
  test("sizes are whole numbers of 1 or more", () => {
    for (const n of [
      0,
      -1,
      1.5,
      "3",
      null,
      undefined,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      2 ** 60,
    ]) {
      for (const layer of [nn.linear, nn.lstm, nn.gru, nn.rnn, nn.embedding]) {
        expect(() => loose(layer)(n, 2)).toThrow(GradgpuError);
        expect(() => loose(layer)(2, n)).toThrow(GradgpuError);
      }
      expect(() => loose(nn.conv2d)(n, 2, 3)).toThrow(GradgpuError);
      expect(() => loose(nn.conv2d)(2, n, 3)).toThrow(GradgpuError);
      expect(() => loose(nn.conv2d)(2, 2, n)).toThrow(GradgpuError);
    }
  });

  const strides = [
    0,
    -1,
    1.5,
    "2",
    null,
    Number.NaN,
    [1],
    [1, 0],
    [1, 2, 3],
    ["1", "1"],
    {},
    2 ** 21,
  ];
  const paddings = [
    -1,
    0.5,
    "full",
    "SAME",
    null,
    Number.NaN,
    [1],
    [-1, 0],
    [[1], [1]],
    [
      [0, -1],
      [0, 0],
    ],
    {},
    2 ** 21,
  ];
  test.each([
    ["conv2d", (options: unknown) => loose(nn.conv2d)(1, 1, 3, options)],
    ["maxPool2d", (options: unknown) => loose(nn.maxPool2d)(2, options)],
    ["avgPool2d", (options: unknown) => loose(nn.avgPool2d)(2, options)],
    [
      "conv2d",
      (options: unknown) => loose(conv2d)(zeros([1, 4, 4, 1]), zeros([3, 3, 1, 1]), options),
    ],
    ["maxPool2d", (options: unknown) => loose(maxPool2d)(zeros([1, 4, 4, 1]), 2, options)],
    ["avgPool2d", (options: unknown) => loose(avgPool2d)(zeros([1, 4, 4, 1]), 2, options)],
  ])("stride and padding of %s are checked at the call", (name, make) => {
    for (const stride of strides) {
      expect(() => make({ stride })).toThrow(ArgumentError);
      expect(() => make({ stride })).toThrow(new RegExp(`^${name}: stride must be`));
    }
    for (const padding of paddings) {
      expect(() => make({ padding })).toThrow(ArgumentError);
      expect(() => make({ padding })).toThrow(new RegExp(`^${name}: padding must be`));
    }
    for (const stride of [1, [2, 1]]) make({ stride, padding: [[0, 1], 1] });
    for (const padding of [
      "same",
      "valid",
      1,
      [1, 0],
      [
        [1, 0],
        [0, 1],
      ],
    ])
      make({ padding });
  });

  test("groups, dropout and flags", () => {
    for (const groups of [0, -1, 3, 1.5, "1"])
      expect(() => loose(nn.conv2d)(4, 4, 3, { groups })).toThrow(ArgumentError);
    for (const p of [1, -0.1, Number.NaN, "0.5", null]) {
      expect(() => loose(nn.dropout)(p)).toThrow(ArgumentError);
      expect(() => loose(dropout)(tensor([1]), p)).toThrow(ArgumentError);
      expect(() => loose(nn.lstm)(1, 1, { dropout: p })).toThrow(ArgumentError);
    }
    expect(() => loose(nn.linear)(1, 1, { bias: 0 })).toThrow(/bias must be true or false/);
    expect(() => loose(nn.rnn)(1, 1, { activation: "gelu" })).toThrow(/"tanh" or "relu"/);
    expect(() => loose(nn.linear)(1, 1, { initialise: "zeros" })).toThrow(/must be a function/);
  });

  test("a module's own methods check what they are given", () => {
    const model = nn.sequential(nn.linear(2, 2), nn.dropout());
    for (const given of ["no", 0, null, {}])
      expect(() => loose(model.train)(given)).toThrow(ArgumentError);
    expect(model.mode.isTraining).toBe(true);
    for (const given of [0, -1, "2", null, undefined])
      expect(() => loose(model.stateShapes)(given)).toThrow(ArgumentError);
    for (const given of ["2", 2, null, undefined, [-1, 2], [1.5]])
      expect(() => loose(model.summary)(given)).toThrow(GradgpuError);
    for (const given of [[1, 2], undefined, null, 5, "x"]) {
      expect(() => loose(model)(given)).toThrow(ArgumentError);
      expect(() => loose(model.step)(given)).toThrow(ArgumentError);
      expect(() => loose(nn.sequential)(given)).toThrow(ArgumentError);
    }
    expect(() => loose(model.step)(zeros([1, 2]), [zeros([1])])).toThrow(ArgumentError);
  });

  test.each([undefined, null, {}, "cpu", 5])("%o is no runtime to move to", async (to) => {
    const model = nn.linear(1, 1);
    await expect(loose(model.moveTo)(to)).rejects.toThrow(ArgumentError);
  });

  test("a session refuses what is no sequence", async () => {
    const session = nn.stateful(nn.lstm(2, 3), { batchSize: 2 });
    for (const given of [
      undefined,
      null,
      [[1, 2]],
      5,
      zeros([]),
      zeros([1, 3, 2]),
      zeros([0, 2, 2]),
      zeros([1, 2, 9]),
    ])
      await expect(loose((x: never) => session.step(x))(given)).rejects.toThrow(GradgpuError);
    expect((await session.step(zeros([1, 2, 2]))).shape).toEqual([1, 2, 3]);
    for (const batchSize of [0, -1, 1.5, "2", null])
      expect(() => loose(nn.stateful)(nn.lstm(2, 3), { batchSize })).toThrow(ArgumentError);
    for (const model of [undefined, null, {}, () => 1, adam(rate)])
      expect(() => loose(nn.stateful)(model)).toThrow(ArgumentError);
  });
});

describe("steps", () => {
  test.each([undefined, null, 5, "x", {}, class Step {}, Object.create(null), Symbol("x")])(
    "%o is no function to compile",
    (given) => {
      expect(() => loose(compile)(given)).toThrow(ArgumentError);
    },
  );

  test("take tensors and numbers", async () => {
    const step = compile((x) => add(x, 1));
    for (const given of ["1", null, undefined, [1], {}, Symbol("x"), 1n]) {
      const called = async () => loose(step)(given);
      await expect(called()).rejects.toThrow(ArgumentError);
    }
    expect(await (await step(1)).item()).toBe(2);
  });
});

describe("a Trainer", () => {
  const model = () => nn.linear(1, 1, { seed: 1 });
  const loss = losses.meanSquaredError;
  const make = (...args: unknown[]) => Reflect.construct(Trainer, args) as Trainer;
  const some = { x: [[1], [2]], y: [[2], [4]] };

  test("needs a model, a loss and an optimizer", () => {
    for (const given of [undefined, null, {}, () => 1, "model"])
      expect(() => make(given, { loss, optimizer: adam(rate) })).toThrow(
        /model must be a model of nn/,
      );
    expect(() => make(model())).toThrow(/loss must be a function/);
    expect(() => make(model(), { optimizer: adam(rate) })).toThrow(/loss must be a function/);
    expect(() => make(model(), { loss })).toThrow(/optimizer must be an optimizer, as optim.adam/);
    for (const optimizer of ["adam", adam, null, {}, 5])
      expect(() => make(model(), { loss, optimizer })).toThrow(/optimizer must be/);
    for (const given of ["mse", null, {}, 5, class Loss {}])
      expect(() => make(model(), { loss: given, optimizer: adam(rate) })).toThrow(/loss must be/);
  });

  test("refuses what is no option, and what an option cannot be", () => {
    const options = { loss, optimizer: adam(rate) };
    expect(() => make(model(), { ...options, metric: {} })).toThrow(/Did you mean metrics\?/);
    expect(() => make(model(), { ...options, windows: 3 })).toThrow(/Did you mean window\?/);
    expect(() => make(model(), { ...options, metrics: { accuracy: "yes" } })).toThrow(
      /metrics must/,
    );
    expect(() => make(model(), { ...options, whenNotFinite: "ignore" })).toThrow(
      /"throw" or "skip"/,
    );
    expect(() => make(model(), { ...options, gradientFlow: 1 })).toThrow(/true or false/);
    for (const window of [0, -1, 1.5, "3", null, { every: 0 }, { every: 2, back: 1 }, {}])
      expect(() => make(model(), { ...options, window })).toThrow(GradgpuError);
  });

  test.each([
    ["a loss that is asynchronous", async () => tensor(1)],
    ["a loss that gives a number", () => 1],
    ["a loss that gives nothing", () => undefined],
    ["a loss that gives one number for each example", () => zeros([2])],
    ["a loss that gives whole numbers", () => tensor(1, [], "i32")],
    ["a loss that gives half a mean", () => ({ sum: tensor(1) })],
  ])("refuses %s, and its model is as it was", async (_, wrong) => {
    const own = model();
    const before = await own.stateDict();
    const trainer = make(own, { loss: wrong, optimizer: adam(rate) });
    const trained = (async () => trainer.fit(some, { batchSize: 2 }))();
    await expect(trained).rejects.toThrow(GradgpuError);
    expect(await own.stateDict()).toEqual(before);
  });

  const options: readonly [options: unknown, says: RegExp][] = [
    [{ epochs: Number.NaN }, /epochs must be a whole number of 1 or more; got NaN/],
    [{ epochs: 0 }, /epochs must/],
    [{ epochs: 1.5 }, /epochs must/],
    [{ epochs: "3" }, /epochs must.*got "3"/],
    [{ epochs: Number.POSITIVE_INFINITY }, /epochs must/],
    [{ epoch: 3 }, /Did you mean epochs\?/],
    [{ batch_size: 3 }, /Did you mean batchSize\?/],
    [{ batch: 3 }, /Did you mean batchSize\?/],
    [{ batchSize: 0 }, /batchSize must/],
    [{ batchSize: -1 }, /batchSize must/],
    [{ batchSize: "32" }, /batchSize must/],
    [{ initialEpoch: -1 }, /initialEpoch must/],
    [{ dropLast: 1 }, /dropLast must be true or false/],
    [{ shuffle: "yes" }, /shuffle must be true or false/],
    [{ seed: Number.NaN }, /seed must be a finite number/],
    [{ seed: "1" }, /seed must be a finite number/],
    [{ signal: {} }, /signal must be an AbortSignal/],
    [{ signal: new AbortController() }, /signal must be an AbortSignal/],
    [{ onEpoch: "log" }, /onEpoch must be a function/],
    [{ onEpochEnd: () => 1 }, /Did you mean onEpoch\?/],
    [5, /options must be a record/],
    [null, /options must be a record/],
    ["epochs", /options must be a record/],
  ];
  test.each(options)("fit refuses %o", async (given, says) => {
    const trainer = new Trainer(model(), { loss, optimizer: adam(rate) });
    const call = async () => loose(trainer.fit.bind(trainer))(some, given);
    await expect(call()).rejects.toThrow(ArgumentError);
    await expect(call()).rejects.toThrow(says);
    expect(trainer.step).toBe(0);
    expect((await trainer.fit(some, { batchSize: 2 })).steps).toBe(1);
  });

  test("evaluate refuses options of fit", async () => {
    const trainer = new Trainer(model(), { loss, optimizer: adam(rate) });
    for (const given of [{ epochs: 1 }, { batchSize: 0 }, 5, null])
      await expect(
        (async () => loose(trainer.evaluate.bind(trainer))(some, given))(),
      ).rejects.toThrow(ArgumentError);
  });
});

describe("a vocabulary", () => {
  const vocabulary = data.TextVocabulary.of("abc");
  const noTexts = [undefined, null, 5, {}, ["a"], { length: 2 ** 30 }, Symbol("a"), tensor(1)];

  test("is of a text, and encodes texts", () => {
    for (const given of noTexts) {
      expect(() => loose(data.TextVocabulary.of)(given)).toThrow(ArgumentError);
      expect(() => loose(vocabulary.encode.bind(vocabulary))(given)).toThrow(ArgumentError);
    }
    expect(() => loose(data.TextVocabulary.of)("abc", { unkown: "?" })).toThrow(
      /Did you mean unknown\?/,
    );
    for (const unknown of ["", "??", 5, null])
      expect(() => loose(data.TextVocabulary.of)("abc", { unknown })).toThrow(ArgumentError);
    expect(() => vocabulary.encode("abd")).toThrow(ArgumentError);
  });

  test("decodes ids, and nothing else; what says that it is long allocates nothing", () => {
    const decode = loose(vocabulary.decode.bind(vocabulary));
    const refused = [
      ...[undefined, null, 5, "abc", {}, { length: 2 ** 32 }, { length: 1e9, 0: 1 }, Symbol("a")],
      ...[new DataView(new ArrayBuffer(4)), new ArrayBuffer(4), tensor([1]), new Set([1])],
      ...[
        [3],
        [-1],
        [0.5],
        [Number.NaN],
        ["0x"],
        [null],
        [undefined],
        [Symbol("a")],
        [{}],
        new Array(3),
      ],
      ...[Int32Array.of(9), Float32Array.of(0.5), BigInt64Array.of(9n)],
    ];
    for (const given of refused) expect(() => decode(given)).toThrow(ArgumentError);
    expect(decode([0, 2, 1])).toBe("acb");
    expect(decode(Uint8Array.of(2))).toBe("c");
    expect(decode([])).toBe("");
  });

  test("comes back from JSON, or is refused", () => {
    for (const given of [
      undefined,
      null,
      5,
      "abc",
      [],
      { characters: "abc" },
      { characters: [1] },
      { characters: ["a", "a"] },
      { characters: ["a"], unknown: "b" },
    ])
      expect(() => data.TextVocabulary.fromJSON(given)).toThrow(GradgpuError);
    const back = data.TextVocabulary.fromJSON(JSON.parse(JSON.stringify(vocabulary)));
    expect(back.characters).toEqual(vocabulary.characters);
  });
});
