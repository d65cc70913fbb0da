/**
 * Verbs that are compositions, with the inputs of test/goldens/verbs.json: their results and the gradients of
 * Σ cotangent · result, as tensors. Free of the test runner, so that it also runs inside a page.
 */
import { add, cast, gradients, mul, sum, type Tensor, tensor } from "../../src/functions.ts";
import { type DType, hostArray } from "../../src/tensor/dtype.ts";
import { type Shape, sizeOf } from "../../src/tensor/shape.ts";
import type { Verb } from "../cases/verbs/index.ts";
import { verbFamilies } from "../cases/verbs/index.ts";
import goldens from "../goldens/verbs.json" with { type: "json" };
import { type ComposedReport, runComposed } from "./composed.ts";

/** JSON has no numbers that are not finite: they are texts there. */
type Written = number | string;

export interface VerbGolden {
  readonly inputs: readonly {
    readonly shape: Shape;
    readonly dtype: string;
    readonly bounds?: readonly number[];
    readonly elements?: readonly Written[];
  }[];
  readonly outputs: readonly { readonly shape: Shape; readonly data: readonly Written[] }[];
  /** For every f32 input, where a gradient is compared; null where PyTorch has none. */
  readonly gradients: readonly (readonly Written[] | null)[];
}

export const verbGoldens: Readonly<Record<string, VerbGolden>> = goldens;

/** The formula of make_verb_goldens.py. */
function values(shape: Shape, index: number, low = -1, high = 1): Float64Array {
  return Float64Array.from({ length: sizeOf(shape) }, (_, i) => {
    const wave = Math.sin(0.7 * i + 1.3 * index + 0.013 * ((i * i) % 1009));
    return Math.fround(low + ((high - low) * (wave + 1)) / 2);
  });
}

function inputOf({ shape, dtype, bounds, elements }: VerbGolden["inputs"][number], index: number) {
  const [low, high] = bounds ?? [];
  const own = elements?.map(Number) ?? values(shape, index, low, high);
  const type = dtype as DType; // the file is made by our own script
  const data = hostArray(type, own.length);
  data.set(own.map((x) => (type === "bool" ? Number(x > 0) : type === "f32" ? x : Math.floor(x))));
  return type === "bool" ? cast(tensor(data, shape), "bool") : tensor(data, shape);
}

export interface VerbResults {
  readonly outputs: readonly Tensor[];
  /** In the order of the f32 inputs; none where none is compared. */
  readonly gradients: readonly Tensor[];
}

export function runVerb(verb: Verb, golden: VerbGolden): VerbResults {
  const inputs = golden.inputs.map(inputOf);
  const made = verb(...(inputs as Parameters<Verb>));
  const outputs: readonly Tensor[] = Array.isArray(made) ? made : [made as Tensor];
  if (golden.gradients.length === 0) return { outputs, gradients: [] };
  const floats = outputs.filter(({ dtype }) => dtype === "f32");
  const terms = floats.map((out, i) =>
    sum(mul(out, tensor(Float32Array.from(values(out.shape, 7 + i)), out.shape))),
  );
  const loss = terms.reduce((a, b) => add(a, b));
  const sources = inputs.filter(({ dtype }) => dtype === "f32");
  return { outputs, gradients: gradients(loss, sources) };
}

/** All verbs of a family and their gradients, lazily and in one compiled plan, on the device that is open. */
export function runVerbFamily(family: string): Promise<ComposedReport> {
  const compute = () =>
    Object.entries(verbFamilies[family] ?? {}).flatMap(([name, verb]) => {
      const golden = verbGoldens[name];
      if (golden === undefined) throw new Error(`no goldens of ${name}`);
      const { outputs, gradients: found } = runVerb(verb, golden);
      // What PyTorch says of a gradient that is not finite is not compared on devices.
      const compared = found.filter((_, i) =>
        golden.gradients[i]?.every((x) => typeof x === "number"),
      );
      return [...outputs, ...compared];
    });
  return runComposed([{ name: family, inputs: [], compute }]);
}
