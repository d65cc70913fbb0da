import { afterEach, describe, expect, test } from "vitest";
import { Batches } from "../../../demo/panels/memory/batches.ts";
import { columnsOf, modelOf, UNITS } from "../../../demo/panels/memory/columns.ts";
import { Film, lanesOf } from "../../../demo/panels/memory/film.ts";
import { flowOf } from "../../../demo/panels/memory/flow.ts";
import type { ByState, ColumnName } from "../../../demo/panels/memory/pictures.ts";
import { memorySettings, OWN_CELL } from "../../../demo/panels/memory/settings.ts";
import { TASKS, type TaskName } from "../../../demo/panels/memory/tasks/index.ts";
import { cutsOf, open } from "../../../demo/panels/memory/training.ts";
import { defaultsOf, type ValuesOf } from "../../../demo/settings.ts";
import { gradientFlow, init, type Runtime, tensor } from "../../../src/index.ts";
import type { TrainingBatch } from "../../../src/train/index.ts";

type Settings = ValuesOf<typeof memorySettings>;

let runtime: Runtime | undefined;
afterEach(() => runtime?.close());

async function opened(changes: Partial<Settings> = {}) {
  const settings = { ...(defaultsOf(memorySettings) as Settings), ...changes };
  ({ runtime } = await init({ device: "cpu", seed: settings.seed }));
  const noData = () => Promise.reject(new Error("There is no data."));
  const training = await open(settings, noData, () => init());
  const fits = training.networks.map((network) => ({
    network,
    reports: network.fit({ onDeviceLost: () => undefined })[Symbol.asyncIterator](),
  }));
  /** One step of every network; its numbers by name. */
  const step = async () => {
    const values: Record<string, number> = {};
    for (const { network, reports } of fits) {
      const { value } = await reports.next();
      Object.assign(values, network.values(value));
    }
    return values;
  };
  const end = async () => {
    for (const { reports } of fits) await reports.return?.();
    training.dispose();
  };
  return { training, step, end, settings };
}

const asTensor = ({ data, shape, dtype }: TrainingBatch["x"]) => tensor(data, shape, dtype);
const near = (left: ArrayLike<number>, right: ArrayLike<number>, relative = 1e-4) => {
  expect(left.length).toBe(right.length);
  const largest = Math.max(...Array.from(right).map(Math.abs));
  for (let i = 0; i < left.length; i++)
    expect(Math.abs((left[i] ?? Number.NaN) - (right[i] ?? 0))).toBeLessThanOrEqual(
      relative * Math.abs(right[i] ?? 0) + 1e-7 * largest,
    );
};

describe("the networks of the memory panel", () => {
  test("LSTM, GRU and the visitor's cell learn to recall over 20 steps within 250 batches, the RNN does not", async () => {
    const { training, step, end } = await opened();
    expect(training.networks.map(({ name }) => name)).toEqual(["rnn", "gru", "lstm", "own"]);
    let values: Record<string, number> = {};
    for (let i = 0; i < 250; i++) values = await step();
    for (const name of ["gru", "lstm", "own"])
      expect(`${name} ${(values[`${name}Accuracy`] ?? 0) > 0.95}`).toBe(`${name} true`);
    expect(values.rnnAccuracy).toBeLessThan(0.7);
    await end();
  });

  test.each(["copy", "adding", "order", "parity", "brackets"] as const)(
    "a GRU gets far better than guessing at %s over 10 steps",
    async (task) => {
      const { step, end } = await opened({ task, lag: 10, own: "none" });
      let values: Record<string, number> = {};
      for (let i = 0; i < 300; i++) values = await step();
      const { chance } = TASKS[task];
      expect(values.gruAccuracy).toBeGreaterThan(chance + 0.8 * (1 - chance));
      await end();
    },
  );

  test.each(memorySettings.task.of)(
    "of the list %s is learned by every cell with gates: ten steps apart, 400 batches",
    async (task) => {
      const { step, end } = await opened({ task, lag: 10 });
      const first = await step();
      let last = first;
      for (let i = 1; i < 400; i++) last = await step();
      for (const name of ["gruLoss", "lstmLoss", "ownLoss"])
        expect(last[name], name).toBeLessThan(0.1 * (first[name] ?? 0));
      await end();
    },
  );

  test("windows of 3 and 5 steps leave a GRU guessing at a word 15 steps back; the whole sequence does not", async () => {
    for (const [window, isBlind] of [
      ["3", true],
      ["5", true],
      ["whole", false],
    ] as const) {
      const { step, end } = await opened({ lag: 15, gates: "plain", window, own: "none" });
      let right = 0;
      for (let i = 0; i < 350; i++) right = (await step()).gruAccuracy ?? 0;
      // One of eight is guessing; ten batches of 32 vary by 0.02.
      if (isBlind) expect(right).toBeLessThan(0.25);
      else expect(right).toBeGreaterThan(0.9);
      await end();
      await runtime?.close();
    }
  });
});

