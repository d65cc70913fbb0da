// Reduces along any dimensions, an invocation for each output (or for each part of one).
//
// Bindings: x, out [parts, outputs] of TYPE.
// Constants: TYPE; COMBINE, an expression of a and b; KEPT and REDUCED, how many dimensions of each kind; SCALED 1
//   where the result is multiplied by params.scale (a mean); THREADS.
// Mapping: invocation part · outputs + o combines elements part · chunk … of output o.
// Accumulation: one after the other in f32: relative error ≤ chunk · ε for terms of one sign.

struct Params {
  outputs: u32,
  parts: u32,
  count: u32,
  chunk: u32,
  neutral: $(TYPE),
  scale: f32,
#for d in 0..KEPT
  kept_size_$(d): u32,
  kept_stride_$(d): u32,
#end
#for d in 0..REDUCED
  reduced_size_$(d): u32,
  reduced_stride_$(d): u32,
#end
}

@group(0) @binding(0) var<storage, read> x: array<$(TYPE)>;
@group(0) @binding(1) var<storage, read_write> out: array<$(TYPE)>;
@group(0) @binding(2) var<uniform> params: Params;

fn combine(a: $(TYPE), b: $(TYPE)) -> $(TYPE) {
  return $(COMBINE);
}

// Where output o starts in x.
fn start_of(o: u32) -> u32 {
  var rest = o;
  var at = 0u;
#for r in 1..KEPT + 1
  at += (rest % params.kept_size_$(KEPT - r)) * params.kept_stride_$(KEPT - r);
  rest = rest / params.kept_size_$(KEPT - r);
#end
  return at;
}

// How far element k of an output is from its start.
fn distance_of(k: u32) -> u32 {
#if REDUCED == 1
  return k * params.reduced_stride_0;
#else
  var rest = k;
  var at = 0u;
#for r in 1..REDUCED + 1
  at += (rest % params.reduced_size_$(REDUCED - r)) * params.reduced_stride_$(REDUCED - r);
  rest = rest / params.reduced_size_$(REDUCED - r);
#end
  return at;
#end
}

@compute @workgroup_size($(THREADS))
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {
  let i = id.x + id.y * workgroups.x * $(THREADS)u;
  if (i >= params.outputs * params.parts) {
    return;
  }
  let start = start_of(i % params.outputs);
  let first = (i / params.outputs) * params.chunk;
  let end = min(first + params.chunk, params.count);
  var total = params.neutral;
  for (var k = first; k < end; k++) {
    total = combine(total, x[start + distance_of(k)]);
  }
#if SCALED
  total *= params.scale;
#end
  out[i] = total;
}
