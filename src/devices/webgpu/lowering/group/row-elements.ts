/**
 * The elements of a row: functions that load what a pass reads at place k, and store what comes out. In a kernel that
 * does four elements at a time k counts vectors.
 */
import { type Access, isSingle, loaded, strideTerms, sumOf, takeApart } from "./access.ts";
import { printInstruction, toWord } from "./instructions.ts";
import { dtypeOf, type RowKernel } from "./row-kernel.ts";
import type { Pass } from "./row-program.ts";

/** One access that differs along a row: `x0` input 0, `n0` a counted view, `y0` a store. */
interface Named {
  readonly name: string;
  readonly access: Access;
}

function named(
  letter: string,
  accesses: readonly Access[],
  which: readonly number[],
): readonly Named[] {
  return which.flatMap((i) => {
    const access = accesses[i];
    return access === undefined ? [] : [{ name: `${letter}${i}`, access }];
  });
}

const readsOf = (kernel: RowKernel) => named("x", kernel.inputs, kernel.elementInputs);
const countsOf = (kernel: RowKernel) => named("n", kernel.indices, kernel.elementIndices);
const writesOf = (kernel: RowKernel) => named("y", kernel.stores, kernel.parts.elementStores);

/** Whether whole vectors are moved. */
function isVector({ layout }: RowKernel, access: Access): boolean {
  return layout.width === 4 && access.binding !== undefined && !isSingle(access);
}

/** What `access` counts in: vectors or elements. */
function unitOf(kernel: RowKernel, access: Access): number {
  return isVector(kernel, access) ? 4 : 1;
}

/** Statements that tell `known` where the row begins in every access, and how far its elements are apart. */
export function placeElements(kernel: RowKernel): string[] {
  const { program, words, known, layout } = kernel;
  const { kept } = program;
  const names = program.shape.slice(0, kept).map((_, d) => `at_${d}`);
  const lines: string[] = [];
  const tell = (field: string, value: string) => {
    known.set(field, "u32");
    lines.push(`known.${field} = ${value};`);
  };
  for (const { name, access } of [...readsOf(kernel), ...countsOf(kernel), ...writesOf(kernel)]) {
    const unit = unitOf(kernel, access);
    const strides = access.strides.map((stride) => stride / unit);
    const base = access.offset === 0 ? [] : [words.word(access.offset / unit)];
    tell(name, sumOf([...base, ...strideTerms(names, strides.slice(0, kept), words)]));
    elementStrides(kernel, access).forEach((stride, d) => {
      if (stride !== 0 && stride !== 1) tell(`${name}_${d}`, words.word(stride));
    });
    const step = access.strides.at(-1) ?? 0;
    if (access.binding === undefined && layout.width === 4 && step !== 0)
      tell(`${name}_step`, words.word(step));
  }
  return lines;
}

/** Along the dimensions of a row, the innermost of which counts vectors where the kernel does. */
function elementStrides(kernel: RowKernel, access: Access): number[] {
  const { program, layout } = kernel;
  const own = access.strides.slice(program.kept);
  const unit = unitOf(kernel, access);
  return own.map((stride, d) => (d === own.length - 1 ? stride * layout.width : stride) / unit);
}

/** Where `named` is at element k of the row, after `takeElement`. */
function placeOf(kernel: RowKernel, { name, access }: Named): string {
  const terms = elementStrides(kernel, access).flatMap((stride, d) => {
    if (stride === 0) return [];
    return stride === 1 ? [`e_${d}`] : [`e_${d} * known.${name}_${d}`];
  });
  return sumOf([`known.${name}`, ...terms]);
}

function takeElement({ program, layout, words }: RowKernel): string[] {
  const sizes = program.shape.slice(program.kept);
  const counted = sizes.map((n, d) => (d === sizes.length - 1 ? n / layout.width : n));
  return takeApart("k", "e_", counted, words);
}

