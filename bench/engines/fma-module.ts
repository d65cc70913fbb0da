/**
 * A WebAssembly module that does nothing but multiply and add, assembled here by hand so that no compiler is between
 * the loop and the figure: `fma(n)` makes n rounds over 12 independent accumulators of four floats each, one
 * multiply-add an accumulator: enough to hide the latency of the units, and with the constants within 16 registers.
 * 96 floating-point operations a round.
 */

const ACCUMULATORS = 12;
export const FLOPS_PER_ROUND = ACCUMULATORS * 4 * 2;

const V128 = 0x7b;
const I32 = 0x7f;
const F32 = 0x7d;

/** Unsigned LEB128. */
function leb(value: number): number[] {
  const low = value & 0x7f;
  return value < 0x80 ? [low] : [low | 0x80, ...leb(value >>> 7)];
}

const simd = (opcode: number) => [0xfd, ...leb(opcode)];
const section = (id: number, body: readonly number[]) => [id, ...leb(body.length), ...body];
const get = (local: number) => [0x20, ...leb(local)];
const set = (local: number) => [0x21, ...leb(local)];
/** v128.const, the same float in all four lanes. */
function splat(value: number): number[] {
  const bytes = [...new Uint8Array(Float32Array.of(value).buffer)];
  return [...simd(12), ...bytes, ...bytes, ...bytes, ...bytes];
}

const ADD = simd(0xe4);
const MULTIPLY = simd(0xe6);
const RELAXED_MADD = simd(0x105);
const EXTRACT_LANE_0 = [...simd(0x1f), 0];

/** Locals: 0 the rounds left, 1 and 2 the constants, 3… the accumulators. */
function body(relaxed: boolean): number[] {
  const [factor, term, first] = [1, 2, 3];
  const code: number[] = [...splat(0.999), ...set(factor), ...splat(0.001), ...set(term)];
  for (let i = 0; i < ACCUMULATORS; i++)
    code.push(...splat(1 + i / ACCUMULATORS), ...set(first + i));
  code.push(0x03, 0x40); // loop
  for (let i = 0; i < ACCUMULATORS; i++) {
    code.push(...get(first + i), ...get(factor));
    if (relaxed) code.push(...get(term), ...RELAXED_MADD);
    else code.push(...MULTIPLY, ...get(term), ...ADD);
    code.push(...set(first + i));
  }
  // rounds -= 1; again while it is not 0
  code.push(...get(0), 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, 0x0b);
  code.push(...get(first));
  for (let i = 1; i < ACCUMULATORS; i++) code.push(...get(first + i), ...ADD);
  code.push(...EXTRACT_LANE_0, 0x0b);
  const locals = [1, ...leb(ACCUMULATORS + 2), V128];
  return [...locals, ...code];
}

/** The module's bytes. `relaxed`: fused multiply-adds, where the host compiles them. */
export function fmaModule(relaxed: boolean): Uint8Array<ArrayBuffer> {
  const own = body(relaxed);
  const name = [...new TextEncoder().encode("fma")];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 1, I32, 1, F32]),
    ...section(3, [1, 0]),
    ...section(7, [1, name.length, ...name, 0x00, 0]),
    ...section(10, [1, ...leb(own.length), ...own]),
  ]);
}
