import type { DeviceTraits } from "../../../scheduler/lowering.ts";
import { call, read, write } from "./operands.ts";

/** A thread's own memory has room for so many keys and places: THREAD_SCRATCH_BYTES of wasm/threads.ts. */
const OWN_ROOM = 3 * 2 ** 16;
/** Rows that are sorted at a time at most, where they need more memory than that. */
const MOST_ROWS = 16;

export const lowerSort = {
  argsort({ ins: { x }, outs: { out }, attrs: { descending }, scratch }) {
    const { dtype, shape } = x.type;
    const [rows = 0, n = 0] = shape;
    const [, first = 0] = out.type.shape;
    if (rows * first === 0) return [];
    const kind = dtype === "f32" ? 0 : dtype === "i32" ? 1 : 2;
    // The order of all elements needs a place of its own where only the first of it is wanted.
    const lines = first < n ? 4 : 3;
    const room = lines * n <= OWN_ROOM ? 0 : Math.min(rows, MOST_ROWS);
    const memory = scratch({ dtype: "u32", shape: [room, lines, n] });
    const words = [rows, n, kind, Number(descending), room, first];
    return [call("argsort", [read(x), write(out), write(memory)], words)];
  },
} satisfies Partial<DeviceTraits["lower"]>;
