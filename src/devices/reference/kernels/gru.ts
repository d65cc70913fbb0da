import type { ReferenceTable } from "../kernel.ts";
import { begin, placesOf, recur, recurBack, sigmoid, walk } from "./recurrence.ts";

/** The equations are in ops/gru.ts. Gates in the order r z n; the tape is r z n m. */
export const gruKernels = {
  gru({
    ins: { projected, recurrent, bias, h0, lengths },
    outs: { states, gates },
    attrs: { reverse },
  }) {
    const [steps = 0, batch = 0, units = 0] = projected.type.shape;
    begin(states, h0, steps, reverse);
    for (const t of walk(steps, reverse)) {
      for (const place of placesOf(t, { batch, units }, reverse, lengths)) {
        const { at, before, after, row, unit, isLive } = place;
        const x = (gate: number) => projected.data[at * 3 + gate] ?? 0;
        const product = (gate: number) =>
          recur(states.data, row, recurrent.data, units, units * 3, unit * 3 + gate);
        const r = sigmoid(x(0) + product(0));
        const z = sigmoid(x(1) + product(1));
        const m = product(2) + (bias.data[unit] ?? 0);
        const n = Math.tanh(x(2) + r * m);
        const h = states.data[before] ?? 0;
        gates.data.set([r, z, n, m], at * 4);
        states.data[after] = isLive ? (1 - z) * n + z * h : h;
      }
    }
  },

  gruGrad({
    ins: { recurrent, states, gates, gY, lengths },
    outs: { gProjected, gSums, gH0, gH },
    attrs: { reverse },
  }) {
    const [steps = 0, batch = 0, units = 0] = gY.type.shape;
    const later = new Float64Array(batch * units);
    for (const t of walk(steps, !reverse)) {
      const places = placesOf(t, { batch, units }, reverse, lengths);
      const all = places.map(({ at, state }) => (gY.data[at] ?? 0) + (later[state] ?? 0));
      for (const { at, before, state, isLive } of places) {
        const gate = (index: number) => gates.data[at * 4 + index] ?? 0;
        const [r, z, n, m] = [gate(0), gate(1), gate(2), gate(3)];
        const dh = isLive ? (all[state] ?? 0) : 0;
        const dn = dh * (1 - z) * (1 - n * n);
        const dz = dh * ((states.data[before] ?? 0) - n) * z * (1 - z);
        const dr = dn * m * r * (1 - r);
        gProjected.data.set([dr, dz, dn], at * 3);
        gSums.data.set([dr, dz, dn * r], at * 3);
        if (gH !== undefined) gH.data[at] = dh;
      }
      for (const { at, state, unit, isLive } of places) {
        const back = recurBack(gSums.data, (at - unit) * 3, recurrent.data, units * 3, unit);
        const kept = (all[state] ?? 0) * (isLive ? (gates.data[at * 4 + 1] ?? 0) : 1);
        later[state] = isLive ? back + kept : kept;
      }
    }
    gH0.data.set(later);
  },
} satisfies Pick<ReferenceTable, "gru" | "gruGrad">;
