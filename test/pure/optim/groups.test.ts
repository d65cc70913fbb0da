/** Groups of parameters in optimizers: what is held for them, what they are told, and what is refused. */
import { beforeEach, describe, expect, it } from "vitest";
import { webgpuTraits } from "../../../src/devices/webgpu/traits.ts";
import { ArgumentError, ShapeError } from "../../../src/errors.ts";
import {
  compile,
  sum,
  type Tensor,
  valueAndGrad,
  variable,
  zeros,
} from "../../../src/functions.ts";
import { losses, nn, optim, Trainer } from "../../../src/index.ts";
import { planStep } from "../../../src/runtime/compile.ts";
import { explainPlan, fallbacksOf } from "../../../src/scheduler/explain.ts";
import { trainingStep } from "../../../src/train/steps.ts";
import { openCounting } from "../runtime/open.ts";

beforeEach(() => {
  openCounting();
});

const build = () =>
  nn.sequential(nn.linear(2, 4, { seed: 1 }), nn.tanh(), nn.linear(4, 1, { seed: 2 }));

const makers = {
  adam: (model: nn.Module) =>
    optim.adam({ learningRate: 0.1, clipNorm: 0.5, groups: headOf(model) }),
  sgd: (model: nn.Module) => optim.sgd({ learningRate: 0.1, momentum: 0.9, groups: headOf(model) }),
  rmsprop: (model: nn.Module) => optim.rmsprop({ learningRate: 0.01, groups: headOf(model) }),
  lion: (model: nn.Module) => optim.lion({ learningRate: 0.01, groups: headOf(model) }),
  adamW: (model: nn.Module) =>
    optim.adamW({ learningRate: 0.1, amsgrad: true, groups: headOf(model) }),
  adagrad: (model: nn.Module) => optim.adagrad({ learningRate: 0.1, groups: headOf(model) }),
  adadelta: (model: nn.Module) => optim.adadelta({ learningRate: 1, groups: headOf(model) }),
  adamax: (model: nn.Module) => optim.adamax({ learningRate: 0.1, groups: headOf(model) }),
  muon: (model: nn.Module) => optim.muon({ learningRate: 0.01, groups: headOf(model) }),
};

/** The last layer with a rate of its own, and the first one's bias without decay. */
function headOf(model: nn.Module) {
  const named = model.namedParameters();
  const pick = (path: string) => named.get(path) ?? variable(0);
  return {
    head: { parameters: [pick("2.bias"), pick("2.weight")], learningRate: 0.003, weightDecay: 0.1 },
    plain: { parameters: [pick("0.bias")], weightDecay: 0 },
  };
}

const trainerOf = (model: nn.Module, optimizer: optim.Optimizer) =>
  new Trainer(model, { loss: losses.meanSquaredError, optimizer });

const batch = (n: number) => ({
  x: {
    data: Float32Array.from({ length: 12 }, (_, i) => Math.sin(i * i + n)),
    shape: [6, 2],
    dtype: "f32" as const,
  },
  y: {
    data: Float32Array.from({ length: 6 }, (_, i) => Math.cos(i + n)),
    shape: [6, 1],
    dtype: "f32" as const,
  },
});

const train = (trainer: Trainer, ...steps: readonly number[]) =>
  trainer.fit(() => steps.map(batch));

