/** Saved weights, optimizers and sessions are hostile until they have been checked: all of them is loaded, or nothing. */
import { beforeAll, describe, expect, test } from "vitest";
import {
  add,
  GradgpuError,
  nn,
  optim,
  type SavedEntry,
  square,
  sum,
  tensor,
  valueAndGrad,
  variable,
} from "../../../src/index.ts";
import { openCounting } from "../runtime/open.ts";

beforeAll(() => {
  openCounting();
});

/** A state as it comes back from a file: anything may be in it. */
type Saved = Record<string, unknown>;

const entryOf = ({ shape, data }: SavedEntry) => ({
  shape: [...shape],
  data: Array.from(data as number[]),
});
const plain = (entries: Iterable<readonly [string, SavedEntry]>): Saved =>
  Object.fromEntries([...entries].map(([name, entry]) => [name, entryOf(entry)]));

/** Something with a state, what it holds now, and how to load. */
interface Subject {
  readonly state: () => Promise<Saved>;
  readonly load: (saved: unknown, options?: unknown) => void;
}

function model(seed: number): Subject {
  const made = nn.sequential(
    nn.embedding(5, 3, { seed }),
    nn.lstm(3, 2, { seed: seed + 1, layers: 2 }),
    nn.linear(2, 4, { seed: seed + 2 }),
  );
  return {
    state: async () => plain(Object.entries(await made.stateDict())),
    load: made.loadStateDict as Subject["load"],
  };
}

function optimizer(make: () => optim.Optimizer): Subject {
  const made = make();
  const weights = [variable([1, -2, 3]), variable([[4], [5]])];
  const [, gradients] = valueAndGrad(weights, () =>
    weights.map((w) => sum(square(w))).reduce((a, b) => add(a, b)),
  );
  made.update(gradients);
  return {
    async state() {
      const entries = [...made.state()].map(
        async ([name, held]) => [name, { shape: held.shape, data: await held.data() }] as const,
      );
      return plain(await Promise.all(entries));
    },
    load: made.loadState as Subject["load"],
  };
}

async function session(): Promise<Subject> {
  const made = nn.stateful(nn.lstm(2, 3, { seed: 1, layers: 2 }), { batchSize: 2 });
  await made.step(
    tensor([
      [
        [1, 2],
        [3, 4],
      ],
    ]),
  );
  return {
    // By number, as the others are by name.
    state: async () => plain((await made.state()).map((entry, i) => [`${i}`, entry] as const)),
    load: (saved, options) => {
      const isPlain = typeof saved === "object" && saved !== null && !Array.isArray(saved);
      const given = isPlain ? Object.values(saved) : saved;
      made.loadState(given as never, options as never);
    },
  };
}

const subjects: Readonly<Record<string, () => Subject | Promise<Subject>>> = {
  "a model": () => model(1),
  adam: () => optimizer(() => optim.adam({ learningRate: 0.1 })),
  sgd: () => optimizer(() => optim.sgd({ learningRate: 0.1, momentum: 0.9 })),
  "a session": session,
};

