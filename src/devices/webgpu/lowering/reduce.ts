/** Reductions along dimensions as groups, and the place of the largest element. */
import type { Attrs } from "../../../ops/vocabulary.ts";
import type { GroupInstruction, GroupProgram } from "../../../scheduler/group-program.ts";
import type { KernelCall, Site } from "../../../scheduler/lowering.ts";
import { sizeOf, stridesOf, type TensorType } from "../../../tensor/shape.ts";
import type { Lowerings, WebgpuTarget } from "../target.ts";
import { lineCall } from "./grid.ts";
import { lowerGroup } from "./group/index.ts";
import { canLowerRows } from "./group/row-calls.ts";
import { read, write } from "./operand.ts";

export function reduceLowerings(target: WebgpuTarget): Lowerings<"reduce" | "argmax"> {
  return {
    reduce: ({ ins: { x }, outs: { out }, attrs, scratch }) =>
      lowerGroup(target, { program: reduction(x.type, attrs), ins: [x], outs: [out], scratch }),
    argmax: lowerArgmax,
  };
}

export function dividesReduce(
  target: WebgpuTarget,
  x: TensorType,
  attrs: Attrs<"reduce">,
): boolean {
  return canLowerRows(target, reduction(x, attrs));
}

function reduction({ shape, dtype }: TensorType, { fn, axes }: Attrs<"reduce">): GroupProgram {
  const all = shape.map((_, d) => d);
  const kept = all.filter((d) => !axes.includes(d));
  const reduced = all.filter((d) => axes.includes(d));
  const sizesOf = (dimensions: readonly number[]) => dimensions.map((d) => shape[d] ?? 1);
  const strides = stridesOf(shape);
  const combine = fn === "mean" ? "sum" : fn;
  const instructions: GroupInstruction[] = [
    { kind: "input", input: 0, dtype },
    { kind: "reduce", combine, x: 0, dtype },
  ];
  if (fn === "mean")
    instructions.push(
      { kind: "literal", value: sizeOf(sizesOf(reduced)), dtype },
      { kind: "binary", fn: "div", a: 1, b: 2, dtype },
    );
  const out = [...stridesOf(sizesOf(kept)), ...reduced.map(() => 0)];
  return {
    shape: sizesOf([...kept, ...reduced]),
    kept: kept.length,
    inputs: [{ offset: 0, strides: [...kept, ...reduced].map((d) => strides[d] ?? 0) }],
    indices: [],
    instructions,
    stores: [{ offset: 0, strides: out, register: instructions.length - 1 }],
  };
}

function lowerArgmax({
  ins: { x },
  outs: { out },
  attrs: { axis },
}: Site<"argmax">): readonly KernelCall[] {
  const outputs = sizeOf(out.type.shape);
  const inner = sizeOf(x.type.shape.slice(axis + 1));
  return [
    lineCall("reduce/argmax", outputs, {
      constants: { TYPE: x.type.dtype, FLOAT: Number(x.type.dtype === "f32") },
      operands: [read(x), write(out)],
      words: [outputs, x.type.shape[axis] ?? 1, inner],
    }),
  ];
}