describe.each(Object.entries(makers))("%s in groups", (kind, make) => {
  it("goes on from its saved state with the same bits", async () => {
    const model = build();
    const whole = trainerOf(model, make(model));
    await train(whole, 1, 2);
    const saved = structuredClone(await whole.state());
    await train(whole, 3, 4);
    const other = build();
    const resumed = trainerOf(other, make(other));
    resumed.loadState(saved);
    // Before the next update as well.
    expect(await resumed.state()).toEqual(saved);
    await train(resumed, 3, 4);
    expect(await resumed.state()).toEqual(await whole.state());
    // Back again, over what is held by now.
    whole.loadState(saved);
    expect(await whole.state()).toEqual(saved);
  });

  it("names its state by group, and a group without a rate of its own follows the others'", async () => {
    const model = build();
    const optimizer = make(model);
    expect([...optimizer.state().keys()]).toEqual(["learningRate", "step", "head.learningRate"]);
    await train(trainerOf(model, optimizer), 1);
    const held = [...optimizer.state().keys()].slice(3);
    const expected = {
      adam: ["head.m", "head.v", "plain.m", "plain.v", "m", "v"],
      sgd: ["head.velocity", "plain.velocity", "velocity"],
      rmsprop: ["head.square.0", "head.square.1", "plain.square.0", "square.0"],
      lion: ["head.m.0", "head.m.1", "plain.m.0", "m.0"],
      adamW: ["head", "plain", ""].flatMap((group) =>
        ["m", "v", "largest"].map((name) => `${group}.${name}`.replace(/^\./, "")),
      ),
      adagrad: ["head.sum.0", "head.sum.1", "plain.sum.0", "sum.0"],
      adadelta: ["square", "change"]
        .flatMap((name) => [`head.${name}.0`, `head.${name}.1`])
        .concat(["plain.square.0", "plain.change.0", "square.0", "change.0"]),
      adamax: [
        "head.m.0",
        "head.m.1",
        "head.u.0",
        "head.u.1",
        "plain.m.0",
        "plain.u.0",
        "m.0",
        "u.0",
      ],
      // Matrices have a velocity, all else what Adam holds.
      muon: ["head.velocity.0", "head.m.1", "head.v.1", "plain.m.0", "plain.v.0", "velocity.0"],
    };
    expect(held).toEqual(expected[kind as keyof typeof expected]);
  });

  it("follows learning rates: one for a group that has its own, one for all others", async () => {
    const model = build();
    const optimizer = make(model);
    const trainer = trainerOf(model, optimizer);
    await train(trainer, 1);
    optimizer.setLearningRate(0);
    const before = await model.stateDict();
    await train(trainer, 2);
    const after = await model.stateDict();
    expect(after["0.bias"]).toEqual(before["0.bias"]);
    expect(after["0.weight"]).toEqual(before["0.weight"]);
    expect(after["2.weight"]).not.toEqual(before["2.weight"]);
    optimizer.setLearningRate(0, "head");
    await train(trainer, 3);
    expect(await model.stateDict()).toEqual(after);
    expect(() => optimizer.setLearningRate(1, "plain")).toThrow(
      `${kind}: the group must be one with a learning rate of its own; got "plain", of none, head.`,
    );
  });

  it("computes gradients where it wants them: nothing is moved for the update", () => {
    const model = build();
    const options = {
      loss: losses.meanSquaredError,
      optimizer: make(model),
      metrics: {},
      isGuarded: true,
    };
    const f32 = (...shape: number[]) => ({ dtype: "f32" as const, shape });
    const plan = planStep(
      (x, y, keep) => trainingStep(model, options, x, y, keep, []),
      [f32(6, 2), f32(6, 1), f32()],
      webgpuTraits(),
    );
    // Muon's matrices are turned one by one.
    if (kind !== "muon") expect(explainPlan(plan)).not.toContain("side by side");
    expect(fallbacksOf(plan)).toEqual([]);
    const variables = plan.bindings.filter(({ kind }) => kind === "variable");
    const together = variables.map(
      ({ name }) => name.split(", ").filter((one) => /^linear/.test(one)).length,
    );
    expect(together).toContain(4);
  });
});

