import type { ReferenceTable } from "../kernel.ts";
import { begin, placesOf, recur, recurBack, sigmoid, walk } from "./recurrence.ts";

/** The equations are in ops/lstm.ts. Gates in the order i f g o. */
export const lstmKernels = {
  lstm({
    ins: { projected, recurrent, h0, c0, lengths },
    outs: { states, cells, gates },
    attrs: { reverse },
  }) {
    const [steps = 0, batch = 0, units = 0] = projected.type.shape;
    begin(states, h0, steps, reverse);
    begin(cells, c0, steps, reverse);
    for (const t of walk(steps, reverse)) {
      for (const place of placesOf(t, { batch, units }, reverse, lengths)) {
        const { at, before, after, row, unit, isLive } = place;
        const a = (gate: number) =>
          (projected.data[at * 4 + gate] ?? 0) +
          recur(states.data, row, recurrent.data, units, units * 4, unit * 4 + gate);
        const [i, f, g, o] = [sigmoid(a(0)), sigmoid(a(1)), Math.tanh(a(2)), sigmoid(a(3))];
        const [h, c] = [states.data[before] ?? 0, cells.data[before] ?? 0];
        const next = f * c + i * g;
        gates.data.set([i, f, g, o], at * 4);
        cells.data[after] = isLive ? next : c;
        states.data[after] = isLive ? o * Math.tanh(next) : h;
      }
    }
  },

  lstmGrad({
    ins: { recurrent, cells, gates, gY, gCells, lengths },
    outs: { gProjected, gH0, gC0, gH, gC },
    attrs: { reverse },
  }) {
    const [steps = 0, batch = 0, units = 0] = gY.type.shape;
    // Gradients with respect to h and c that come from the steps walked before.
    const laterH = new Float64Array(batch * units);
    const laterC = new Float64Array(batch * units);
    for (const t of walk(steps, !reverse)) {
      const places = placesOf(t, { batch, units }, reverse, lengths);
      const all = places.map(({ at, state }) => (gY.data[at] ?? 0) + (laterH[state] ?? 0));
      for (const { at, before, after, state, isLive } of places) {
        const gate = (index: number) => gates.data[at * 4 + index] ?? 0;
        const [i, f, g, o] = [gate(0), gate(1), gate(2), gate(3)];
        const allC = (gCells?.data[at] ?? 0) + (laterC[state] ?? 0);
        const tanhC = Math.tanh(cells.data[after] ?? 0);
        const dh = isLive ? (all[state] ?? 0) : 0;
        const dc = isLive ? allC + dh * o * (1 - tanhC * tanhC) : 0;
        gProjected.data.set(
          [
            dc * g * i * (1 - i),
            dc * (cells.data[before] ?? 0) * f * (1 - f),
            dc * i * (1 - g * g),
            dh * tanhC * o * (1 - o),
          ],
          at * 4,
        );
        laterC[state] = isLive ? dc * f : allC;
        if (gH !== undefined) gH.data[at] = dh;
        if (gC !== undefined) gC.data[at] = dc;
      }
      for (const { at, state, unit, isLive } of places) {
        laterH[state] = isLive
          ? recurBack(gProjected.data, (at - unit) * 4, recurrent.data, units * 4, unit)
          : (all[state] ?? 0);
      }
    }
    gH0.data.set(laterH);
    gC0.data.set(laterC);
  },
} satisfies Pick<ReferenceTable, "lstm" | "lstmGrad">;
