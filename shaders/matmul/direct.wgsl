// Matrix product without workgroup memory: every invocation keeps a register tile of the output and reads
// its operands straight from storage. The fast variant on software adapters, where a barrier is a switch of
// fibres and a load costs as much as about 4 multiply-adds for each component, also one of a parameter: large tiles,
// few loads.
//
// Bindings: a f32[batch, M, K] (or [batch, K, M] where TRANSPOSE_A), b f32[batch, K, N] (or [batch, N, K]
//   where TRANSPOSE_B), what an epilogue reads, out f32[batch, M, N] or, where SPLITS > 1, partial sums
//   f32[SPLITS, batch, M, N]; params.
// Constants: TM × TN the register tile (TN a multiple of 4); TRANSPOSE_A, TRANSPOSE_B; VECTOR_B, VECTOR_OUT 1
//   where N is a multiple of 4 (VECTOR_B only where b is not transposed); SPLITS parts of K; those of
//   lib/epilogue; WX × WY invocations of a workgroup.
// Mapping: workgroup_id.x + y · num_workgroups.x is a tile of WY·TM rows and WX·TN columns, columns fastest;
//   workgroup_id.z = batch · SPLITS + part.
// Accumulation: f32, k ascending within a part; error ≤ K · 2⁻²⁴ relative to Σ|a||b|. Rows and columns beyond
//   the edge compute clamped elements that are never stored.
// Source: docs/kernels.md, Every kernel and Products.

#include lib/product

alias Value = vec4<f32>;
#include lib/epilogue
#include lib/store

@compute @workgroup_size($(WX), $(WY))
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_id) local: vec3<u32>,
) {
#include lib/direct_tile with rows = "params.m", GROUPED = 0
  let batch = group.z / $(SPLITS)u;
  let part = group.z % $(SPLITS)u;
  let a_base = params.a_base + batch * params.a_batch;
  let b_base = params.b_base + batch * params.b_batch;
  let k_begin = part * params.k_part;
  let k_end = min(params.k, k_begin + params.k_part);

  // Where each row of the register tile starts in a, and each column in b.
#for i in 0..TM
#if TRANSPOSE_A
  let a_at_$(i) = a_base + min(first + $(i)u, params.m - 1u);
#else
  let a_at_$(i) = a_base + min(first + $(i)u, params.m - 1u) * params.k;
#end
#end
#if VECTOR_B
#for j in 0..TN/4
  let b_at_$(j) = (b_base + min(column + $(4 * j)u, params.n - 4u)) / 4u;
#end
#else
#for j in 0..TN
#if TRANSPOSE_B
  let b_at_$(j) = b_base + min(column + $(j)u, params.n - 1u) * params.k;
#else
  let b_at_$(j) = b_base + min(column + $(j)u, params.n - 1u);
#end
#end
#end

#if TRANSPOSE_A
  let a_step = params.m;
#end
#if VECTOR_B
  let b_step = params.n / 4u;
#else
  let b_step = params.n;
#end
  for (var k = k_begin; k < k_end; k++) {
#if TRANSPOSE_A
    let a_k = k * a_step;
#else
    let a_k = k;
#end
#if TRANSPOSE_B
    let b_k = k;
#else
    let b_k = k * b_step;
#end
#for j in 0..TN/4
#if VECTOR_B
    let y_$(j) = b[b_at_$(j) + b_k];
#else
    let y_$(j) = vec4<f32>(
      b[b_at_$(4 * j) + b_k], b[b_at_$(4 * j + 1) + b_k],
      b[b_at_$(4 * j + 2) + b_k], b[b_at_$(4 * j + 3) + b_k]);
#end
#end
#for i in 0..TM
    let x_$(i) = a[a_at_$(i) + a_k];
#for j in 0..TN/4
    acc_$(i)_$(j) += x_$(i) * y_$(j);
#end
#end
  }

  let base = params.out_base + (part * params.batches + batch) * params.m * params.n;
#for i in 0..TM
  if (first + $(i)u < params.m) {
    let row_at = base + (first + $(i)u) * params.n;
#for j in 0..TN/4
    let column_$(j) = column + $(4 * j)u;
    store(row_at, column_$(j), finished(row_at + column_$(j), column_$(j), acc_$(i)_$(j)));
#end
  }
#end
}
