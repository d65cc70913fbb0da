/** What layers that are walked together must be given. */
import { ArgumentError } from "../errors.ts";
import type { TensorType } from "../tensor/shape.ts";
import { checkDType, checkShape, complaint } from "./check.ts";
import {
  checkGates,
  checkLengths,
  checkRecurrent,
  checkTape,
  type Extent,
  tapeShape,
} from "./tapes.ts";

interface LayerInputs {
  readonly projected: readonly TensorType[];
  readonly recurrent: readonly TensorType[];
  readonly input: readonly TensorType[];
  readonly bias: readonly TensorType[];
}

/** Checks what layers of any cell are given; returns the extent that they share. */
export function checkLayers(
  op: string,
  { projected, recurrent, input, bias }: LayerInputs,
  gates: number,
  reverse: readonly boolean[],
): Extent {
  const layers = recurrent.length;
  const [first] = projected;
  if (first === undefined || (projected.length > 1 && projected.length !== layers)) {
    throw new ArgumentError(
      complaint(
        op,
        "projected must be that of the lowest layer, or of every layer",
        `${projected.length} for ${layers} layers`,
        "Layers above the lowest take the states below them.",
      ),
    );
  }
  const above = projected.length < layers ? layers - 1 : 0;
  checkCount(op, "input", input, above);
  checkCount(op, "bias", bias, above);
  checkDirections(op, reverse, layers, above > 0);
  const extent = checkGates(op, "projected 0", first, gates);
  const { units } = extent;
  for (const [i, type] of projected.entries()) {
    checkShape(op, `projected ${i}`, type, first.shape, "All layers have the same T, B and U.");
  }
  for (const type of [...recurrent, ...input]) checkRecurrent(op, type, units, gates);
  const biasShape = gates === 1 ? [units] : [units, gates];
  for (const [i, type] of bias.entries()) {
    checkDType(op, `bias ${i}`, type, ["f32"]);
    checkShape(op, `bias ${i}`, type, biasShape, "It is added to the product with `input`.");
  }
  return extent;
}

interface Residuals {
  readonly recurrent: readonly TensorType[];
  readonly input: readonly TensorType[];
  readonly gY: readonly TensorType[];
  readonly lengths: TensorType | undefined;
}

/** Checks what gradients of layers of any cell are given, with the tape that they all read: [T + 1, B, U]. */
export function checkResiduals(
  op: string,
  { recurrent, input, gY, lengths }: Residuals,
  {
    tape,
    gates,
    reverse,
  }: { tape: readonly TensorType[]; gates: number; reverse: readonly boolean[] },
): Extent {
  const layers = recurrent.length;
  checkDirections(op, reverse, layers, input.length > 0);
  checkCount(op, "tapes", tape, layers);
  const [rows = 1, batch = 0, units = 0] = tape[0]?.shape ?? [];
  const extent = { steps: rows - 1, batch, units };
  for (const type of tape) checkTape(op, "a tape", type, tapeShape(extent));
  for (const type of [...recurrent, ...input]) checkRecurrent(op, type, units, gates);
  checkTopmost(op, "gY", gY, extent, layers);
  checkLengths(op, lengths, batch);
  return extent;
}

/** Gradients of every step from outside: those of the topmost layers, at most one each. */
export function checkTopmost(
  op: string,
  name: string,
  list: readonly TensorType[],
  { steps, batch, units }: Extent,
  layers: number,
): void {
  for (const type of list) checkTape(op, name, type, [steps, batch, units]);
  if (list.length <= layers) return;
  throw new ArgumentError(
    complaint(op, `there must be at most ${layers} of ${name}`, `${list.length}`, "One a layer."),
  );
}

/** A list must have one tensor for each of `count` layers. */
export function checkCount(
  op: string,
  name: string,
  list: readonly TensorType[],
  count: number,
): void {
  if (list.length === count) return;
  throw new ArgumentError(
    complaint(op, `there must be ${count} of ${name}`, `${list.length}`, "There is one a layer."),
  );
}

/** Layers above each other walk in one direction. */
function checkDirections(
  op: string,
  reverse: readonly boolean[],
  layers: number,
  isOneAboveOther: boolean,
): void {
  const isKnown = reverse.length === layers;
  if (isKnown && !(isOneAboveOther && new Set(reverse).size > 1)) return;
  throw new ArgumentError(
    complaint(
      op,
      isKnown
        ? "layers above each other must walk in one direction"
        : "there must be a direction for every layer",
      `reverse [${reverse.join(", ")}] for ${layers} layers`,
      "What a layer takes must be there before its step.",
    ),
  );
}
