/** Recurrent layers, as verbs and as modules. */
import { type Arg, fields, list, plain } from "../argument.ts";
import { f32, ids, parameter } from "../instances.ts";
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

export function walks(): Recipes {
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
        `${cell}Layers`,
        () =>
          args(
            f32(4, 2, 2),
            list([cells[cell](), cells[cell]()]),
            plain(undefined),
            fields({ arrangement: plain("sides") }),
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