describe("groups are refused", () => {
  const weight = variable([1, 2]);
  it.each([
    [
      { a: { parameters: [weight] }, b: { parameters: [weight] } },
      "group b: a parameter must be in one group, once; got variable again",
    ],
    [{ a: { parameters: [1] } }, "group a: parameters must be a list of variables"],
    [{ a: { parameters: [weight], lr: 1 } }, "Did you mean learningRate?"],
    [
      { a: { parameters: [weight], weightDecay: -1 } },
      "group a: weightDecay must be a finite number of 0 or more; got -1",
    ],
    [{ "a.b": { parameters: [weight] } }, "groups must be groups by name, without dots"],
    [[{ parameters: [weight] }], "groups must be groups by name"],
    [{ a: { parameters: [weight], clipNorm: 1 } }, "options must be among"],
  ])("%#", (groups, message) => {
    expect(() => optim.adam({ learningRate: 0.1, groups: groups as never })).toThrow(ArgumentError);
    expect(() => optim.adam({ learningRate: 0.1, groups: groups as never })).toThrow(message);
  });

  it("of nothing", () => {
    expect(() => optim.adam({ learningRate: 0.1, groups: { decay: { parameters: [] } } })).toThrow(
      "adam, group decay: parameters must be one or more; got none. Look at what chose them, or leave the group out.",
    );
  });

  it("of another model, by a Trainer when it is made and by the first update", () => {
    const [model, other] = [build(), build()];
    const optimizer = optim.adam({ learningRate: 0.1, groups: headOf(other) });
    const rest =
      "parameters of the group head must be among those that are trained; got 2 that are not, linear.bias, linear.weight, where there are";
    const remedy = "Give those of a layer of this very model.";
    expect(() => trainerOf(model, optimizer)).toThrow(ArgumentError);
    expect(() => trainerOf(model, optimizer)).toThrow(
      `Trainer: ${rest} 0.weight, 0.bias, 2.weight, 2.bias. ${remedy}`,
    );
    const update = () => {
      const [, gradients] = valueAndGrad(model.parameters(), () => sum(model(zeros([1, 2]))));
      optimizer.update(gradients);
    };
    expect(update).toThrow(
      `adam: ${rest} linear.weight, linear.bias, linear.weight, linear.bias. ${remedy}`,
    );
  });

  it("not where they are frozen", () => {
    const model = build();
    model.freeze("2.*");
    const optimizer = optim.adam({ learningRate: 0.1, groups: headOf(model) });
    expect(() => trainerOf(model, optimizer)).not.toThrow();
    const [, gradients] = valueAndGrad(model.trainableParameters(), () =>
      sum(model(zeros([1, 2]))),
    );
    expect(() => optimizer.update(gradients)).not.toThrow();
  });

  it("where settings of one do not go together", () => {
    const groups = { a: { parameters: [weight], nesterov: true } };
    expect(() => optim.sgd({ learningRate: 0.1, groups })).toThrow(
      "nesterov is a kind of momentum",
    );
    expect(() => optim.sgd({ learningRate: 0.1, momentum: 0.9, groups })).not.toThrow();
  });
});

describe("the state of an optimizer is refused", () => {
  it("where a group's is missing, or is another's", async () => {
    const model = build();
    const optimizer = optim.lion({ learningRate: 0.01, groups: headOf(model) });
    await train(trainerOf(model, optimizer), 1);
    const entries = [...optimizer.state()].map(
      async ([name, held]) => [name, { shape: held.shape, data: await held.data() }] as const,
    );
    const saved = Object.fromEntries(await Promise.all(entries));
    const { "head.m.1": _, ...without } = saved;
    expect(() => optimizer.loadState(without)).toThrow(
      "got learningRate, step, head.learningRate, head.m.0, plain.m.0, m.0.",
    );
    expect(() =>
      optimizer.loadState({ ...saved, "head.m.1": { shape: [3], data: [1, 2, 3] } }),
    ).toThrow(ShapeError);
    const fresh = optim.lion({ learningRate: 0.01, groups: headOf(model) });
    expect(() => fresh.loadState({ ...saved, "head.v.0": { shape: [1], data: [1] } })).toThrow(
      /lion: loadState must be given what state\(\) named.*head\.v/,
    );
    const ungrouped = optim.lion({ learningRate: 0.01 });
    expect(() => ungrouped.loadState(saved)).toThrow(ArgumentError);
    // What belongs to other parameters is found at the first update.
    fresh.loadState(without);
    const update = compile((x: Tensor) => {
      const [loss, gradients] = valueAndGrad(model.parameters(), () => sum(model(x)));
      fresh.update(gradients);
      return loss;
    });
    await expect(update(variable(new Float32Array(4), [2, 2]))).rejects.toThrow(
      /lion: loadState must be given what state\(\) named/,
    );
  });
});

describe("freezing between steps", () => {
  it("is seen by a Trainer, and asks for a new optimizer", async () => {
    const model = build();
    const trainer = trainerOf(model, optim.adam({ learningRate: 0.1 }));
    await train(trainer, 1);
    model.freeze("0.*");
    await expect(train(trainer, 2)).rejects.toThrow(
      "adam: update() must be given the same parameters at every call; got 2 instead of the first 4, or others. Make a new optimizer after freeze()",
    );
    const before = await model.stateDict();
    const next = trainerOf(model, optim.adam({ learningRate: 0.1 }));
    await train(next, 2, 3);
    const after = await model.stateDict();
    expect(after["0.weight"]).toEqual(before["0.weight"]);
    expect(after["2.weight"]).not.toEqual(before["2.weight"]);
    model.freeze();
    const frozen = trainerOf(model, optim.adam({ learningRate: 0.1 }));
    await expect(train(frozen, 4)).rejects.toThrow(
      "fit: the model must have a parameter that is trained",
    );
    model.unfreeze();
    await train(trainer, 5);
    expect(trainer.step).toBe(2);
  });
});
