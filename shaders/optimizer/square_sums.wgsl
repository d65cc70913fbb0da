// Sums of x² over equal runs of tensors that are packed in one buffer; the padding between them is left out.
//
// Bindings: x f32, the packed tensors, or a range of them that begins where a run does; where WATCHED others, packed
//   alike, for the first of them: an element that is not finite makes its sum NaN; out f32, the sums of all runs.
// Constants: SEGMENTS, how many tensors; WATCHED 0 or 1; THREADS, a power of two.
// Mapping: a line of workgroups, one for each sum; invocation by invocation along what each tensor has in the run.
// Accumulation: a fixed share by lib/cascade, tensor after tensor, then a fixed tree, in f32.

struct Params {
  // How many sums, elements of a run, the place of the first sum, elements that others lie beside.
  sums: u32,
  run: u32,
  first: u32,
  watched: u32,
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
  if (i >= params.watched) {
    return value * value;
  }
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
  if (group >= params.sums) {
    return;
  }
  let begin = group * params.run;
  let end = begin + params.run;
  var total = 0.0;
  for (var s = 0u; s < $(SEGMENTS)u; s++) {
    let segment = params.segments[s];
    total += cascade(0u, max(begin, segment.x) + lane, min(end, segment.y), $(THREADS)u, 0.0);
  }
  let sum = over_workgroup(total, lane);
  if (lane == 0u) {
    out[params.first + group] = sum;
  }
}
