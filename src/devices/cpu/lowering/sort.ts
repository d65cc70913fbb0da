import type { DeviceTraits } from "../../../scheduler/lowering.ts";
import { call, read, write } from "./operands.ts";

/** A thread's own memory has room for the keys and places of so many elements: THREAD_SCRATCH_BYTES of wasm/threads.ts. */
const OWN_ELEMENTS = 2 ** 16;
/** Rows that are sorted at a time at most, where they need more memory than that. */
const MOST_ROWS = 16;

export const lowerSort = {
  argsort({ ins: { x }, outs: { out }, attrs: { descending }, scratch }) {
    const { dtype, shape } = x.type;
    const [rows = 0, n = 0] = shape;
    if (rows * n === 0) return [];
    const kind = dtype === "f32" ? 0 : dtype === "i32" ? 1 : 2;
    const room = n <= OWN_ELEMENTS ? 0 : Math.min(rows, MOST_ROWS);
    const memory = scratch({ dtype: "u32", shape: [room, 3, n] });
    const words = [rows, n, kind, Number(descending), room];
    return [call("argsort", [read(x), write(out), write(memory)], words)];
  },
} satisfies Partial<DeviceTraits["lower"]>;
