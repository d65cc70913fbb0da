/**
 * When a training is killed: counted in what it has said, not in time, so that a busy machine kills it no earlier than an
 * idle one. Each kill but one in four lets a checkpoint be written first, so trainings come forward from kill to kill.
 */
import { EVERY } from "./training.ts";

export interface Moment {
  /** Checkpoints that are written before; */
  readonly written: number;
  /** lines that are said behind them; */
  readonly lines: number;
  /** and so much later still: less than a step takes, for what lies between two lines. */
  readonly ms: number;
}

export function momentOf(draw: (below: number) => number): Moment {
  return {
    written: Math.floor(draw(4)),
    lines: Math.floor(draw(2 * EVERY)),
    ms: draw(4),
  };
}

/** Is told every line; true for the one at which the moment comes. */
export function watching({ written, lines }: Moment): (line: string) => boolean {
  let [checkpoints, more] = [written, lines];
  return (line) => {
    if (checkpoints === 0) return more-- === 0;
    if (line.startsWith("written")) checkpoints--;
    return false;
  };
}

/** Numbers of chance from 0 to below `below`, the same for one seed. */
export function drawing(seed: number): (below: number) => number {
  let word = seed;
  return (below) => {
    word = (Math.imul(word, 1664525) + 1013904223) >>> 0;
    return (word / 2 ** 32) * below;
  };
}
