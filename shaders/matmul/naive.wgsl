// Matrix product in its plainest form, an invocation per output: what the fast variants are checked against, and
// the kernel for products too small to tile.
//
// Bindings: a f32[batch, M, K] (or [batch, K, M] where TRANSPOSE_A), b f32[batch, K, N] (or [batch, N, K]
//   where TRANSPOSE_B), what an epilogue reads, out f32[batch, M, N]; params.
// Constants: TRANSPOSE_A, TRANSPOSE_B; those of lib/epilogue.
// Mapping: workgroup_id.x + y · num_workgroups.x is a block of 64 outputs in memory order; z is the batch.
// Accumulation: f32, k ascending; error ≤ K · 2⁻²⁴ relative to Σ|a||b|.
// Source: the definition.

#include lib/product
#include lib/product_elements

alias Value = f32;
#include lib/epilogue

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let at = (group.x + group.y * groups.x) * 64u + thread;
  if (at >= params.m * params.n) {
    return;
  }
  let row = at / params.n;
  let column = at % params.n;
  let a_base = params.a_base + group.z * params.a_batch;
  let b_base = params.b_base + group.z * params.b_batch;
  var sum = 0.0;
  for (var k = 0u; k < params.k; k++) {
    sum += a_at(a_base, row, k) * b_at(b_base, k, column);
  }
  let place = params.out_base + group.z * params.m * params.n + at;
  out[place] = finished(place, column, sum);
}