/** What is loaded at a place by the pass `suffix`: all that the pass uses. */
export function declareLoad(kernel: RowKernel, pass: Pass, suffix: string): string[] {
  const reads = used(kernel, pass, "input", readsOf(kernel));
  const counts = used(kernel, pass, "index", countsOf(kernel));
  const typeOf = ({ access }: Named) => (isVector(kernel, access) ? "vec4<u32>" : "u32");
  const values = [
    ...reads.map((read) =>
      loaded(read.access, placeOf(kernel, read), isVector(kernel, read.access), kernel.vectors),
    ),
    ...counts.map((count) => placeOf(kernel, count)),
  ];
  return [
    `struct Element${suffix} {`,
    "k: u32,",
    ...[...reads, ...counts].map((one) => `${one.name}: ${typeOf(one)},`),
    "}",
    `fn load${suffix}(known: Known, k: u32) -> Element${suffix} {`,
    ...takeElement(kernel),
    `return Element${suffix}(${["k", ...values].join(", ")});`,
    "}",
  ];
}

function used(
  { program }: RowKernel,
  { elements }: Pass,
  kind: "input" | "index",
  all: readonly Named[],
): Named[] {
  const names = elements.flatMap((r) => {
    const instruction = program.instructions[r];
    if (instruction?.kind === "input" && kind === "input") return [`x${instruction.input}`];
    return instruction?.kind === "index" && kind === "index" ? [`n${instruction.index}`] : [];
  });
  return all.filter(({ name }) => names.includes(name));
}

/** The parameters of a function over one element, behind `known`, and what they are for component c of `element`. */
export function elementArguments(kernel: RowKernel, pass: Pass) {
  const reads = used(kernel, pass, "input", readsOf(kernel));
  const counts = used(kernel, pass, "index", countsOf(kernel));
  const parameters = ["known: Known", ...[...reads, ...counts].map(({ name }) => `${name}: u32`)];
  const given = (c: number) => [
    "known",
    ...reads.map(
      ({ name, access }) => `element.${name}${isVector(kernel, access) ? `[${c}]` : ""}`,
    ),
    ...counts.map(({ name }) =>
      c > 0 && kernel.known.has(`${name}_step`)
        ? `element.${name} + ${c}u * known.${name}_step`
        : `element.${name}`,
    ),
  ];
  return { parameters: parameters.join(", "), given: (c: number) => given(c).join(", ") };
}

/** Statements that compute a pass's registers from those arguments. */
export function printElements(kernel: RowKernel, { elements }: Pass): string[] {
  const { program, words } = kernel;
  const names = {
    register: (r: number) => registerName(kernel, r),
    input: (input: number) => `x${input}`,
    index: (index: number) => `n${index}`,
  };
  return elements.flatMap((r) => {
    const instruction = program.instructions[r];
    if (instruction === undefined || instruction.kind === "reduce") return [];
    const value = printInstruction(instruction, names, (x) => dtypeOf(kernel, x), words);
    return [`let r${r}: ${instruction.dtype} = ${value};`];
  });
}

/** A register as functions over elements know it. */
export function registerName({ parts }: RowKernel, r: number): string {
  return parts.levels[r]?.perRow ? `known.r${r}` : `r${r}`;
}

/** The function that stores what comes out for the element, or vector, at k. */
export function declareStore(kernel: RowKernel, suffix: string): string[] {
  const { parts, layout, program } = kernel;
  const { parameters, given } = elementArguments(kernel, parts.stored);
  const results = parts.elementStores.map((o) => {
    const r = program.stores[o]?.register ?? 0;
    return toWord[dtypeOf(kernel, r)](registerName(kernel, r));
  });
  const components = Array.from({ length: layout.width }, (_, c) => c);
  const stores = writesOf(kernel).map((write, i) => {
    const values = components.map((c) => `result_${c}.y${i}`);
    const value = layout.width === 4 ? `vec4<u32>(${values.join(", ")})` : values[0];
    return `b${write.access.binding}[${placeOf(kernel, write)}] = ${value};`;
  });
  return [
    "struct Results {",
    ...results.map((_, i) => `y${i}: u32,`),
    "}",
    `fn results(${parameters}) -> Results {`,
    ...printElements(kernel, parts.stored),
    `return Results(${results.join(", ")});`,
    "}",
    `fn store(known: Known, k: u32, element: Element${suffix}) {`,
    ...takeElement(kernel),
    ...components.map((c) => `let result_${c} = results(${given(c)});`),
    ...stores,
    "}",
  ];
}
