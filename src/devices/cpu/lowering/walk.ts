/**
 * The walks of any cell: what of a step lies where, which streams the cell's program reads and writes, and the products
 * with the recurrent matrix around it.
 */
import type { CellBody } from "../../../ops/cells/body.ts";
import {
  type CellSlot,
  gradientProgramsOf,
  stepProgramsOf,
} from "../../../scheduler/cell-program.ts";
import type { Register } from "../../../scheduler/group-program.ts";
import type { CellWalks, KernelCall, Region, Site } from "../../../scheduler/lowering.ts";
import type { TensorType } from "../../../tensor/shape.ts";
import type { Place, WalkRead } from "../emit/walk-structure.ts";
import { lowerMovement } from "./movement.ts";
import { callEmitted, read } from "./operands.ts";
import { Kind, Part, WalkStreams } from "./walk-streams.ts";

// Flags of a call, as in wasm/recurrence.ts and walk.ts.
const REVERSE = 1;
const LENGTHS = 2;
const BACKWARD = 32;
const SECOND = 64;

/** Numbers of a unit that lie side by side: a row's last vectors are read as a whole, into what lies behind the tensor. */
const MOST_NUMBERS = 16;

const f32 = (...shape: number[]): TensorType => ({ dtype: "f32", shape });

/**
 * Memory of a step's products of [batch, depth] with [depth, columns]: the recurrent matrix in panels of 8 columns,
 * packed once a sequence, and the rows of a step in strips (wasm/recurrence.ts).
 */
function packedType(batch: number, depth: number, columns: number): TensorType {
  const strips = (2 * batch + 6) * Math.ceil(depth / 4) * 4;
  return f32(Math.ceil(columns / 8) * 8 * depth + strips);
}

/** What a walk and its gradient have in common. */
class Walk {
  readonly streams = new WalkStreams();
  readonly cell: CellBody;
  readonly batch: number;
  readonly units: number;
  /** How many sums there are in the first product, and in the second. */
  readonly first: number;
  readonly second: number;
  readonly #scratch: (type: TensorType) => Region;
  readonly #registers = new Map<string, Register>();
  readonly #calls: KernelCall[] = [];

  constructor(
    cell: CellBody,
    [, batch = 0, units = 0]: readonly number[],
    scratch: (type: TensorType) => Region,
  ) {
    this.cell = cell;
    this.batch = batch;
    this.units = units;
    this.first = cell.firstSums;
    this.second = cell.sums.length - cell.firstSums;
    this.#scratch = scratch;
  }

  /** Memory for `numbers` a unit of one step; undefined for none. */
  stepScratch(numbers: number): number | undefined {
    if (numbers === 0) return undefined;
    const region = this.#scratch(f32(this.batch, this.units, numbers));
    return this.streams.stream(region, "readwrite", numbers, Kind.fixed);
  }

  /** The register of what a slot says; `read` tells where it stands, asked once. */
  register({ role, place }: CellSlot, read: () => WalkRead): Register {
    const key = `${role} ${place}`;
    const register = this.#registers.get(key) ?? this.streams.read(read());
    this.#registers.set(key, register);
    return register;
  }

  /** The product with the matrix of the first sums, or of the second ones; `from` and `to` have so many numbers a unit. */
  product(
    recurrent: Region | undefined,
    which: "first" | "second",
    from: { readonly stream: number; readonly numbers: number },
    init: number | undefined,
    to: { readonly stream: number; readonly numbers: number },
  ): void {
    if (recurrent === undefined) return;
    const { batch, units, streams } = this;
    const packed = packedType(batch, units * from.numbers, units * to.numbers);
    streams.product({
      matrix: streams.operand(this.#matrix(recurrent, which), "read"),
      packed: streams.operand(this.#scratch(packed), "write"),
      from: from.stream,
      init,
      to: to.stream,
    });
  }

  /** The columns of one product, which lie side by side with those of the other. */
  #matrix(recurrent: Region, which: "first" | "second"): Region {
    const { first, second, units } = this;
    if (second === 0) return recurrent;
    const [start, count] = which === "first" ? [0, first] : [first, second];
    const out = this.#scratch(f32(units, units, count));
    this.#calls.push(
      ...lowerMovement.slice({
        ins: { x: recurrent },
        outs: { out },
        attrs: { starts: [0, 0, start], sizes: [units, units, count] },
        epilogue: undefined,
        columnSums: undefined,
        scratch: this.#scratch,
      }),
    );
    return out;
  }

