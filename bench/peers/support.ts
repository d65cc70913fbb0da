/** What the peers' engines share: their inputs in other layouts, their errors as text, the adapter and the threads. */
import { type Input, inputsOf } from "../cases/inputs.ts";
import type { BenchCase, Cannot, Prepared } from "../contract.ts";

export const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

/** The input called `name`, of numbers. */
export type FloatsOf = (name: string) => {
  readonly shape: readonly number[];
  readonly data: Float32Array;
};

export interface CaseInputs {
  readonly floats: FloatsOf;
  readonly integers: (name: string) => Int32Array;
}

/** A case's inputs by name; throws where there is none of that name and kind. */
export function caseInputs(benchCase: BenchCase): CaseInputs {
  const inputs = inputsOf(benchCase);
  const find = (name: string): Input => {
    const input = inputs[name];
    if (input === undefined) throw new Error(`${benchCase.name} has no input ${name}.`);
    return input;
  };
  return {
    floats(name) {
      const { shape, data } = find(name);
      if (!(data instanceof Float32Array)) throw new Error(`${name} must be numbers.`);
      return { shape, data };
    },
    integers(name) {
      const { data } = find(name);
      if (!(data instanceof Int32Array)) throw new Error(`${name} must be whole numbers.`);
      return data;
    },
  };
}

/** `data` of `shape` with its axes in the order `axes`, as numpy's transpose. */
export function permute(
  { data, shape }: { readonly data: Float32Array; readonly shape: readonly number[] },
  axes: readonly number[],
): Float32Array {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((n, d) => n * d, 1));
  const sizes = axes.map((axis) => shape[axis] ?? 1);
  const steps = axes.map((axis) => strides[axis] ?? 0);
  const index = axes.map(() => 0);
  const out = new Float32Array(data.length);
  let from = 0;
  for (let i = 0; i < out.length; i++) {
    out[i] = data[from] ?? 0;
    for (let axis = axes.length - 1; axis >= 0; axis--) {
      from += steps[axis] ?? 0;
      const next = (index[axis] ?? 0) + 1;
      if (next < (sizes[axis] ?? 1)) {
        index[axis] = next;
        break;
      }
      from -= next * (steps[axis] ?? 0);
      index[axis] = 0;
    }
  }
  return out;
}

/** Rows of zeros with `value` where the label says. */
export function oneHot(labels: Int32Array, classes: number, value = 1): Float32Array {
  const out = new Float32Array(labels.length * classes);
  labels.forEach((label, row) => {
    out[row * classes + label] = value;
  });
  return out;
}

/** What a peer says about why it does not do this, on one line. */
export function errorText(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/\s+/g, " ").trim().slice(0, 400);
}

/** The unit of work of a case, as an engine gives it. `cannot` is what the engine itself said. */
export type Preparation = Promise<Prepared | Cannot>;

/** `prepare` with a peer's own errors as rows. */
export async function attempt(prepare: () => Preparation): Preparation {
  try {
    return await prepare();
  } catch (error) {
    return { cannot: errorText(error) };
  }
}

/** The adapter that a page gets, in words, and whether it is a software one. */
export async function describeAdapter(): Promise<{ adapter: string; isFallbackAdapter: boolean }> {
  const adapter = await globalThis.navigator?.gpu?.requestAdapter({
    powerPreference: "high-performance",
  });
  if (adapter === null || adapter === undefined) throw new Error("No WebGPU adapter here.");
  const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info;
  const words = [vendor, architecture, device, description].filter((word) => word !== "").join(" ");
  // SwiftShader and lavapipe are software whether or not the browser was asked for a fallback.
  const isSoftware = /swiftshader|llvmpipe|lavapipe|software|basic render/i.test(words);
  return { adapter: words, isFallbackAdapter: isFallbackAdapter || isSoftware };
}

/** Threads that this machine offers; what was asked for, if anything was. */
export function threadsAskedFor(threads: number | undefined): number {
  return threads ?? Math.max(1, globalThis.navigator?.hardwareConcurrency ?? 1);
}

export interface Work {
  /** Does the work once and waits for it. */
  run(): Promise<void>;
  /** As Prepared's. */
  runMany?(times: number): Promise<void>;
  result(): Promise<readonly number[]>;
  dispose(): void | Promise<void>;
}

/** `work` as the runner wants it. The result is computed here, so that a peer that cannot do the work says so now. */
export async function prepared(work: Work): Promise<Prepared> {
  const result = await work.result();
  const { runMany } = work;
  return {
    run: () => work.run(),
    ...(runMany && { runMany: (times: number) => runMany(times) }),
    result: async () => result,
    dispose: async () => {
      await work.dispose();
    },
  };
}