type Entry = { shape: unknown; data: unknown };
/** What may have become of one entry, as JSON or as an object. */
const mutations: Readonly<Record<string, (entry: { shape: number[]; data: number[] }) => unknown>> =
  {
    "one that is null": () => null,
    "one that is a number": () => 5,
    "one that is a text": () => "weights",
    "one that is a list": ({ data }) => data,
    "one that is empty": () => ({}),
    "one without data": ({ shape }) => ({ shape }),
    "one without a shape": ({ data }) => ({ data }),
    "data that is null": ({ shape }) => ({ shape, data: null }),
    "data that is a text": ({ shape, data }) => ({ shape, data: data.join() }),
    "data as JSON writes typed arrays": ({ shape, data }) => ({ shape, data: { ...data } }),
    "data that ends early": ({ shape, data }) => ({ shape, data: data.slice(0, -1) }),
    "data that goes on": ({ shape, data }) => ({ shape, data: [...data, 0] }),
    "a number that is a text": ({ shape, data }) => ({ shape, data: ["0.5", ...data.slice(1)] }),
    "a number that is null": ({ shape, data }) => ({ shape, data: [...data.slice(1), null] }),
    "a number that is missing": ({ shape, data }) => {
      const sparse = [...data];
      delete sparse[data.length - 1];
      return { shape, data: sparse };
    },
    "a number that is a list": ({ shape, data }) => ({ shape, data: [...data.slice(1), [1, 2]] }),
    "a record in the data": ({ shape, data }) => ({ shape, data: [...data.slice(1), {}] }),
    NaN: ({ shape, data }) => ({ shape, data: [...data.slice(1), Number.NaN] }),
    Infinity: ({ shape, data }) => ({ shape, data: Float32Array.of(...data.slice(1), 1 / 0) }),
    "more than f32 can hold": ({ shape, data }) => ({ shape, data: [...data.slice(1), 1e300] }),
    "bits of float16": ({ shape, data }) => ({ shape, data: new Uint16Array(data.length) }),
    bytes: ({ shape, data }) => ({ shape, data: new ArrayBuffer(4 * data.length) }),
    "a shape of another rank": ({ shape, data }) => ({ shape: [...shape, 2], data }),
    "a shape with other sizes": ({ shape, data }) => ({ shape: [...shape, data.length + 1], data }),
    "a shape that is a text": ({ shape, data }) => ({ shape: shape.join(), data }),
    "a shape that is null": ({ data }) => ({ shape: null, data }),
    "a shape below 0": ({ data }) => ({ shape: [-data.length], data }),
    "a shape of halves": ({ data }) => ({ shape: [data.length / 2 + 0.25, 2], data }),
    "a shape of texts": ({ shape, data }) => ({ shape: [...shape.map(String), "1"], data }),
    "a shape beyond all memory": ({ shape, data }) => ({ shape: [...shape, 2 ** 40], data }),
    "a shape beyond 2^53": ({ data }) => ({ shape: [2 ** 40, 2 ** 40, 0], data }),
  };