  calls(steps: number, flags: number, lengths: Region | undefined): KernelCall[] {
    const { streams, batch, units } = this;
    const structure = JSON.stringify(streams.structure());
    const given = flags | (lengths === undefined ? 0 : LENGTHS) | (this.second > 0 ? SECOND : 0);
    const words = streams.words([steps, batch, units, given]);
    const operands = [...streams.operands, ...(lengths === undefined ? [] : [read(lengths)])];
    return [...this.#calls, callEmitted("walk", structure, operands, words)];
  }
}

const one = (stream: number): Place => ({ stream, number: 0 });
const plain = (...places: readonly Place[]): WalkRead => ({ places, isFlushed: false });

function lowerForward({ ins, outs, attrs, scratch }: Site<"recurrence">): KernelCall[] {
  const { cell, reverse } = attrs;
  const { shape } = ins.projected.type;
  const [steps = 0, batch = 0, units = 0] = shape;
  if (batch * units === 0) return [];
  const walk = new Walk(cell, shape, scratch);
  const { streams, first, second } = walk;
  const programs = stepProgramsOf(cell);

  const projected = streams.stream(ins.projected, "read", cell.inputs.length, Kind.step);
  const tape = outs.tape && streams.stream(outs.tape, "write", cell.tape.length, Kind.step);
  const before = outs.states.map((region) => streams.stream(region, "write", 1, Kind.before));
  const after = outs.states.map((region) => streams.stream(region, "write", 1, Kind.after));
  const initial = ins.initial.map((region) => streams.stream(region, "read", 1, Kind.fixed));
  const vectors = ins.vectors.map((region) => streams.stream(region, "read", 1, Kind.vector));
  // Where all sums go on from the inputs, their product adds to these, on the tape if it has room.
  const goesOn = cell.isJoint && second === 0 && first > 0;
  const isOnTape = goesOn && tape === projected;
  const sums = isOnTape ? tape : walk.stepScratch(first);
  const later = walk.stepScratch(second);
  const between = walk.stepScratch(second > 0 ? 1 : 0);

  const inputPlace = (name: string | undefined): Place[] => {
    const number = cell.inputs.indexOf(name ?? "");
    return number === -1 ? [] : [{ stream: projected, number }];
  };
  const sumPlaces = (g: number): Place[] => {
    const own =
      g < first ? { stream: sums ?? -1, number: g } : { stream: later ?? -1, number: g - first };
    return goesOn ? [own] : [own, ...inputPlace(cell.sums[g])];
  };
  const registerOf = (slot: CellSlot) =>
    walk.register(slot, () => {
      const { role, place } = slot;
      if (role === "sum") return plain(...sumPlaces(place));
      if (role === "input") return plain(...inputPlace(cell.inputs[place]));
      return plain(one((role === "before" ? before : vectors)[place] ?? -1));
    });
  const placesOf = ({ role, place }: CellSlot): Place[] => {
    if (role === "between") return [one(between ?? -1)];
    if (role === "tape") return [{ stream: tape ?? -1, number: place }];
    return [one(after[place] ?? -1)];
  };
  streams.compute(Part.live, programs.advance, registerOf, placesOf);
  if (programs.between) streams.compute(Part.between, programs.between, registerOf, placesOf);
  initial.forEach((from, s) => {
    streams.write(Part.start, streams.read(plain(one(from))), one(before[s] ?? -1));
  });
  if (ins.lengths !== undefined) {
    after.forEach((to, place) => {
      streams.write(Part.ended, registerOf({ role: "before", place }), one(to));
    });
    cell.tape.forEach((_, number) => {
      streams.zero(Part.ended, { stream: tape ?? -1, number });
    });
  }
  const h = { stream: before[0] ?? -1, numbers: 1 };
  if (sums !== undefined)
    walk.product(ins.recurrent, "first", h, goesOn ? projected : undefined, {
      stream: sums,
      numbers: first,
    });
  if (later !== undefined && between !== undefined)
    walk.product(ins.recurrent, "second", { stream: between, numbers: 1 }, undefined, {
      stream: later,
      numbers: second,
    });
  return walk.calls(steps, reverse ? REVERSE : 0, ins.lengths);
}

// What reaches the states on its way back is kept in gInitial.
function lowerBackward({ ins, outs, attrs, scratch }: Site<"recurrenceGrad">): KernelCall[] {
  const { cell, reverse, watched } = attrs;
  const { shape } = outs.gProjected.type;
  const [steps = 0, batch = 0, units = 0] = shape;
  if (batch * units === 0) return [];
  const walk = new Walk(cell, shape, scratch);
  const { streams, first, second } = walk;
  const programs = gradientProgramsOf(cell);
  const sumCount = cell.sums.length;

  const tape = ins.tape && streams.stream(ins.tape, "read", cell.tape.length, Kind.step);
  const gInputs = streams.stream(outs.gProjected, "write", cell.inputs.length, Kind.step);
  const gSums = outs.gSums && streams.stream(outs.gSums, "write", sumCount, Kind.step);
  const gVectors =
    outs.gVectors && streams.stream(outs.gVectors, "write", cell.ownGradients, Kind.step);
  const running = outs.gInitial.map((g) => streams.stream(g, "readwrite", 1, Kind.fixed));
  const gStates = ins.gStates.map((g) => streams.stream(g, "read", 1, Kind.step));
  const flow = outs.flow.map((g) => streams.stream(g, "write", 1, Kind.step));
  // Of a step with two products each has gradients of its own.
  const gFirst = second > 0 ? walk.stepScratch(first) : (gSums ?? gInputs);
  const gLater = walk.stepScratch(second);
  const gBetween = walk.stepScratch(second > 0 ? 1 : 0);

  const stateAt = (place: number, kind: 1 | 2) =>
    streams.stream(ins.states[place] as Region, "read", 1, kind);
  const registerOf = (slot: CellSlot) =>
    walk.register(slot, () => {
      const { role, place } = slot;
      if (role === "tape") return plain({ stream: tape ?? -1, number: place });
      if (role === "before") return plain(one(stateAt(place, Kind.before)));
      if (role === "after") return plain(one(stateAt(place, Kind.after)));
      if (role === "gBetween") return plain(one(gBetween ?? -1));
      if (role === "vector")
        return plain(one(streams.stream(ins.vectors[place] as Region, "read", 1, Kind.vector)));
      const outside = gStates[watched.indexOf(place)];
      const places = [running[place] ?? -1, ...(outside === undefined ? [] : [outside])];
      return { places: places.map(one), isFlushed: true };
    });
  streams.compute(Part.live, programs.retreat, registerOf, ({ role, place: number }) => {
    if (role === "gBefore") return [one(running[number] ?? -1)];
    if (role === "gInput") return [{ stream: gInputs, number }];
    if (role === "gVector") return [{ stream: gVectors ?? -1, number }];
    if (role === "flow") return flow.slice(number, number + 1).map(one);
    const own = second > 0 && number < first ? [{ stream: gFirst ?? -1, number }] : [];
    return gSums === undefined ? own : [...own, { stream: gSums, number }];
  });
  if (programs.retreatBetween)
    streams.compute(Part.between, programs.retreatBetween, registerOf, ({ place }) => [
      { stream: gLater ?? -1, number: place - first },
    ]);
  const goesBack = new Set(
    programs.retreat.writes.flatMap(({ slot }) => (slot.role === "gBefore" ? [slot.place] : [])),
  );
  running.forEach((to, place) => {
    streams.zero(Part.start, one(to));
    if (!goesBack.has(place)) streams.zero(Part.live, one(to));
    if (ins.lengths !== undefined && watched.includes(place))
      streams.write(Part.ended, registerOf({ role: "gAfter", place }), one(to));
  });
  if (ins.lengths !== undefined) {
    const clear = (stream: number | undefined, count: number) => {
      for (let number = 0; stream !== undefined && number < count; number++)
        streams.zero(Part.ended, { stream, number });
    };
    clear(gInputs, cell.inputs.length);
    clear(gSums, sumCount);
    clear(second > 0 ? gFirst : undefined, first);
    clear(gVectors, cell.ownGradients);
    for (const to of flow) clear(to, 1);
  }
  const h = { stream: running[0] ?? -1, numbers: 1 };
  if (first > 0)
    walk.product(ins.recurrent, "first", { stream: gFirst ?? -1, numbers: first }, h.stream, h);
  if (gLater !== undefined && gBetween !== undefined)
    walk.product(ins.recurrent, "second", { stream: gLater, numbers: second }, undefined, {
      stream: gBetween,
      numbers: 1,
    });
  return walk.calls(steps, BACKWARD | (reverse ? REVERSE : 0), ins.lengths);
}

export const walks: CellWalks = {
  takes({ attrs: { cell } }) {
    const { inputs, sums, tape, vectors } = cell;
    // Of the vectors at most all have a gradient of their own.
    const most = Math.max(inputs.length, sums.length, tape.length, vectors.length);
    return inputs.length > 0 && most <= MOST_NUMBERS;
  },
  lower: { recurrence: lowerForward, recurrenceGrad: lowerBackward },
};
