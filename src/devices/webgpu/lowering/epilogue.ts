/**
 * What a kernel does with its results before it stores them, as WGSL: lib/epilogue is `finished(at, column, value)` for
 * whoever includes it. The text depends on the structure of the program only; sizes and literals are words.
 */
import type { GraphValue, OpNode } from "../../../graph/graph.ts";
import { isDepthwise } from "../../../ops/conv.ts";
import {
  type Epilogue,
  type HostOp,
  type KernelCall,
  type Operand,
  type Region,
  sameRegion,
} from "../../../scheduler/lowering.ts";
import { accessOf, declareBinding, vectorBindings, type Width, widthOf } from "./group/access.ts";
import { applied, printRegisters, Walk } from "./group/elements.ts";
import { toWord } from "./group/instructions.ts";
import { Words } from "./group/words.ts";
import { read, write } from "./operand.ts";

/** How a kernel hands over its results. */
export interface Host {
  /** The first binding behind those of what it reads itself. */
  readonly binding: number;
  /** Results that `finished` is given at a time. */
  readonly width: Width;
  /** Whether these lie in one vector of the result; elsewhere some of them may be beyond its last column. */
  readonly isAligned: boolean;
  /** What `column` counts up to; it may be more, and then what `finished` gives is not stored. */
  readonly columns: number;
}

/** Bindings, parameters and functions of an epilogue; nothing where there is none. */
export interface Printed extends Pick<KernelCall, "constants" | "words"> {
  readonly operands: readonly Operand[];
}

/** Tensors that a kernel may bind for it, besides at most four of its own. */
const MOST_BINDINGS = 4;

/** Whether the kernels of `node` can bind what an epilogue reads and writes. */
export function takesEpilogue(node: OpNode<HostOp>, epilogue: Epilogue<GraphValue>): boolean {
  const { ins, more } = epilogue;
  const bound = new Set([...ins, ...more].filter((value) => value !== undefined));
  return bound.size <= MOST_BINDINGS && (more.length === 0 || !hasGroups(node));
}

/** Whether a tile over the channels of one group may reach into those of the next. */
function hasGroups(node: OpNode<HostOp>): boolean {
  if (node.op !== "conv2d" && node.op !== "conv2dInputGrad") return false;
  const { ins, attrs } = node;
  return attrs.groups > 1 && !isDepthwise(ins.w.type.shape, attrs);
}

export function printEpilogue(epilogue: Epilogue | undefined, host: Host): Printed {
  if (epilogue === undefined)
    return {
      constants: { EPILOGUE: "", EPILOGUE_FIELDS: "", EPILOGUE_BINDINGS: 0 },
      operands: [],
      words: [],
    };
  const { program, ins, more } = epilogue;
  const regions = distinct(ins);
  const bindingOf = (region: Region | undefined) =>
    region === undefined ? -1 : host.binding + regions.findIndex((one) => sameRegion(one, region));
  const reads = program.inputs.map((view, i) =>
    accessOf(view, { binding: bindingOf(ins[i]), start: 0 }),
  );
  const counted = program.indices.map((view) => accessOf(view));
  const words = new Words();
  const shape = program.shape.length === 0 ? [1] : program.shape;
  const fitting = widthOf(shape.at(-1) ?? 1, reads, (binding) => regions[binding - host.binding]);
  const width = host.width === 4 && host.isAligned ? fitting : 1;
  const isVector = width === 4;
  const vectors = vectorBindings(width, reads);
  const innermost = shape.at(-1) === host.columns ? "i_column" : undefined;
  const walk = new Walk(shape, width, words, innermost);
  const places = [...reads, ...counted].map((access) => walk.place(access));
  const { parameters, loads, given } = applied(reads, counted, places, { width, vectors, words });
  const result = isVector ? "bitcast<vec4<u32>>(value)" : "bitcast<u32>(value)";
  const unit = isVector ? " / 4u" : "";
  const statements = [
    `let i = at${unit};`,
    ...(innermost === undefined ? [] : [`let ${innermost} = column${unit};`]),
    ...walk.lines,
    // What is given is not loaded; the inputs come first.
    ...loads.map((line, i) =>
      i < ins.length && ins[i] === undefined ? `let v${i} = ${result};` : line,
    ),
  ];
  const { instructions, stores } = program;
  const made = stores.map(({ register: r }) => toWord[instructions[r]?.dtype ?? "f32"](`r${r}`));
  const body = [
    ...printRegisters(program, words),
    `return array<u32, ${made.length}>(${made.join(", ")});`,
  ];
  const first = host.binding + regions.length;
  const others: Others = {
    bindings: more.map((_, o) => first + o),
    // Beyond the last column `at` is an element of the next row.
    isStored: more.length === 0 ? "" : `column < ${words.word(host.columns)}`,
  };
  const text = [
    ...regions.map((_, i) => declareBinding(host.binding + i, true, vectors.has(host.binding + i))),
    ...others.bindings.map((binding) => declareBinding(binding, false, isVector)),
    printFunction("apply_epilogue", parameters, `array<u32, ${made.length}>`, body),
    ...printFinish(host.width, isVector, statements, given, others),
  ];
  return {
    constants: {
      EPILOGUE: text.join("\n"),
      EPILOGUE_FIELDS: words.fields,
      EPILOGUE_BINDINGS: regions.length + more.length,
    },
    operands: [...regions.map(read), ...more.map(write)],
    words: words.values,
  };
}

/** Where results but the first go. */
interface Others {
  readonly bindings: readonly number[];
  readonly isStored: string;
}

function printFinish(
  width: Width,
  isVector: boolean,
  statements: readonly string[],
  given: (c: number) => string,
  { bindings, isStored }: Others,
): string[] {
  const lanes = [0, 1, 2, 3];
  const vector = "vec4<f32>";
  const parameters = (type: string) => `at: u32, column: u32, value: ${type}`;
  const made = (isVector ? lanes : [0]).map((c) => `let e${c} = apply_epilogue(${given(c)});`);
  const words = (o: number) =>
    isVector ? `vec4<u32>(${lanes.map((c) => `e${c}[${o}]`).join(", ")})` : `e0[${o}]`;
  const stores = bindings.map((binding, o) => `b${binding}[i] = ${words(o + 1)};`);
  const own = [
    ...statements,
    ...made,
    ...(stores.length === 0 ? [] : [`if (${isStored}) {`, ...stores, "}"]),
    `return bitcast<${isVector ? vector : "f32"}>(${words(0)});`,
  ];
  if (isVector) return [printFunction("finished", parameters(vector), vector, own)];
  if (width === 1) return [printFunction("finished", parameters("f32"), "f32", own)];
  const each = lanes.map((c) => `finished_one(at + ${c}u, column + ${c}u, value[${c}])`);
  return [
    printFunction("finished_one", parameters("f32"), "f32", own),
    printFunction("finished", parameters(vector), vector, [
      `return ${vector}(${each.join(", ")});`,
    ]),
  ];
}

function printFunction(name: string, parameters: string, type: string, body: readonly string[]) {
  return `fn ${name}(${parameters}) -> ${type} {\n${body.join("\n")}\n}`;
}

function distinct(ins: readonly (Region | undefined)[]): Region[] {
  const regions: Region[] = [];
  for (const region of ins)
    if (region !== undefined && !regions.some((one) => sameRegion(one, region)))
      regions.push(region);
  return regions;
}
