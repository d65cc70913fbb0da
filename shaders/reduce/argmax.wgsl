// The index of the largest element along one dimension; of equal ones the first. The first NaN is larger than all.
//
// Bindings: x [outer, length, inner] of TYPE, out i32[outer, inner].
// Constants: TYPE; FLOAT 1 where it is f32; THREADS.
// Mapping: an invocation for each output; a line of workgroups.

struct Params {
  outputs: u32,
  length: u32,
  inner: u32,
}

@group(0) @binding(0) var<storage, read> x: array<$(TYPE)>;
@group(0) @binding(1) var<storage, read_write> out: array<i32>;
@group(0) @binding(2) var<uniform> params: Params;

fn is_nan(value: $(TYPE)) -> bool {
#if FLOAT
  return (bitcast<u32>(value) & 0x7fffffffu) > 0x7f800000u;
#else
  return false;
#end
}

fn element(i: u32) {
  let start = (i / params.inner) * params.length * params.inner + i % params.inner;
  var best = x[start];
  var best_k = 0u;
  for (var k = 1u; k < params.length; k++) {
    let value = x[start + k * params.inner];
    if (value > best || (is_nan(value) && !is_nan(best))) {
      best = value;
      best_k = k;
    }
  }
  out[i] = i32(best_k);
}

#include lib/line with count = "params.outputs"
