/** Tables for four bytes at once. Kounavis & Berry 2005, "slicing-by-4". */
const [FIRST, SECOND, THIRD, FOURTH] = tables();

function tables(): readonly [Uint32Array, Uint32Array, Uint32Array, Uint32Array] {
  const first = Uint32Array.from({ length: 256 }, (_, n) => {
    let c = n;
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
    return c;
  });
  const behind = (table: Uint32Array) => table.map((c) => (first[c & 255] ?? 0) ^ (c >>> 8));
  const second = behind(first);
  const third = behind(second);
  return [first, second, third, behind(third)];
}

/** CRC-32 as zip and zlib have it: ISO 3309, reflected. `crc` is that of the bytes before. */
export function crc32(bytes: Uint8Array, crc = 0): number {
  let c = ~crc;
  const whole = bytes.length - (bytes.length % 4);
  const at = (i: number) => bytes[i] ?? 0;
  for (let i = 0; i < whole; i += 4) {
    c ^= at(i) | (at(i + 1) << 8) | (at(i + 2) << 16) | (at(i + 3) << 24);
    c =
      (FOURTH[c & 255] ?? 0) ^
      (THIRD[(c >>> 8) & 255] ?? 0) ^
      (SECOND[(c >>> 16) & 255] ?? 0) ^
      (FIRST[c >>> 24] ?? 0);
  }
  for (let i = whole; i < bytes.length; i++) c = (FIRST[(c ^ at(i)) & 255] ?? 0) ^ (c >>> 8);
  return ~c >>> 0;
}
