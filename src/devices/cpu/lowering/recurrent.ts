import type { DeviceTraits, Operand, Region } from "../../../scheduler/lowering.ts";
import type { Shape } from "../../../tensor/shape.ts";
import type { KernelName } from "../kernel-names.ts";
import { call, read, readWrite, write } from "./operands.ts";
import { packedType } from "./walk.ts";

// Flags of a call, as in wasm/recurrence.ts; the operands that they announce follow in this order.
const REVERSE = 1;
const LENGTHS = 2;
const G_CELLS = 4;
const FLOW = 8;
const RELU = 16;

interface Parts {
  /** [T, B, U], with or without gates. */
  readonly shape: Shape;
  readonly required: readonly Operand[];
  readonly flags: number;
  readonly lengths: Region | undefined;
  readonly gCells?: Region | undefined;
  readonly flow?: readonly (Region | undefined)[];
}

function recurrentCall(
  kernel: KernelName,
  { shape, required, flags, lengths, gCells, flow = [] }: Parts,
) {
  const [steps = 0, batch = 0, units = 0] = shape;
  if (batch * units === 0) return [];
  const flows = flow.filter((region) => region !== undefined);
  const operands = [
    ...required,
    ...(lengths === undefined ? [] : [read(lengths)]),
    ...(gCells === undefined ? [] : [read(gCells)]),
    ...flows.map(write),
  ];
  const given =
    (lengths === undefined ? 0 : LENGTHS) |
    (gCells === undefined ? 0 : G_CELLS) |
    (flows.length === 0 ? 0 : FLOW);
  return [call(kernel, operands, [steps, batch, units, flags | given])];
}

const directionOf = ({ reverse }: { readonly reverse: boolean }) => (reverse ? REVERSE : 0);
const activationOf = ({ activation }: { readonly activation: "tanh" | "relu" }) =>
  activation === "relu" ? RELU : 0;

// The running gradients of h and c are kept in gH0 and gC0.
export const lowerRecurrence = {
  rnn({ ins: { projected, recurrent, h0, lengths }, outs: { states }, attrs, scratch }) {
    const { shape } = projected.type;
    const [, batch = 0, units = 0] = shape;
    const packed = write(scratch(packedType(batch, units, units)));
    const required = [read(projected), read(recurrent), read(h0), write(states), packed];
    const flags = directionOf(attrs) | activationOf(attrs);
    return recurrentCall("rnn", { shape, required, flags, lengths });
  },

  rnnGrad({ ins: { recurrent, states, gY, lengths }, outs, attrs, scratch }) {
    const { shape } = gY.type;
    const [, batch = 0, units = 0] = shape;
    const packed = write(scratch(packedType(batch, units, units)));
    const required = [
      ...[read(recurrent), read(states), read(gY)],
      ...[write(outs.gProjected), readWrite(outs.gH0), packed],
    ];
    const flags = directionOf(attrs) | activationOf(attrs);
    return recurrentCall("rnnGrad", { shape, required, flags, lengths, flow: [outs.gH] });
  },

  lstm({ ins: { projected, recurrent, h0, c0, lengths }, outs, attrs, scratch }) {
    const { shape } = projected.type;
    const [, batch = 0, units = 0] = shape;
    const required = [
      ...[readWrite(outs.gates), read(recurrent), read(h0), read(c0)],
      ...[
        write(outs.states),
        write(outs.cells),
        write(scratch(packedType(batch, units, units * 4))),
      ],
    ];
    return recurrentCall("lstm", { shape, required, flags: directionOf(attrs), lengths });
  },

  lstmGrad({ ins: { recurrent, cells, gY, gCells, lengths }, outs, attrs, scratch }) {
    const { shape } = gY.type;
    const [, batch = 0, units = 0] = shape;
    const required = [
      ...[readWrite(outs.gProjected), read(recurrent), read(cells), read(gY)],
      ...[
        readWrite(outs.gH0),
        readWrite(outs.gC0),
        write(scratch(packedType(batch, units * 4, units))),
      ],
    ];
    const flow = [outs.gH, outs.gC];
    const flags = directionOf(attrs);
    return recurrentCall("lstmGrad", { shape, required, flags, lengths, gCells, flow });
  },

  gru({ ins: { projected, recurrent, bias, h0, lengths }, outs, attrs, scratch }) {
    const { shape } = projected.type;
    const [, batch = 0, units = 0] = shape;
    const sums = scratch({ dtype: "f32", shape: [batch, units, 3] });
    const required = [
      ...[read(projected), read(recurrent), read(bias), read(h0)],
      ...[write(outs.states), write(outs.gates)],
      ...[write(scratch(packedType(batch, units, units * 3))), write(sums)],
    ];
    return recurrentCall("gru", { shape, required, flags: directionOf(attrs), lengths });
  },

  gruGrad({ ins: { recurrent, states, gates, gY, lengths }, outs, attrs, scratch }) {
    const { shape } = gY.type;
    const [, batch = 0, units = 0] = shape;
    const required = [
      ...[read(recurrent), read(states), read(gates), read(gY)],
      ...[write(outs.gProjected), write(outs.gSums), readWrite(outs.gH0)],
      write(scratch(packedType(batch, units * 3, units))),
    ];
    const flags = directionOf(attrs);
    return recurrentCall("gruGrad", { shape, required, flags, lengths, flow: [outs.gH] });
  },
} satisfies Partial<DeviceTraits["lower"]>;
