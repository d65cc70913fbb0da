/** PyTorch's losses, test/goldens/losses.json, as gradgpu computes them. */
import { readFileSync } from "node:fs";
import { gradients, type Tensor, tensor } from "../../src/functions.ts";
import { losses } from "../../src/index.ts";

interface Input {
  readonly dtype: "f32" | "i32";
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

type ReductionName = "none" | "sum" | "mean";

interface LossGolden extends Readonly<Record<ReductionName, readonly number[]>> {
  readonly name: keyof typeof losses;
  readonly options: Readonly<Record<string, unknown>> | null;
  readonly inputs: readonly Input[];
  readonly gradients: Readonly<Record<string, readonly number[]>>;
}

const url = new URL("../goldens/losses.json", import.meta.url);
// The file is made by our own script.
export const lossGoldens = (
  JSON.parse(readFileSync(url, "utf8")) as { readonly cases: readonly LossGolden[] }
).cases;

export const titleOf = ({ name, options }: LossGolden) => `${name} ${JSON.stringify(options)}`;

/** What a case's loss is by reduction, and its mean's gradients; and what PyTorch says, in the same order. */
export function computed(golden: LossGolden) {
  const inputs = golden.inputs.map(({ dtype, shape, data }) => tensor([...data], shape, dtype));
  const options = Object.entries(golden.options ?? {}).map(([key, value]) => [
    key,
    typeof value === "string" ? inputs[Number(value.slice(1))] : value,
  ]);
  const named = Object.values(golden.options ?? {}).filter((value) => typeof value === "string");
  const own = inputs.slice(0, inputs.length - named.length);
  // Its arguments are those of the loss of that name.
  const loss = losses[golden.name] as (...args: unknown[]) => Tensor;
  const of = (reduction: ReductionName) => {
    if (golden.options !== null) return loss(...own, { ...Object.fromEntries(options), reduction });
    return loss(...own);
  };
  const kinds: readonly ReductionName[] =
    golden.options === null ? ["none"] : ["none", "sum", "mean"];
  const [places, expected] = [
    Object.keys(golden.gradients).map(Number),
    Object.values(golden.gradients),
  ];
  const differentiated = golden.options === null ? [] : places.flatMap((i) => own[i] ?? []);
  const found = differentiated.length === 0 ? [] : gradients(of("mean"), differentiated);
  return {
    names: [...kinds, ...places.slice(0, found.length).map((i) => `gradient of input ${i}`)],
    tensors: [...kinds.map(of), ...found],
    expected: [...kinds.map((kind) => golden[kind]), ...expected.slice(0, found.length)],
  };
}
