/**
 * Deterministic numbers that every engine, in any language, makes for itself (pytorch.py does the same with numpy).
 * Element i of stream s: a 32-bit hash (lowbias32, Wellons 2018) of i + s · 0x9e3779b9, as 24 bits in [0, 1).
 */
function hash(index: number, stream: number): number {
  let x = (index + Math.imul(stream, 0x9e3779b9)) >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d) >>> 0;
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b) >>> 0;
  return (x ^ (x >>> 16)) >>> 0;
}

/** `length` numbers in [-scale, scale). */
export function floats(stream: number, length: number, scale = 1): Float32Array {
  const out = new Float32Array(length);
  for (let i = 0; i < length; i++) out[i] = ((hash(i, stream) >>> 8) / 2 ** 23 - 1) * scale;
  return out;
}

/** `length` whole numbers in [0, below). */
export function integers(stream: number, length: number, below: number): Int32Array {
  const out = new Int32Array(length);
  for (let i = 0; i < length; i++) out[i] = Math.floor(((hash(i, stream) >>> 8) / 2 ** 24) * below);
  return out;
}

/**
 * Three numbers that stand for an array of n: Σx/√n, its root mean square, and Σx·noise/√n with noise in [-1, 1)
 * (stream 99), which notices elements in the wrong order. Of an array without a pattern all three are of the size of
 * its elements, so that one tolerance fits them. Computed in double precision.
 */
export function checksum(data: ArrayLike<number>): number[] {
  let sum = 0;
  let squares = 0;
  let mixed = 0;
  const n = data.length;
  for (let i = 0; i < n; i++) {
    const x = data[i] ?? Number.NaN;
    sum += x;
    squares += x * x;
    mixed += x * ((hash(i, 99) >>> 8) / 2 ** 23 - 1);
  }
  const root = Math.sqrt(n);
  return [sum / root, Math.sqrt(squares / n), mixed / root];
}
