import { checkOptions, count, notNegative, oneOf } from "../arguments.ts";
import type { Shape } from "../tensor/shape.ts";
import { CheckFailedError } from "./check-failed.ts";
import { textTable } from "./table.ts";
import { type CheckedDType, ROUNDOFF, relativeTolerance, rootMeanSquare } from "./tolerance.ts";
import { numbersOf, type Values } from "./values.ts";

/** How far numbers may be apart. */
export interface CloseOptions {
  /** What the results were computed in. Default: that of a typed array of whole numbers, else "f32". */
  readonly dtype?: CheckedDType;
  /** Of how many numbers each result is a sum: K of a product [M, K] · [K, N]. Default 1. */
  readonly terms?: number;
  /** In the place of the tolerance by dtype and terms: relative to the larger of |expected| and the root mean square. */
  readonly relative?: number;
  /** An error up to this is allowed besides. Default 0. */
  readonly absolute?: number;
  /** Rows of the table of the worst elements. Default 8. */
  readonly rows?: number;
}

interface Fault {
  readonly index: number;
  readonly actual: number;
  readonly expected: number;
  readonly allowed: number;
  /** The error over what is allowed. */
  readonly factor: number;
}

/**
 * That `actual` is `expected` but for rounding, element by element. The tolerance follows from the dtype and the length of
 * the sums, 16 + 6 √((terms − 1) / 2) roundings of the larger of the element and the root mean square of all expected;
 * whole numbers are exact. NaN is NaN, an infinity itself. Usable for any numbers, of whatever computed them.
 * @throws CheckFailedError with a table of the worst elements, ArgumentError for what is no numbers
 */
export function expectClose(actual: Values, expected: Values, options: CloseOptions = {}): void {
  checkOptions("expectClose", options, {
    dtype: oneOf(...Object.keys(ROUNDOFF)),
    terms: count,
    relative: notNegative,
    absolute: notNegative,
    rows: count,
  });
  const got = numbersOf("expectClose", "actual", actual);
  const wanted = numbersOf("expectClose", "expected", expected);
  const shape = wanted.shape ?? got.shape;
  checkShapes(got.shape, wanted.shape, got.data.length, wanted.data.length);
  const { dtype = dtypeOf(got.data), terms = 1, absolute = 0, rows = 8 } = options;
  const relative = options.relative ?? relativeTolerance(dtype, terms);
  const size = rootMeanSquare(wanted.data);
  const faults: Fault[] = [];
  for (let index = 0; index < wanted.data.length; index++) {
    const [a, e] = [got.data[index] ?? Number.NaN, wanted.data[index] ?? Number.NaN];
    if (a === e || (Number.isNaN(a) && Number.isNaN(e))) continue;
    const allowed = absolute + relative * Math.max(Number.isFinite(e) ? Math.abs(e) : 0, size);
    const error = Math.abs(a - e);
    // An error that is no number, or infinite, is none that is allowed.
    if (error <= allowed && Number.isFinite(error)) continue;
    const factor = Number.isFinite(error) ? error / allowed : Number.POSITIVE_INFINITY;
    faults.push({ index, actual: a, expected: e, allowed, factor });
  }
  if (faults.length === 0) return;
  faults.sort((a, b) => (b.factor === a.factor ? a.index - b.index : b.factor - a.factor));
  const tolerance =
    options.relative === undefined
      ? `the rounding of ${dtype} in sums of ${terms}, ${short(relative)}`
      : short(relative);
  const ofSize = `of the larger of |expected| and ${short(size)}, their root mean square`;
  const also = absolute > 0 ? `, and ${short(absolute)} besides` : "";
  throw new CheckFailedError(
    `expectClose: elements must agree within ${tolerance} ${ofSize}${also}; got ${faults.length} of ${wanted.data.length} that do not. ${remedy(faults)}\n\n${tableOf(faults.slice(0, rows), shape)}`,
  );
}

function checkShapes(
  got: Shape | undefined,
  wanted: Shape | undefined,
  gotLength: number,
  wantedLength: number,
): void {
  const isSame =
    gotLength === wantedLength &&
    (got === undefined || wanted === undefined || got.join() === wanted.join());
  if (isSame) return;
  const shown = (shape: Shape | undefined, length: number) =>
    shape === undefined ? `${length} elements` : `[${shape.join(", ")}]`;
  throw new CheckFailedError(
    `expectClose: actual and expected must have one shape; got ${shown(got, gotLength)} for ${shown(wanted, wantedLength)}. Compare what belongs together.`,
  );
}

const DTYPES: Readonly<Record<string, CheckedDType>> = {
  Array: "f32",
  Float16Array: "f16",
  Float32Array: "f32",
  Float64Array: "f64",
  Uint32Array: "u32",
};

const dtypeOf = (data: ArrayLike<number>): CheckedDType => DTYPES[data.constructor.name] ?? "i32";

function remedy(faults: readonly Fault[]): string {
  const [worst] = faults;
  if (worst === undefined || !Number.isFinite(worst.factor)) {
    return "The first of them is not finite on one side only, or should be exact.";
  }
  return `The worst is ${worst.factor.toPrecision(2)} times too far: say how long the sums are ({ terms }), or look for what differs.`;
}

/** Two digits. */
function short(x: number): string {
  if (x === 0) return "0";
  const isUsual = Math.abs(x) >= 1e-3 && Math.abs(x) < 1e5;
  return isUsual ? x.toPrecision(2) : x.toExponential(1);
}

/** Digits enough to tell two f32 apart. */
const shown = (x: number) => String(Number(x.toPrecision(9)));

function tableOf(faults: readonly Fault[], shape: Shape | undefined): string {
  const head = ["at", "actual", "expected", "difference", "allowed"];
  const rows = faults.map(({ index, actual, expected, allowed }) => [
    placeOf(index, shape),
    shown(actual),
    shown(expected),
    short(actual - expected),
    short(allowed),
  ]);
  return textTable([head, ...rows]);
}

/** `[2, 5]` of a matrix. */
function placeOf(index: number, shape: Shape | undefined): string {
  const place: number[] = [];
  let rest = index;
  for (const size of (shape ?? [Number.POSITIVE_INFINITY]).toReversed()) {
    place.unshift(Number.isFinite(size) ? rest % size : rest);
    rest = Math.floor(rest / size);
  }
  return `[${place.join(", ")}]`;
}