/** The columns with the weights that they start with, of the settings' own. */
function modelsOf({ task, lag, gates, seed, own }: Settings) {
  return columnsOf(own).columns.map((column) => ({
    column,
    model: modelOf(column, { task: TASKS[task], lag, gates, seed }),
  }));
}

/** As Node has it: gradientFlow over the whole of a batch. */
async function flowInNode(model: ReturnType<typeof modelOf>, task: TaskName, batch: TrainingBatch) {
  const [x, y] = [asTensor(batch.x), asTensor(batch.y)];
  const { flow } = gradientFlow(model.parameters(), () => TASKS[task].loss(model(x), y));
  const read = Object.entries(flow[0]?.states ?? {}).map(
    async ([name, of]) => [name, Float32Array.from(await of.data())] as const,
  );
  return Object.fromEntries(await Promise.all(read)) as ByState;
}

describe("the gradient's picture", () => {
  test("at the start and after a step it is what gradientFlow tells in Node", async () => {
    const { training, step, end, settings } = await opened({ lag: 30 });
    const before = await training.pictures.gradient(null);
    expect(before.columns.map(({ now }) => now)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    await step();
    const { columns, steps } = await training.pictures.gradient(null);
    expect(steps).toBe(31);
    const batch = new Batches(TASKS.recall, 30, settings.seed).at(0);
    for (const [i, { column, model }] of modelsOf(settings).entries()) {
      const wanted = await flowInNode(model, "recall", batch);
      const shown = columns[i];
      expect(shown?.name).toBe(column.name);
      expect(Object.keys(shown?.start ?? {})).toEqual([...column.cell.states]);
      for (const state of column.cell.states) {
        near(shown?.start[state] ?? [], wanted[state] ?? []);
        near(shown?.now?.[state] ?? [], wanted[state] ?? []);
        expect(wanted[state]).toHaveLength(31);
      }
    }
    await end();
  });

  test("an RNN's fades from step to step, an LSTM's cell state with open gates keeps it", async () => {
    const { training, end } = await opened({ lag: 50 });
    const { columns } = await training.pictures.gradient(null);
    const left = (name: ColumnName, state: string, distance: number) => {
      const norms = columns.find((one) => one.name === name)?.start[state] ?? [];
      return Number(norms.at(-1 - distance)) / Number(norms.at(-1));
    };
    expect(left("rnn", "h", 20)).toBeLessThan(1e-4);
    expect(left("lstm", "c", 20)).toBeGreaterThan(0.05);
    await end();
  });

  test("of windows it reaches back as far as the last one, and no further", async () => {
    const { training, step, end, settings } = await opened({ lag: 20, window: "3" });
    await step();
    const { columns } = await training.pictures.gradient(null);
    const whole = new Batches(TASKS.recall, 20, settings.seed).at(0);
    for (const [i, { model }] of modelsOf(settings).entries()) {
      // Where it ends it is still that of the whole sequence.
      const wanted = await flowInNode(model, "recall", whole);
      for (const [state, norms] of Object.entries(columns[i]?.now ?? {})) {
        expect(norms).toHaveLength(3);
        near(norms, wanted[state]?.slice(-3) ?? []);
      }
    }
    await end();
  });
});

describe("the film", () => {
  test.each([
    ["recall", "whole"],
    ["adding", "whole"],
    ["copy", "5"],
    ["parity", "whole"],
  ] as const)("of %s, window %s, has the gradients of gradientFlow", async (task, window) => {
    const { training, end, settings } = await opened({ task, lag: 100, window });
    // With a last window that is whole; three letters are asked for.
    const steps = window === "5" ? 15 : 16;
    const lag = steps - (task === "copy" ? 3 : 1);
    for (const { column, model } of modelsOf(settings)) {
      const batch = new Batches(TASKS[task], lag, settings.seed).shown(2, lag);
      const film = await training.pictures.film({ network: column.name, sequence: 2 });
      expect(film.reads).toHaveLength(steps);
      expect(film.cuts).toEqual(window === "5" ? [5, 10] : []);
      const wanted = await flowOf(model, TASKS[task], batch, window === "5" ? 5 : undefined);
      for (const [state, norms] of Object.entries(film.gradients)) {
        near(norms.slice(steps - (wanted[state]?.length ?? 0)), wanted[state] ?? []);
        if (window === "5") expect([...norms.slice(0, 10)]).toEqual(Array(10).fill(0));
      }
    }
    await end();
  });

  test.each([[[]], [[6, 11]]])(
    "what comes to an LSTM's cell state along c is the next step's gradient times its forget gate, cuts at %j",
    async (cuts: number[]) => {
      const { end, settings } = await opened();
      const [column, model] = [columnsOf(OWN_CELL).columns[2], modelsOf(settings)[2]?.model];
      if (column?.name !== "lstm" || model === undefined) throw new Error("no lstm");
      const film = new Film(column, model, TASKS.recall, cuts);
      const unrolled = await film.unroll(new Batches(TASKS.recall, 15, 1).shown(0, 15));
      const { ways, forget, gradients } = unrolled;
      const wanted = Float32Array.from({ length: 16 * UNITS }, (_, i) => {
        const next = i + UNITS;
        const isCut = cuts.includes(Math.floor(next / UNITS));
        return isCut ? 0 : (gradients.c?.[next] ?? 0) * (forget?.[next] ?? 0);
      });
      near(ways?.kept ?? [], wanted, 1e-5);
      const lanes = lanesOf(unrolled);
      expect(lanes?.kept[15]).toBe(0);
      expect(lanes?.forget[3]).toBeGreaterThan(0.5);
      film.dispose();
      await end();
    },
  );

  test("is cut where windows end", () => {
    expect(cutsOf(16, 5)).toEqual([5, 10, 15]);
    expect(cutsOf(15, 5)).toEqual([5, 10]);
    expect(cutsOf(16, 20)).toEqual([]);
    expect(cutsOf(16, undefined)).toEqual([]);
  });
});

describe("what else the page asks", () => {
  test("a training that goes on from a saved state has the same losses, in windows too", async () => {
    const run = await opened({ lag: 10, window: "5" }); // three windows
    for (let i = 0; i < 60; i++) await run.step();
    const states = await Promise.all(run.training.networks.map(({ trainer }) => trainer.state()));
    // Steps were under way: the state is behind them, and so is what the next ones tell.
    const behind = await Promise.all(run.training.networks.map(({ trainer }) => trainer.step));
    const told: Record<string, number>[] = [];
    for (let i = 0; i < 6; i++) told.push(await run.step());
    await run.end();
    await runtime?.close();
    const again = await opened({ lag: 10, window: "5" });
    for (const [i, { trainer }] of again.training.networks.entries())
      trainer.loadState(states[i] as never);
    const ahead = Math.ceil(((behind[2] ?? 0) - 60 * 3) / 3);
    const next = await again.step();
    expect(next.lstmLoss).toBe(told[ahead]?.lstmLoss);
    await again.end();
  });

  test("answers are those of the network, and say what was read", async () => {
    const { training, end } = await opened({ task: "order", lag: 10 });
    const { reads, answer, columns } = await training.pictures.answers({ sequence: 0 });
    expect(reads.filter((one) => one === "A" || one === "B").join("")).toBe(answer);
    expect(reads.at(-1)).toBe("?");
    for (const { said, probability } of columns) {
      expect(["AA", "AB", "BA", "BB"]).toContain(said);
      expect(probability).toBeGreaterThanOrEqual(0.25);
    }
    await end();
  });

  test("of copying all letters are answered", async () => {
    const { training, end } = await opened({ task: "copy", lag: 10 });
    const { reads, answer, columns } = await training.pictures.answers({ sequence: 1 });
    expect(reads.slice(0, 3).join(" ")).toBe(answer);
    for (const { said } of columns) expect(said).toMatch(/^[abcd] [abcd] [abcd]$/);
    await end();
  });

  test("the cost of a step is measured for every window, a walk at a call", async () => {
    const { training, end } = await opened();
    let answer = await training.pictures.cost(null);
    expect(answer.isDone).toBe(false);
    while (!answer.isDone) answer = await training.pictures.cost(null);
    expect(answer.rows.map(({ window }) => window)).toEqual([3, 5, 20, 120]);
    for (const { microsecondsPerStep } of answer.rows)
      expect(microsecondsPerStep).toBeGreaterThan(0);
    await end();
  });

  test("accuracies by lag come point by point, the shortest first", async () => {
    const { training, end } = await opened({ own: "none" });
    let answer = await training.pictures.sweep(null);
    while (answer.points.length < 3) answer = await training.pictures.sweep(null);
    expect(answer.points.map(({ name, lag }) => `${name} ${lag}`).slice(0, 3)).toEqual([
      "rnn 5",
      "gru 5",
      "lstm 5",
    ]);
    for (const { accuracy } of answer.points.slice(0, 3)) expect(accuracy).toBeGreaterThan(0.95);
    await end();
  });

  test("a cell that is written is checked without touching the training", async () => {
    const { training, end } = await opened();
    const wrong = await training.pictures.own({ code: "g = tanh(x @ W)\nh = h @ W" });
    expect(wrong.wrong).toMatchObject({ line: 2, column: 7 });
    expect((await training.pictures.own({ code: OWN_CELL })).wrong).toBeUndefined();
    await end();
  });
});
