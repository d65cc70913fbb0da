import type { ReferenceTable } from "../kernel.ts";
import { begin, placesOf, recur, recurBack, walk } from "./recurrence.ts";

/** The equations are in ops/rnn.ts. */
export const rnnKernels = {
  rnn({
    ins: { projected, recurrent, h0, lengths },
    outs: { states },
    attrs: { activation, reverse },
  }) {
    const [steps = 0, batch = 0, units = 0] = projected.type.shape;
    begin(states, h0, steps, reverse);
    for (const t of walk(steps, reverse)) {
      for (const place of placesOf(t, { batch, units }, reverse, lengths)) {
        const product = recur(states.data, place.row, recurrent.data, units, units, place.unit);
        const a = (projected.data[place.at] ?? 0) + product;
        const h = activation === "tanh" ? Math.tanh(a) : Math.max(a, 0);
        states.data[place.after] = place.isLive ? h : (states.data[place.before] ?? 0);
      }
    }
  },

  rnnGrad({
    ins: { recurrent, states, gY, lengths },
    outs: { gProjected, gH0, gH },
    attrs: { activation, reverse },
  }) {
    const [steps = 0, batch = 0, units = 0] = gY.type.shape;
    const later = new Float64Array(batch * units);
    for (const t of walk(steps, !reverse)) {
      const places = placesOf(t, { batch, units }, reverse, lengths);
      const all = places.map(({ at, state }) => (gY.data[at] ?? 0) + (later[state] ?? 0));
      for (const { at, after, state, isLive } of places) {
        const h = states.data[after] ?? 0;
        const dh = isLive ? (all[state] ?? 0) : 0;
        gProjected.data[at] = dh * (activation === "tanh" ? 1 - h * h : Number(h > 0));
        if (gH !== undefined) gH.data[at] = dh;
      }
      for (const { at, state, unit, isLive } of places) {
        later[state] = isLive
          ? recurBack(gProjected.data, at - unit, recurrent.data, units, unit)
          : (all[state] ?? 0);
      }
    }
    gH0.data.set(later);
  },
} satisfies Pick<ReferenceTable, "rnn" | "rnnGrad">;
