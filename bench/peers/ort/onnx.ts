/**
 * ONNX models written by hand: the few messages of onnx.proto (IR version 8) that a graph needs, in protobuf's wire
 * format. A field is a key (number · 8 + wire type), then a varint (type 0), 4 bytes (5), or a length and bytes (2).
 */

type Bytes = readonly number[] | Uint8Array;

function varint(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  while (rest >= 128) {
    out.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return [...out, rest];
}

const number = (field: number, value: number): number[] => [...varint(field * 8), ...varint(value)];
const text = (field: number, value: string) => block(field, new TextEncoder().encode(value));

function block(field: number, ...contents: readonly Bytes[]): Uint8Array {
  const head = [...varint(field * 8 + 2), ...varint(contents.reduce((n, c) => n + c.length, 0))];
  return concatenated([head, ...contents]);
}

function concatenated(parts: readonly Bytes[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Whole numbers, lists of them, floating-point numbers as `{ float }`, and text. */
export type Attribute = number | readonly number[] | string | { readonly float: number };

export interface Node {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

/** A graph's input or output, of f32. */
export interface Value {
  readonly name: string;
  readonly shape: readonly number[];
}

export interface Constant extends Value {
  /** f32, or i64 from whole numbers. */
  readonly data: Float32Array | readonly number[];
}

export interface Graph {
  readonly nodes: readonly Node[];
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly constants: readonly Constant[];
}

const FLOAT = 1;
const INT64 = 7;
const OPSET = 17;
const IR_VERSION = 8;

/** The file of a model. */
export function encodeModel(graph: Graph): Uint8Array {
  const body = [
    ...graph.nodes.map((node, i) => block(1, nodeBytes(node, i))),
    text(2, "bench"),
    ...graph.constants.map((constant) => block(5, tensorBytes(constant))),
    ...graph.inputs.map((value) => block(11, valueBytes(value))),
    ...graph.outputs.map((value) => block(12, valueBytes(value))),
  ];
  return concatenated([
    number(1, IR_VERSION),
    block(7, ...body),
    block(8, text(1, ""), number(2, OPSET)),
  ]);
}

function nodeBytes({ op, inputs, outputs, attributes = {} }: Node, index: number): Uint8Array {
  return concatenated([
    ...inputs.map((name) => text(1, name)),
    ...outputs.map((name) => text(2, name)),
    text(3, `${op}${index}`),
    text(4, op),
    ...Object.entries(attributes).map(([name, value]) => block(5, attributeBytes(name, value))),
  ]);
}

function attributeBytes(name: string, value: Attribute): Uint8Array {
  // AttributeProto: f = 2, i = 3, s = 4, ints = 8, type = 20 (1 float, 2 int, 3 string, 7 ints).
  if (typeof value === "number") {
    return concatenated([text(1, name), number(3, value), number(20, 2)]);
  }
  if (typeof value === "string")
    return concatenated([text(1, name), text(4, value), number(20, 3)]);
  if ("float" in value) {
    const bits = new Uint8Array(Float32Array.of(value.float).buffer);
    return concatenated([text(1, name), [2 * 8 + 5], bits, number(20, 1)]);
  }
  return concatenated([text(1, name), ...value.map((item) => number(8, item)), number(20, 7)]);
}

function tensorBytes({ name, shape, data }: Constant): Uint8Array {
  const isFloat = data instanceof Float32Array;
  const raw = isFloat ? data : BigInt64Array.from(data, (item) => BigInt(item));
  return concatenated([
    ...shape.map((size) => number(1, size)),
    number(2, isFloat ? FLOAT : INT64),
    text(8, name),
    // Little-endian, as every machine that runs this is.
    block(9, new Uint8Array(raw.buffer, raw.byteOffset, raw.byteLength)),
  ]);
}

function valueBytes({ name, shape }: Value): Uint8Array {
  const dimensions = shape.map((size) => block(1, number(1, size)));
  return concatenated([
    text(1, name),
    block(2, block(1, number(1, FLOAT), block(2, ...dimensions))),
  ]);
}
