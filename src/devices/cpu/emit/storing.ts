/** How vectors get into memory: as a whole, or those of their lanes that are there. */
import { type FunctionWriter, GE_U, GT_U } from "./function.ts";

/** A vector in a local, and where it is stored: bytes behind what a local says. */
export interface Stored {
  readonly from: number;
  readonly to: number;
  readonly offset: number;
}

/** v128.store of an address and a vector on the stack. */
export function storeVector(writer: FunctionWriter, offset: number): void {
  writer.simd(0x0b);
  writer.code.byte(2);
  writer.code.unsigned(offset);
}

export function storeWhole(writer: FunctionWriter, { from, to, offset }: Stored): void {
  writer.get(to);
  writer.get(from);
  storeVector(writer, offset);
}

export function storeLane(
  writer: FunctionWriter,
  { from, to, offset }: Stored,
  lane: number,
): void {
  writer.get(to);
  writer.get(from);
  writer.simd(0x5a);
  writer.code.byte(2);
  writer.code.unsigned(offset + 4 * lane);
  writer.code.byte(lane);
}

/** Whole vectors where `left` says at least 4, else so many of their lanes; never none. */
export function storeLanes(writer: FunctionWriter, all: readonly Stored[], left: number): void {
  if (all.length === 0) return;
  writer.get(left);
  writer.constant(4);
  writer.code.byte(GE_U);
  writer.if(
    () => {
      for (const stored of all) storeWhole(writer, stored);
    },
    () => {
      for (let lane = 0; lane < 3; lane++) {
        const store = () => {
          for (const stored of all) storeLane(writer, stored, lane);
        };
        if (lane === 0) store();
        else {
          writer.get(left);
          writer.constant(lane);
          writer.code.byte(GT_U);
          writer.if(store);
        }
      }
    },
  );
}
