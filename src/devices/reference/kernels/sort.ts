import type { ReferenceTable } from "../kernel.ts";

export const sortKernels = {
  argsort({ ins: { x }, outs: { out }, attrs: { descending } }) {
    const [rows = 0, n = 0] = x.type.shape;
    const first = out.type.shape[1] ?? 0;
    for (let row = 0; row < rows; row++) {
      const own = x.data.subarray(row * n, (row + 1) * n);
      // The engine's sort is stable, so equals stay as they are.
      const order = Int32Array.from({ length: n }, (_, i) => i).sort((a, b) => {
        const difference = compare(own[a] ?? 0, own[b] ?? 0);
        return descending ? -difference : difference;
      });
      out.data.set(order.subarray(0, first), row * first);
    }
  },
} satisfies Pick<ReferenceTable, "argsort">;

/** Below 0 where a comes first; NaN is larger than all numbers. */
function compare(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
}
