import { operand, shareStart, word } from "./threads";

/** Operands x [outer, n, inner], out [outer, inner]; words: dtype (0 f32, 1 i32, 2 u32), outer, n, inner. */
export function argmax(args: usize, thread: i32, threads: i32): void {
  const dtype = word(args, 2, 0);
  const outer = word(args, 2, 1);
  const count = word(args, 2, 2);
  const inner = word(args, 2, 3);
  const x = operand(args, 0);
  const out = operand(args, 1);
  const end = shareStart(outer * inner, thread + 1, threads, 16);
  for (let i = shareStart(outer * inner, thread, threads, 16); i < end; i++) {
    const row = i / inner;
    const from = x + (<usize>(row * count * inner + (i - row * inner)) << 2);
    const step = <usize>inner << 2;
    const place = out + (<usize>i << 2);
    if (dtype == 0) store<i32>(place, largest<f32>(from, step, count));
    else if (dtype == 1) store<i32>(place, largest<i32>(from, step, count));
    else store<i32>(place, largest<u32>(from, step, count));
  }
}

function largest<T>(from: usize, step: usize, count: i32): i32 {
  let best = load<T>(from);
  let index = 0;
  for (let i = 1; i < count; i++) {
    const value = load<T>(from + <usize>i * step);
    // The first NaN is larger than all numbers.
    if (value > best || (value != value && best == best)) {
      best = value;
      index = i;
    }
  }
  return index;
}
