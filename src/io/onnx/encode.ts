/**
 * ONNX models in bytes: the few messages of onnx.proto (IR version 8) that a graph needs, in protobuf's wire format. A
 * field is a key (number · 8 + wire type), then a varint (type 0), 4 bytes (5), or a length and bytes (2).
 */
import { utf8 } from "../../host.ts";

type Bytes = readonly number[] | Uint8Array;

/** Of a whole number below 0 the 64 bits of its two's complement, as protobuf has them. */
function varint(value: number): number[] {
  const out: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest >= 128n) {
    out.push(Number(rest % 128n) + 128);
    rest /= 128n;
  }
  return [...out, Number(rest)];
}

const number = (field: number, value: number): number[] => [...varint(field * 8), ...varint(value)];
const text = (field: number, value: string) => block(field, utf8(value));

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

/** Whole numbers, text, lists of them, and floating-point numbers as `{ float }`. */
export type Attribute =
  | number
  | string
  | readonly number[]
  | readonly string[]
  | { readonly float: number };

export interface Node {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

/** So many elements, as many as whoever runs the model says under this name, or as many as there come to be. */
export type Dimension = number | string | undefined;

/** A graph's input or output. */
interface Value {
  readonly name: string;
  readonly shape: readonly Dimension[];
  /** f32 where nothing is said. */
  readonly dtype?: "f32" | "i32" | undefined;
}

export interface Constant {
  readonly name: string;
  readonly shape: readonly number[];
  /** f32, or i64 from whole numbers. */
  readonly data: Float32Array | readonly number[];
}

export interface Graph {
  readonly name: string;
  readonly nodes: readonly Node[];
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly constants: readonly Constant[];
}

const FLOAT = 1;
const INT32 = 6;
const INT64 = 7;
const OPSET = 17;
const IR_VERSION = 8;

/** The file of a model. */
export function encodeModel(graph: Graph): Uint8Array {
  const body = [
    ...graph.nodes.map((node, i) => block(1, nodeBytes(node, i))),
    text(2, graph.name),
    ...graph.constants.map((constant) => block(5, tensorBytes(constant))),
    ...graph.inputs.map((value) => block(11, valueBytes(value))),
    ...graph.outputs.map((value) => block(12, valueBytes(value))),
  ];
  return concatenated([
    number(1, IR_VERSION),
    text(2, "gradgpu"),
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
  // AttributeProto: f = 2, i = 3, s = 4, ints = 8, strings = 9, type = 20.
  const typed = (type: number, ...contents: readonly Bytes[]) =>
    concatenated([text(1, name), ...contents, number(20, type)]);
  if (typeof value === "number") return typed(2, number(3, value));
  if (typeof value === "string") return typed(3, text(4, value));
  if ("float" in value)
    return typed(
      1,
      [2 * 8 + 5],
      littleEndian(4, (view) => view.setFloat32(0, value.float, true)),
    );
  const ofTexts = value.filter((item) => typeof item === "string");
  if (ofTexts.length > 0) return typed(8, ...ofTexts.map((item) => text(9, item)));
  return typed(7, ...value.map((item) => number(8, Number(item))));
}

function littleEndian(sizeBytes: number, fill: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  fill(new DataView(bytes.buffer));
  return bytes;
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

function valueBytes({ name, shape, dtype }: Value): Uint8Array {
  const dimensions = shape.map((size) => {
    if (size === undefined) return block(1);
    return block(1, typeof size === "number" ? number(1, size) : text(2, size));
  });
  return concatenated([
    text(1, name),
    block(2, block(1, number(1, dtype === "i32" ? INT32 : FLOAT), block(2, ...dimensions))),
  ]);
}
