/** A sort: runs of neighbours by counting, which are merged two by two. No kernel of it has a barrier. */
import type { KernelCall, Region, Site } from "../../../scheduler/lowering.ts";
import type { DType } from "../../../tensor/dtype.ts";
import type { Lowerings } from "../target.ts";
import { lineCall } from "./grid.ts";
import { lowerBeginnings } from "./movement.ts";
import { read, write } from "./operand.ts";

/** A row of so many is one run. */
const ONE_RUN = 256;
/** Elements of a run of longer rows. */
const RUN = 128;
/** Elements that an invocation merges; a run is a multiple of them. */
const ITEMS = 8;
const THREADS = 64;

export const sortLowerings = { argsort: lowerArgsort } satisfies Lowerings<"argsort">;

function lowerArgsort({
  ins: { x },
  outs: { out },
  attrs: { descending },
  scratch,
}: Site<"argsort">): readonly KernelCall[] {
  if (out.type.shape[1] === x.type.shape[1]) return sorted(x, out, { descending, scratch });
  const order = scratch({ dtype: "i32", shape: x.type.shape });
  return [...sorted(x, order, { descending, scratch }), ...lowerBeginnings(order, out)];
}

const KINDS: { readonly [D in DType]?: number } = { f32: 0, i32: 1, u32: 2 };

/** The calls that put rows of x, [rows, n], in order: where the elements are goes to `order`, their keys to `keys`. */
export function sorted(
  x: Region,
  order: Region,
  how: { readonly descending: boolean; readonly keys?: Region } & Pick<Site<"argsort">, "scratch">,
): readonly KernelCall[] {
  const [rows = 0, n = 0] = x.type.shape;
  const count = rows * n;
  if (count === 0) return [];
  let run = n <= ONE_RUN ? n : RUN;
  const merges = Math.max(0, Math.ceil(Math.log2(n / run)));
  // What is merged goes to and fro, so that the last of it comes to lie where it is wanted.
  const spare = merges > 0 ? how.scratch(order.type) : order;
  const keys = merges > 0 ? how.scratch(order.type) : how.keys;
  const otherKeys = merges > 1 ? (how.keys ?? how.scratch(order.type)) : how.keys;
  const orderAt = (left: number) => (left % 2 === 0 ? order : spare);
  const keysAt = (left: number) => (left === 0 ? how.keys : left % 2 === 0 ? otherKeys : keys);
  const kept = (region: Region | undefined) => (region === undefined ? [] : [write(region)]);
  const first = keysAt(merges);
  const runs = {
    constants: {
      KEYS: Number(first !== undefined),
      KIND: KINDS[x.type.dtype] ?? 0,
      DESCENDING: Number(how.descending),
    },
    operands: [read(x), write(orderAt(merges)), ...kept(first)],
    words: [count, n, run],
  };
  const calls: KernelCall[] = [lineCall("sort/runs", count, runs, THREADS)];
  for (let left = merges - 1; left >= 0; left--, run *= 2) {
    const given = keysAt(left + 1);
    if (given === undefined) break;
    const parts = Math.ceil(n / ITEMS);
    const merged = keysAt(left);
    const pairs = {
      constants: { KEYS: Number(merged !== undefined), ITEMS },
      operands: [read(given), read(orderAt(left + 1)), write(orderAt(left)), ...kept(merged)],
      words: [rows, n, run, parts],
    };
    calls.push(lineCall("sort/merge", rows * parts, pairs, THREADS));
  }
  return calls;
}
