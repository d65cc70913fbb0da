// The gradient of a table: for each row the sum of g over the places where its id stands. The naive kernel.
//
// Bindings: ids i32[count], g [count, features], out [rows, features], f32.
// Constants: THREADS.
// Mapping: an invocation for each element of out looks at every id; a line of workgroups.
// Accumulation: in the order of the ids, f32; no atomics, so the same bits each time.

struct Params {
  size: u32,
  features: u32,
  count: u32,
}

@group(0) @binding(0) var<storage, read> ids: array<i32>;
@group(0) @binding(1) var<storage, read> g: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size($(THREADS))
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {
  let i = id.x + id.y * workgroups.x * $(THREADS)u;
  if (i >= params.size) {
    return;
  }
  let row = i32(i / params.features);
  let feature = i % params.features;
  var total = 0.0;
  for (var n = 0u; n < params.count; n++) {
    if (ids[n] == row) {
      total += g[n * params.features + feature];
    }
  }
  out[i] = total;
}
