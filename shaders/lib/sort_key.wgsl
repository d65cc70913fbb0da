// Whole numbers in the order of what is sorted, of its bits: NaN is the largest, −0 is 0.
// Expects: KIND 0 for f32, 1 for i32, 2 for u32; DESCENDING.

fn key_of(bits: u32) -> u32 {
#if KIND == 0
  let size = bits & 0x7fffffffu;
  var key = select(bits | 0x80000000u, ~bits, bits > 0x80000000u);
  key = select(key, 0xffffffffu, size > 0x7f800000u);
#else
#if KIND == 1
  let key = bits ^ 0x80000000u;
#else
  let key = bits;
#end
#end
#if DESCENDING
  return ~key;
#else
  return key;
#end
}