describe.each(Object.entries(subjects))("the state of %s", (_, make) => {
  /** Refused with a typed error, at once, and everything is as it was. */
  async function refuses(subject: Subject, saved: unknown, options?: unknown) {
    const before = await subject.state();
    expect(() => subject.load(saved, options)).toThrow(GradgpuError);
    expect(await subject.state()).toEqual(before);
  }
  /** A state that differs from the subject's own in every number but a learning rate and a step. */
  async function another(subject: Subject) {
    const state = await subject.state();
    const entries = Object.entries(state).map(([name, entry]) => {
      const { shape, data } = entry as { shape: number[]; data: number[] };
      // The second of two biases that are added is none of its own.
      const other = (x: number) =>
        name === "step" ? x + 1 : name.includes("bias_hh") ? 0 : x / 2 + 0.25;
      return [name, { shape, data: data.map(other) }];
    });
    return Object.fromEntries(entries) as Saved;
  }

  test("loads when it has been to JSON and back, from any arrays of numbers", async () => {
    const subject = await make();
    const other = JSON.parse(JSON.stringify(await another(subject)));
    const before = await subject.state();
    subject.load(other);
    const rounded = Object.entries(
      other as Record<string, { shape: number[]; data: number[] }>,
    ).map(([name, { shape, data }]) => [name, { shape, data: data.map(Math.fround) }]);
    expect(await subject.state()).toEqual(Object.fromEntries(rounded));
    const doubles = Object.entries(before as Record<string, Entry>).map(
      ([name, { shape, data }]) => [name, { shape, data: Float64Array.from(data as number[]) }],
    );
    subject.load(Object.fromEntries(doubles));
    expect(await subject.state()).toEqual(before);
  });

  test("is refused with any entry changed, and nothing of it is loaded", async () => {
    const subject = await make();
    for (const name of Object.keys(await subject.state())) {
      for (const [what, change] of Object.entries(mutations)) {
        const saved = await another(subject);
        const changed = { ...saved, [name]: change(saved[name] as never) };
        await refuses(subject, changed).catch((error: unknown) => {
          throw new Error(`${what} in ${name}: ${String(error)}`);
        });
      }
    }
  });

  test("is refused with any entry missing, renamed or added", async () => {
    const subject = await make();
    const saved = await another(subject);
    for (const name of Object.keys(saved)) {
      const { [name]: entry, ...rest } = saved;
      await refuses(subject, rest);
      await refuses(subject, { ...saved, [name]: undefined });
      await refuses(subject, { ...rest, [`${name}.old`]: entry, more: entry });
      await refuses(subject, { ...saved, other: entry });
    }
    await refuses(subject, {});
  });

  test("is refused as anything else than a record, or with names that every object inherits", async () => {
    const subject = await make();
    for (const given of [undefined, null, 5, "{}", true, () => 1, tensor([1]), new Date()])
      await refuses(subject, given);
    const saved = await another(subject);
    for (const name of ["__proto__", "constructor", "toString"]) {
      const text = JSON.stringify(saved).replace(/^\{/, `{"${name}":{"shape":[1],"data":[1]},`);
      await refuses(subject, JSON.parse(text));
    }
    const { [Object.keys(saved)[0] ?? ""]: first, ...rest } = saved;
    await refuses(subject, Object.setPrototypeOf(rest, { first }));
  });

  test("takes numbers that are not finite with a word, and only with that", async () => {
    const subject = await make();
    const state = await subject.state();
    const name = Object.keys(state).find((one) => !["learningRate", "step"].includes(one)) ?? "";
    const { shape, data } = state[name] as { shape: number[]; data: number[] };
    const broken = { ...state, [name]: { shape, data: [Number.NaN, ...data.slice(1)] } };
    for (const options of [undefined, {}, { allowNonFinite: false }, { allowNonFinite: 1 }, 5])
      await refuses(subject, broken, options);
    await refuses(subject, broken, { allowNonfinite: true });
    subject.load(broken, { allowNonFinite: true });
    expect(await subject.state()).toEqual(broken);
  });
});

test("a text that was cut off anywhere is refused, or is no JSON", async () => {
  const subject = model(1);
  const text = JSON.stringify(await model(9).state());
  const before = await subject.state();
  for (let end = 1; end < text.length; end += 37) {
    for (const close of ["", "]}}", "}}", "}", '"}']) {
      let saved: unknown;
      try {
        saved = JSON.parse(text.slice(0, end) + close);
      } catch {
        continue;
      }
      expect(() => subject.load(saved)).toThrow(GradgpuError);
    }
  }
  expect(await subject.state()).toEqual(before);
});

test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])(
  "an optimizer's learning rate of %d is refused, with or without a word",
  async (rate) => {
    const subject = optimizer(() => optim.adam({ learningRate: 0.1 }));
    const before = await subject.state();
    for (const name of ["learningRate", "step"]) {
      const saved = { ...before, [name]: { shape: [], data: [rate] } };
      expect(() => subject.load(saved)).toThrow(GradgpuError);
      expect(() => subject.load(saved, { allowNonFinite: true })).toThrow(GradgpuError);
    }
    expect(await subject.state()).toEqual(before);
  },
);

test("a state that was loaded can be saved again before the next update", async () => {
  const saved = await optimizer(() => optim.adam({ learningRate: 0.1 })).state();
  const between = optim.adam({ learningRate: 0.2 });
  between.loadState(saved as never);
  const again = [...between.state()].map(
    async ([name, held]) => [name, { shape: held.shape, data: await held.data() }] as const,
  );
  expect(plain(await Promise.all(again))).toEqual(saved);
  // Until there are parameters a state of others may take its place.
  const other = Object.entries(saved).map(([name, entry]) =>
    name === "m" || name === "v" ? [name, { shape: [3], data: [1, 2, 3] }] : [name, entry],
  );
  between.loadState(Object.fromEntries(other));
  expect([...((await between.state().get("m")?.data()) ?? [])]).toEqual([1, 2, 3]);
});

test("a state of other parameters is refused before the first update or at it", async () => {
  const saved = await optimizer(() => optim.adam({ learningRate: 0.1 })).state();
  const fresh = optim.adam({ learningRate: 0.2 });
  fresh.loadState(saved as never);
  const other = variable([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const [, gradients] = valueAndGrad([other], () => sum(square(other)));
  expect(() => fresh.update(gradients)).toThrow(GradgpuError);
  expect(await fresh.state().get("step")?.item()).toBe(1);
  expect([...(await other.data())]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
});
