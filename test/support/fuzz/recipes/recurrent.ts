/** Recurrent layers, as verbs and as modules. */
import * as gradgpu from "../../../../src/index.ts";
import { type Arg, fields, leaf, list, plain } from "../argument.ts";
import { callback, f32, ids, parameter } from "../instances.ts";
import { args, type Cook, type Recipes } from "./recipe.ts";

function weightsOf(gates: number, extra: Record<string, Arg> = {}): Arg {
  const last = gates === 1 ? [] : [gates];
  return fields({
    input: parameter(2, 3, ...last),
    recurrent: parameter(3, 3, ...last),
    bias: parameter(3, ...last),
    ...extra,
  });
}
const cells = {
  rnn: () => weightsOf(1),
  gru: () => weightsOf(3, { candidateBias: parameter(3) }),
  lstm: () => weightsOf(4),
};
const stateOf = (cell: string) =>
  fields({ h: f32(2, 3), ...(cell === "lstm" ? { c: f32(2, 3) } : {}) });

/** A cell of one state, whose sums are its inputs. */
const minimal = () =>
  fields({
    name: plain("minimal"),
    states: list([plain("h")]),
    sums: list([plain("sum")]),
    step: callback(
      "(m, { sum }) => ({ h: m.tanh(sum) })",
      (m: gradgpu.CellMath, { sum }: { readonly sum: gradgpu.Tensor["value"] }) => ({
        h: m.tanh(sum),
      }),
    ),
  });
const gru = () => leaf("cells.gru", () => gradgpu.cells.gru);

export function walks(): Recipes {
  return {
    ...ofPyTorch(),
    cell: () => args(minimal()),
    recurrent: ({ dice }) =>
      args(
        gru(),
        f32(4, 2, 2),
        weightsOf(3, { vectors: fields({ candidateBias: parameter(3) }) }),
        ...(dice.chance(0.5) ? [stateOf("gru"), fields({ lengths: ids(2) })] : []),
      ),
    "nn.recurrent": () => args(gru(), plain(2), plain(3), fields({ layers: plain(2) })),
  };
}

function ofPyTorch(): Recipes {
  return Object.fromEntries(
    (["rnn", "gru", "lstm"] as const).flatMap((cell): [string, Cook][] => [
      [
        cell,
        ({ dice }) =>
          args(
            f32(4, 2, 2),
            cells[cell](),
            ...(dice.chance(0.5)
              ? [stateOf(cell), fields({ reverse: plain(dice.chance(0.5)), lengths: ids(2) })]
              : []),
          ),
      ],
      [
        `nn.${cell}`,
        ({ dice }) =>
          args(
            plain(2),
            plain(3),
            fields({
              layers: plain(dice.pick([1, 2])),
              dropout: plain(0.25),
              batchFirst: plain(dice.chance(0.5)),
              bidirectional: plain(dice.chance(0.5)),
              checkpoint: plain(dice.chance(0.5)),
              seed: plain(1),
            }),
          ),
      ],
    ]),
  );
}
