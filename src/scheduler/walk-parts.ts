/**
 * A walk of which only the states behind its last step are read, as where nothing is differentiated, holds those of all
 * steps for nobody. A long sequence is then walked in about √T parts, each from where the one before has ended: there are
 * never more states in memory than those of two parts, nor more of x·W, which is made part by part where nothing else reads
 * it. What the gradient would need of each step is not kept.
 */
import { withoutTape } from "../graph/cell-body.ts";
import { emit, type GraphValue, inputsOf, type OpNode, reachable } from "../graph/graph.ts";
import { replaceNodes } from "../graph/rebuild.ts";
import { arithmetic } from "../ops/arithmetic.ts";
import { extentOf, finalRow } from "../ops/tapes.ts";
import { isWalk } from "./expand.ts";
import type { DeviceTraits } from "./lowering.ts";

const m = arithmetic(emit);

/** Below four parts of so many steps there is little to gain, and each part packs the recurrent weights anew. */
const SHORTEST = 32;

type Users = ReadonlyMap<GraphValue, readonly OpNode[]>;

/** Maps each of `roots` to its value where such walks are made of parts. */
export function walkInParts(
  roots: readonly GraphValue[],
  { walks }: DeviceTraits,
): Map<GraphValue, GraphValue> {
  const nodes = reachable(roots).filter((node) => node.op !== "source");
  const isLong = (node: OpNode): node is OpNode<"recurrence"> =>
    node.op === "recurrence" &&
    extentOf(node.ins.projected.type.shape).steps >= 4 * SHORTEST &&
    walks?.takes(node) === true;
  // What the device may walk together with another layer stays whole.
  const isOneOfSeveral = walks?.together !== undefined && nodes.filter(isWalk).length > 1;
  if (isOneOfSeveral || !nodes.some(isLong)) return new Map(roots.map((root) => [root, root]));
  const users = usersOf(nodes);
  const wanted = new Set(roots);
  return replaceNodes(roots, (node, ins) => {
    const ends = isLong(node) ? endsOf(node, users, wanted) : undefined;
    if (!isLong(node) || ends === undefined) return undefined;
    const states = partByPart(node, ins as OpNode<"recurrence">["ins"], users);
    return ends.map(({ value, state }) => {
      const row = states[state] as GraphValue; // one of the cell's
      return [value, m.reshape(row, value.type.shape) as GraphValue] as const;
    });
  });
}

function usersOf(nodes: readonly OpNode[]): Users {
  const users = new Map<GraphValue, OpNode[]>();
  for (const node of nodes)
    for (const input of inputsOf(node)) {
      const own = users.get(input);
      if (own === undefined) users.set(input, [node]);
      else own.push(node);
    }
  return users;
}

/** The slices that show the last row of a walk's states; undefined where anything else is read of it. */
function endsOf(
  { outs, ins, attrs }: OpNode<"recurrence">,
  users: Users,
  wanted: ReadonlySet<GraphValue>,
): { readonly value: GraphValue; readonly state: number }[] | undefined {
  const { steps } = extentOf(ins.projected.type.shape);
  const isRead = (value: GraphValue) => wanted.has(value) || users.has(value);
  if (outs.tape !== undefined && isRead(outs.tape)) return undefined;
  const ends: { value: GraphValue; state: number }[] = [];
  /** Whether of `value`, the states from row `first` on, nothing but the last row is read. */
  const showsEnd = (value: GraphValue, first: number, state: number): boolean => {
    if (wanted.has(value)) return false;
    return (users.get(value) ?? []).every((user) => {
      if (user.op !== "slice") return false;
      const { out } = user.outs;
      const [rows = 0, ...rest] = out.type.shape;
      const [start = 0] = user.attrs.starts;
      const isWide = rest.every((n, d) => n === value.type.shape[d + 1]);
      if (!isWide || rows !== 1) return isWide && showsEnd(out, first + start, state);
      ends.push({ value: out, state });
      return first + start === (attrs.reverse ? 0 : steps);
    });
  };
  return outs.states.every((states, s) => showsEnd(states, 0, s)) ? ends : undefined;
}

/** The states behind the last step, [B, U] each. */
function partByPart(
  node: OpNode<"recurrence">,
  ins: OpNode<"recurrence">["ins"],
  users: Users,
): readonly GraphValue[] {
  const { cell, reverse } = node.attrs;
  const { steps } = extentOf(ins.projected.type.shape);
  const size = Math.max(SHORTEST, Math.ceil(Math.sqrt(steps)));
  const firsts = Array.from({ length: Math.ceil(steps / size) }, (_, i) => i * size);
  const body = withoutTape(cell);
  const isOwn = users.get(node.ins.projected)?.length === 1;
  return (reverse ? firsts.reverse() : firsts).reduce<readonly GraphValue[]>((initial, first) => {
    const count = Math.min(size, steps - first);
    const part = emit(
      "recurrence",
      {
        ...ins,
        projected: isOwn
          ? rowsOf(ins.projected, first, count)
          : slicedRows(ins.projected, first, count),
        initial,
        // Lengths count from the part's first step: below 0 is over, as 0 is.
        lengths: ins.lengths && m.sub(ins.lengths, m.literal(first, "i32")),
      },
      { ...node.attrs, cell: body },
    );
    return part.states.map((states) => finalRow(emit, states, reverse) as GraphValue);
  }, ins.initial);
}

/** `count` rows of `value`, of the rows that it is made of where it is made row by row, as x·W + b is. */
function rowsOf(value: GraphValue, first: number, count: number): GraphValue {
  const { node, type } = value;
  const [rows = 0, ...rest] = type.shape;
  if (node.op === "reshape") {
    const [inner = 0] = node.ins.x.type.shape;
    const each = inner / rows;
    if (Number.isInteger(each))
      return m.reshape(rowsOf(node.ins.x, first * each, count * each), [
        count,
        ...rest,
      ]) as GraphValue;
  }
  if (node.op === "binary" && node.attrs.fn === "add") {
    const { a, b } = node.ins;
    const isBias =
      a.type.shape.length === type.shape.length && b.type.shape.length < type.shape.length;
    if (isBias && a.type.shape[0] === rows) return m.add(rowsOf(a, first, count), b) as GraphValue;
  }
  if (node.op === "matmul" && !node.attrs.transposeA && node.ins.b.type.shape.length === 2) {
    const a = slicedRows(node.ins.a, first, count);
    if (type.shape.length === 2)
      return emit("matmul", { a, b: node.ins.b }, node.attrs).out as GraphValue;
  }
  return slicedRows(value, first, count);
}

function slicedRows(value: GraphValue, first: number, count: number): GraphValue {
  const [, ...rest] = value.type.shape;
  return m.slice(value, [first, ...rest.map(() => 0)], [count, ...rest]) as GraphValue;
}
