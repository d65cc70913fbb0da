// Uniform random numbers in [0, 1) from a counter: the same bits on every device (src/tensor/random.ts).
//
// Bindings: key u32[2], out f32[count].
// Constants: THREADS.
// Mapping: an invocation for each block of two numbers; a line of workgroups.
// Exact: 24 random bits times 2^-24.
// Source: Threefry-2x32 with 20 rounds; Salmon, Moraes, Dror & Shaw, SC 2011.

struct Params {
  count: u32,
  stream: u32,
  // Of the counter: how many blocks come before.
  first: u32,
}

@group(0) @binding(0) var<storage, read> key: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

fn mix(x: vec2<u32>, rotation: u32) -> vec2<u32> {
  let sum = x.x + x.y;
  return vec2<u32>(sum, ((x.y << rotation) | (x.y >> (32u - rotation))) ^ sum);
}

fn element(block: u32) {
  let key_0 = key[0];
  let key_1 = key[1];
  // The constant keeps an all-zero key from being special.
  let key_2 = 0x1bd11bdau ^ key_0 ^ key_1;
  var x = vec2<u32>(params.first + block + key_0, params.stream + key_1);
#for turn in 0..5
#if turn % 2 == 0
  x = mix(mix(mix(mix(x, 13u), 15u), 26u), 6u);
#else
  x = mix(mix(mix(mix(x, 17u), 29u), 16u), 24u);
#end
  x += vec2<u32>(key_$((turn + 1) % 3), key_$((turn + 2) % 3) + $(turn + 1)u);
#end
  out[block * 2u] = f32(x.x >> 8u) * 0x1p-24f;
  if (block * 2u + 1u < params.count) {
    out[block * 2u + 1u] = f32(x.y >> 8u) * 0x1p-24f;
  }
}

#include lib/line with count = "(params.count + 1u) / 2u"
