// first, first + 1, first + 2 …
//
// Bindings: out [count] of TYPE.
// Constants: TYPE f32, i32 or u32; THREADS.
// Mapping: an invocation for each element; a line of workgroups.

struct Params {
  count: u32,
  first: u32,
}

@group(0) @binding(0) var<storage, read_write> out: array<$(TYPE)>;
@group(0) @binding(1) var<uniform> params: Params;

@compute @workgroup_size($(THREADS))
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {
  let i = id.x + id.y * workgroups.x * $(THREADS)u;
  if (i < params.count) {
    out[i] = $(TYPE)(params.first + i);
  }
}
