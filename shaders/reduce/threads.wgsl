// Reduces along any dimensions, an invocation for each output (or for each part of one).
//
// Bindings: x, out [parts, outputs] of TYPE.
// Constants: TYPE; COMBINE, an expression of a and b; KEPT and REDUCED, how many dimensions of each kind; SCALED 1
//   where the result is multiplied by params.scale (a mean); THREADS.
// Mapping: invocation part · outputs + o combines elements part · chunk … of output o.
// Accumulation: lib/cascade, in f32.

#include lib/reduce

@compute @workgroup_size($(THREADS))
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {
  let i = id.x + id.y * workgroups.x * $(THREADS)u;
  if (i >= params.outputs * params.parts) {
    return;
  }
  let start = start_of(i % params.outputs);
  let first = (i / params.outputs) * params.chunk;
  let end = min(first + params.chunk, params.count);
  var total = cascade(Place(start, params.reduced_stride_0), first, end, 1u, params.neutral);
#if SCALED
  total *= params.scale;
#end
  out[i] = total;
}
