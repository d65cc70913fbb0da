// Reduces along any dimensions, a workgroup for each output (or for each part of one): for long contiguous runs.
//
// Bindings: x, out [parts, outputs] of TYPE.
// Constants: TYPE; COMBINE, an expression of a and b; KEPT and REDUCED, how many dimensions of each kind; SCALED 1
//   where the result is multiplied by params.scale (a mean); THREADS, a power of two.
// Mapping: workgroup part · outputs + o combines elements part · chunk … of output o, neighbours by neighbours.
// Accumulation: every THREADS-th element by lib/cascade, then a fixed tree, in f32.

#include lib/reduce

#include lib/workgroup_tree

@compute @workgroup_size($(THREADS))
fn main(
  @builtin(workgroup_id) id: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = id.x + id.y * workgroups.x;
  if (i >= params.outputs * params.parts) {
    return;
  }
  let start = start_of(i % params.outputs);
  let first = (i / params.outputs) * params.chunk;
  let end = min(first + params.chunk, params.count);
  let place = Place(start, params.reduced_stride_0);
  let total = cascade(place, first + lane, end, $(THREADS)u, params.neutral);
  var result = over_workgroup(total, lane);
  if (lane == 0u) {
#if SCALED
    result *= params.scale;
#end
    out[i] = result;
  }
}
