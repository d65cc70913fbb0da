import { callable, check, checkOptions, count, list, notNegative, record } from "../arguments.ts";
import { ArgumentError } from "../errors.ts";
import { init, Tensor, tensor } from "../functions.ts";
import { sizeOf } from "../tensor/shape.ts";
import { CheckFailedError } from "./check-failed.ts";
import { evaluateTensors } from "./evaluate.ts";
import { expectClose } from "./expect-close.ts";
import { numbersOf, type Values } from "./values.ts";

/** A device of gradgpu's, by the name that `init` knows. */
export type DeviceName = "cpu" | "webgpu";

/** What `sameOnAllDevices` is told. */
export interface SameOptions {
  /** Default: both. Each must be there. */
  readonly devices?: readonly DeviceName[];
  /** Of how many numbers each result is a sum, as for `expectClose`. Default 1. */
  readonly terms?: number;
  /** In the place of the tolerance by dtype and terms, as for `expectClose`. */
  readonly relative?: number;
  /** The same, for what is near zero. */
  readonly absolute?: number;
  /** Other implementations by name, of a single result: a shader of one's own. They are handed the inputs' elements. */
  readonly also?: Readonly<Record<string, (...inputs: Float32Array[]) => Values | Promise<Values>>>;
}

/** The runtimes are the check's own: those that are open have other options. */
const OWN_BUDGET = 2 ** 40;

/**
 * That `fn`, an expression of gradgpu's verbs, gives on every device what the float64 reference gives, but for rounding.
 * Devices are opened for the check and closed behind it; gives their descriptions.
 * @throws CheckFailedError that names the device, with the worst elements; DeviceUnavailableError where a device is
 *   missing, ArgumentError, and what `fn` throws
 */
export async function sameOnAllDevices<const I extends readonly Values[]>(
  fn: (...inputs: { -readonly [K in keyof I]: Tensor }) => Tensor | readonly Tensor[],
  inputs: I,
  options: SameOptions = {},
): Promise<readonly string[]> {
  check("sameOnAllDevices", "fn", fn, callable);
  check("sameOnAllDevices", "inputs", inputs, list, "Hand over one for each argument of fn.");
  checkOptions("sameOnAllDevices", options, {
    devices: list,
    terms: count,
    relative: notNegative,
    absolute: notNegative,
    also: record,
  });
  const { devices = ["cpu", "webgpu"], also = {}, ...close } = options;
  const given = inputs.map((values, i) => {
    const { data, shape } = numbersOf("sameOnAllDevices", `input ${i}`, values);
    return { data: Float32Array.from(data), shape: shape ?? [data.length] };
  });
  const compute = () => {
    const tensors = given.map(({ data, shape }) => tensor(data.slice(), shape));
    // As many as there are inputs.
    const made = fn(...(tensors as { -readonly [K in keyof I]: Tensor }));
    return made instanceof Tensor ? [made] : [...made];
  };
  const wanted = compute();
  const expected = evaluateTensors(wanted).map((data, i) => ({
    data,
    shape: wanted[i]?.shape ?? [],
  }));
  const compare = (where: string, i: number, actual: Values) => {
    const dtype = wanted[i]?.dtype ?? "f32";
    named(where, i, () => expectClose(actual, expected[i] ?? [], { ...close, dtype }));
  };
  const described: string[] = [];
  for (const device of devices) {
    const opened = await init({ device, memoryBudget: OWN_BUDGET });
    try {
      described.push(opened.description);
      const results = await Promise.all(compute().map((result) => result.data()));
      for (const [i, data] of results.entries())
        compare(`${device} (${opened.description})`, i, { data, shape: expected[i]?.shape ?? [] });
    } finally {
      await opened.runtime.close();
    }
  }
  for (const [name, run] of Object.entries(also)) {
    if (expected.length !== 1) {
      throw new ArgumentError(
        `sameOnAllDevices: fn must give one result where others are compared with it; got ${expected.length}. Give it by itself.`,
      );
    }
    const actual = await run(...given.map(({ data }) => data.slice()));
    compare(name, 0, flatLike(actual, expected[0]?.shape ?? []));
  }
  return described;
}

/** A flat array has the shape that is expected. */
function flatLike(actual: Values, shape: readonly number[]): Values {
  const { data } = numbersOf("sameOnAllDevices", "a result", actual);
  return data.length === sizeOf(shape) ? { data: Array.from(data), shape } : actual;
}

function named(where: string, i: number, compare: () => void): void {
  try {
    compare();
  } catch (error) {
    if (!(error instanceof CheckFailedError)) throw error;
    const text = error.message.replace("expectClose: ", "");
    throw new CheckFailedError(`sameOnAllDevices: on ${where}, result ${i}: ${text}`);
  }
}
