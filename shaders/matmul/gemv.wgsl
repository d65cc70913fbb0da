// Matrix product with few rows, on hardware: a workgroup computes COLUMNS outputs of one row, SLICES invocations
// each, whose sums are added in workgroup memory by a fixed tree. A column vector (N = 1) is lowered to it as the
// transposed product.
//
// Bindings: a f32[batch, M, K] (or [batch, K, M] where TRANSPOSE_A), b f32[batch, K, N] (or [batch, N, K]
//   where TRANSPOSE_B), what an epilogue reads, out f32[batch, M, N]; params.
// Constants: COLUMNS · SLICES invocations, both powers of 2; TRANSPOSE_A, TRANSPOSE_B; those of
//   lib/epilogue.
// Mapping: workgroup_id.x + y · num_workgroups.x = row · tiles_n + block of columns; z is the batch. Neighbouring
//   invocations are neighbours in the direction in which b is contiguous: columns, or k where it is transposed.
// Accumulation: f32, k ascending in steps of SLICES, then a tree; error ≤ (K / SLICES + log₂ SLICES) · 2⁻²⁴
//   relative to Σ|a||b|.
// Source: docs/kernels.md, Products.

#include lib/product
#include lib/product_elements

alias Value = f32;
#include lib/epilogue

// [SLICES][COLUMNS]
var<workgroup> sums: array<f32, $(COLUMNS * SLICES)>;

@compute @workgroup_size($(COLUMNS * SLICES))
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let place = group.x + group.y * groups.x;
  let row = place / params.tiles_n;
#if TRANSPOSE_B
  let lane = thread / $(SLICES)u;
  let slice = thread % $(SLICES)u;
#else
  let lane = thread % $(COLUMNS)u;
  let slice = thread / $(COLUMNS)u;
#end
  let column = (place % params.tiles_n) * $(COLUMNS)u + lane;
  let is_inside = row < params.m && column < params.n;
  let a_base = params.a_base + group.z * params.a_batch;
  let b_base = params.b_base + group.z * params.b_batch;
  var sum = 0.0;
  if (is_inside) {
    for (var k = slice; k < params.k; k += $(SLICES)u) {
      sum = fma(a_at(a_base, row, k), b_at(b_base, k, column), sum);
    }
  }
  sums[slice * $(COLUMNS)u + lane] = sum;
  // Every level of the tree reads what other invocations wrote before it.
  workgroupBarrier();
  for (var width = $(SLICES / 2)u; width > 0u; width /= 2u) {
    if (slice < width) {
      sums[slice * $(COLUMNS)u + lane] += sums[(slice + width) * $(COLUMNS)u + lane];
    }
    workgroupBarrier();
  }
  if (slice == 0u && is_inside) {
    let at = params.out_base + (group.z * params.m + row) * params.n + column;
    out[at] = finished(at, column, sums[lane]);
  }
}
