// Partial sums of x² over tensors that are packed in one buffer; the padding between them is left out.
//
// Bindings: x f32, the packed tensors; where WATCHED others, packed alike: an element that is not finite makes the sum
//   NaN; out f32[partials], a range of the partial sums.
// Constants: SEGMENTS, how many tensors; WATCHED 0 or 1; THREADS, a power of two.
// Mapping: a line of workgroups, one for each partial sum; invocation by invocation along each tensor.
// Accumulation: a fixed share of each tensor by lib/cascade, tensor after tensor, then a fixed tree, in f32. A second
//   pass adds the partial sums.

struct Params {
  threads: u32,
  partials: u32,
  unused_0: u32,
  unused_1: u32,
  // First element, end, 0, 0.
  segments: array<vec4<u32>, $(SEGMENTS)>,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
#if WATCHED
@group(0) @binding(1) var<storage, read> watched: array<f32>;
#end
@group(0) @binding($(1 + WATCHED)) var<storage, read_write> out: array<f32>;
@group(0) @binding($(2 + WATCHED)) var<uniform> params: Params;

alias Term = f32;
fn combine(a: f32, b: f32) -> f32 {
  return a + b;
}
#include lib/workgroup_tree

alias Place = u32;
fn term(unused: Place, i: u32) -> f32 {
  let value = x[i];
#if WATCHED
  let bits = bitcast<u32>(watched[i]);
  let is_finite = (bits & 0x7f800000u) < 0x7f800000u;
  return select(bitcast<f32>(bits | 0x7fc00000u), value * value, is_finite);
#else
  return value * value;
#end
}
#include lib/cascade

@compute @workgroup_size($(THREADS))
fn main(
  @builtin(workgroup_id) id: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let group = id.x + id.y * workgroups.x;
  if (group >= params.partials) {
    return;
  }
  let threads = params.threads;
  var total = 0.0;
  for (var s = 0u; s < $(SEGMENTS)u; s++) {
    let segment = params.segments[s];
    total += cascade(0u, segment.x + group * $(THREADS)u + lane, segment.y, threads, 0.0);
  }
  let sum = over_workgroup(total, lane);
  if (lane == 0u) {
    out[group] = sum;
  }
}
