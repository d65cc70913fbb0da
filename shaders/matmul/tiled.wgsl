// Matrix product, tiled through workgroup memory (lib/tiled): the fast variant on hardware. NN, NT, TN and TT differ only in
// how a block of 4 × 4 elements is loaded.
//
// Bindings: a f32[batch, M, K] (or [batch, K, M] where TRANSPOSE_A), b f32[batch, K, N] (or [batch, N, K]
//   where TRANSPOSE_B), what an epilogue reads, out f32[batch, M, N] or, where SPLITS > 1, partial sums
//   f32[SPLITS, batch, M, N], sums f32[N] where SUMS is 1; params.
// Constants: TRANSPOSE_A, TRANSPOSE_B; VECTOR_A, VECTOR_B, VECTOR_OUT 1 where that operand's contiguous dimension is a
//   multiple of 4; K_TAIL 0 where K is a multiple of BK; SPLITS parts of K; those of lib/tiled, SUMS where there is no batch
//   and b is not transposed, and of lib/epilogue.
// Mapping: workgroup_id.z = batch · SPLITS + part, all else as in lib/tiled.
// Accumulation: f32 FMA, k ascending within a part; error ≤ K · 2⁻²⁴ relative to Σ|a||b|. Rows and columns beyond
//   the edge compute clamped elements that are never stored; k beyond the edge is loaded as 0 on both sides.
// Source: docs/kernels.md, Products.

#include lib/product

alias Value = vec4<f32>;
#include lib/epilogue
#include lib/store

struct Layer {
  rows: u32,
  k_begin: u32,
  k_end: u32,
  a_base: u32,
  b_base: u32,
  out_base: u32,
}

fn layer_of(z: u32) -> Layer {
  let batch = z / $(SPLITS)u;
  let part = z % $(SPLITS)u;
  let k_begin = part * params.k_part;
  return Layer(
    params.m,
    k_begin,
    min(params.k, k_begin + params.k_part),
    params.a_base + batch * params.a_batch,
    params.b_base + batch * params.b_batch,
    params.out_base + (part * params.batches + batch) * (params.m + $(SUMS / 2)u) * params.n);
}

fn row_start(layer: Layer, row: u32) -> u32 {
  return layer.out_base + row * params.n;
}

alias Origin = vec4<u32>;
#include lib/product_blocks with operand = "a", size = "m", ALONG = !TRANSPOSE_A, VECTOR = VECTOR_A
#include lib/product_blocks with operand = "b", size = "n", ALONG = TRANSPOSE_B, VECTOR = VECTOR_B

#include lib/tiled with ALONG_A = !TRANSPOSE_A, ALONG_B = TRANSPOSE_B
