// Matrix product, tiled through workgroup memory: the fast variant on hardware. A workgroup computes BM × BN
// outputs, an invocation TM × TN of them in registers. Both operands are staged k-major, so that NN, NT, TN and
// TT differ only in how a block of 4 × 4 elements is loaded. The next tile is loaded into registers while the
// current one is multiplied; a second copy in workgroup memory has been seen to hurt.
//
// Bindings: a f32[batch, M, K] (or [batch, K, M] where TRANSPOSE_A), b f32[batch, K, N] (or [batch, N, K]
//   where TRANSPOSE_B), what an epilogue reads, out f32[batch, M, N] or, where SPLITS > 1, partial sums
//   f32[SPLITS, batch, M, N], sums f32[N] where SUMS is 1; params.
// Constants: BM, BN, BK the tile, multiples of 4; TM, TN the register tile, 4 or 8; UNROLL steps of k unrolled, a
//   divisor of BK; TRANSPOSE_A, TRANSPOSE_B; VECTOR_A, VECTOR_B, VECTOR_OUT 1 where that operand's contiguous
//   dimension is a multiple of 4; K_TAIL 0 where K is a multiple of BK; SPLITS parts of K; those of
//   lib/epilogue; SUMS 0, or 1 or 2 where the sums of b's columns are wanted too, in a
//   binding of their own or in one more row of every part (lib/column_sums; no batch, b not transposed).
// Mapping: workgroup_id.x + y · num_workgroups.x is the tile, columns fastest; workgroup_id.z = batch · SPLITS +
//   part. Invocation (x, y) owns rows i·BM/(TM/4) + 4·y + 0…3 and the columns alike: neighbours read neighbouring
//   vectors of workgroup memory, without bank conflicts.
// Accumulation: f32 FMA, k ascending within a part; error ≤ K · 2⁻²⁴ relative to Σ|a||b|. Rows and columns beyond
//   the edge compute clamped elements that are never stored; k beyond the edge is loaded as 0 on both sides.
// Source: docs/kernels.md, Products.

#include lib/product

alias Value = vec4<f32>;
#include lib/epilogue
#include lib/store
#include lib/tile

// Where four neighbouring rows (columns) from `first` start in an operand. Along k where it is not contiguous
// in that direction, so that an element is at origin + k · stride.
fn origin_a(base: u32, first: u32) -> vec4<u32> {
  let at = vec4<u32>(first) + vec4<u32>(0u, 1u, 2u, 3u);
#if TRANSPOSE_A
#if VECTOR_A
  return vec4<u32>(base + min(first, params.m - 4u));
#else
  return vec4<u32>(base) + min(at, vec4<u32>(params.m - 1u));
#end
#else
  return vec4<u32>(base) + min(at, vec4<u32>(params.m - 1u)) * params.k;
#end
}

fn origin_b(base: u32, first: u32) -> vec4<u32> {
  let at = vec4<u32>(first) + vec4<u32>(0u, 1u, 2u, 3u);
#if TRANSPOSE_B
  return vec4<u32>(base) + min(at, vec4<u32>(params.n - 1u)) * params.k;
#else
#if VECTOR_B
  return vec4<u32>(base + min(first, params.n - 4u));
#else
  return vec4<u32>(base) + min(at, vec4<u32>(params.n - 1u));
#end
#end
}

// Four steps of k from `k` (its columns) of four rows of a.
fn load_a(origin: vec4<u32>, k: u32) -> mat4x4<f32> {
#if !TRANSPOSE_A
#if VECTOR_A
#if K_TAIL
  let at = (origin + vec4<u32>(min(k, params.k - 4u))) / vec4<u32>(4u);
  let block = transpose(mat4x4<f32>(a[at.x], a[at.y], a[at.z], a[at.w]));
  if (k >= params.k) {
    return mat4x4<f32>();
  }
  return block;
#else
  let at = (origin + vec4<u32>(k)) / vec4<u32>(4u);
  return transpose(mat4x4<f32>(a[at.x], a[at.y], a[at.z], a[at.w]));
#end
#else
  var block: mat4x4<f32>;
#for c in 0..4
  let at_$(c) = origin + vec4<u32>(min(k + $(c)u, params.k - 1u));
  let step_$(c) = vec4<f32>(a[at_$(c).x], a[at_$(c).y], a[at_$(c).z], a[at_$(c).w]);
#if K_TAIL
  block[$(c)] = select(vec4<f32>(0.0), step_$(c), k + $(c)u < params.k);
#else
  block[$(c)] = step_$(c);
#end
#end
  return block;
#end
#else
  var block: mat4x4<f32>;
#for c in 0..4
#if K_TAIL
  let row_$(c) = min(k + $(c)u, params.k - 1u) * params.m;
#else
  let row_$(c) = (k + $(c)u) * params.m;
#end
#if VECTOR_A
  let step_$(c) = a[(origin.x + row_$(c)) / 4u];
#else
  let at_$(c) = origin + vec4<u32>(row_$(c));
  let step_$(c) = vec4<f32>(a[at_$(c).x], a[at_$(c).y], a[at_$(c).z], a[at_$(c).w]);
#end
#if K_TAIL
  block[$(c)] = select(vec4<f32>(0.0), step_$(c), k + $(c)u < params.k);
#else
  block[$(c)] = step_$(c);
#end
#end
  return block;
#end
}

// Four steps of k from `k` (its columns) of four rows of b.
fn load_b(origin: vec4<u32>, k: u32) -> mat4x4<f32> {
#if TRANSPOSE_B
#if VECTOR_B
#if K_TAIL
  let at = (origin + vec4<u32>(min(k, params.k - 4u))) / vec4<u32>(4u);
  let block = transpose(mat4x4<f32>(b[at.x], b[at.y], b[at.z], b[at.w]));
  if (k >= params.k) {
    return mat4x4<f32>();
  }
  return block;
#else
  let at = (origin + vec4<u32>(k)) / vec4<u32>(4u);
  return transpose(mat4x4<f32>(b[at.x], b[at.y], b[at.z], b[at.w]));
#end
#else
  var block: mat4x4<f32>;
#for c in 0..4
  let at_$(c) = origin + vec4<u32>(min(k + $(c)u, params.k - 1u));
  let step_$(c) = vec4<f32>(b[at_$(c).x], b[at_$(c).y], b[at_$(c).z], b[at_$(c).w]);
#if K_TAIL
  block[$(c)] = select(vec4<f32>(0.0), step_$(c), k + $(c)u < params.k);
#else
  block[$(c)] = step_$(c);
#end
#end
  return block;
#end
#else
  var block: mat4x4<f32>;
#for c in 0..4
#if K_TAIL
  let row_$(c) = min(k + $(c)u, params.k - 1u) * params.n;
#else
  let row_$(c) = (k + $(c)u) * params.n;
#end
#if VECTOR_B
  let step_$(c) = b[(origin.x + row_$(c)) / 4u];
#else
  let at_$(c) = origin + vec4<u32>(row_$(c));
  let step_$(c) = vec4<f32>(b[at_$(c).x], b[at_$(c).y], b[at_$(c).z], b[at_$(c).w]);
#end
#if K_TAIL
  block[$(c)] = select(vec4<f32>(0.0), step_$(c), k + $(c)u < params.k);
#else
  block[$(c)] = step_$(c);
#end
#end
  return block;
#end
}

@compute @workgroup_size($(BN / TN), $(BM / TM))
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_id) local: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let place = group.x + group.y * groups.x;
  let first_row = (place / params.tiles_n) * $(BM)u;
  let first_column = (place % params.tiles_n) * $(BN)u;
  let batch = group.z / $(SPLITS)u;
  let part = group.z % $(SPLITS)u;
  let a_base = params.a_base + batch * params.a_batch;
  let b_base = params.b_base + batch * params.b_batch;
  let k_begin = part * params.k_part;
  let k_end = min(params.k, k_begin + params.k_part);

  // The blocks of 4 × 4 that this invocation stages: their origin, their first k and their place in the tile.
  // Neighbouring invocations load neighbouring blocks in the direction in which the operand is contiguous.
#for r in 0..ROUNDS
  let block_$(r) = thread + $(r)u * THREADS;
  let is_a_$(r) = block_$(r) < A_BLOCKS;
  var origin_$(r): vec4<u32>;
  var k_at_$(r): u32;
  var tile_at_$(r): u32;
  if (is_a_$(r)) {
#if TRANSPOSE_A
    let first = block_$(r) % $(BM / 4)u;
    let step = block_$(r) / $(BM / 4)u;
#else
    let first = block_$(r) / $(BK / 4)u;
    let step = block_$(r) % $(BK / 4)u;
#end
    origin_$(r) = origin_a(a_base, first_row + 4u * first);
    k_at_$(r) = 4u * step;
    tile_at_$(r) = 4u * step * $(BM / 4)u + first;
  } else {
    let block = block_$(r) - A_BLOCKS;
#if TRANSPOSE_B
    let first = block / $(BK / 4)u;
    let step = block % $(BK / 4)u;
#else
    let first = block % $(BN / 4)u;
    let step = block / $(BN / 4)u;
#end
    origin_$(r) = origin_b(b_base, first_column + 4u * first);
    k_at_$(r) = 4u * step;
    tile_at_$(r) = B_START + 4u * step * $(BN / 4)u + first;
  }
  let tile_step_$(r) = select($(BN / 4)u, $(BM / 4)u, is_a_$(r));
  var next_$(r): mat4x4<f32>;
#end

#for i in 0..TM
#for j in 0..TN/4
  var acc_$(i)_$(j) = vec4<f32>(0.0);
#end
#end
#if SUMS
  var column_sums = vec4<f32>(0.0);
  var some_sums = vec4<f32>(0.0);
  var more_sums = vec4<f32>(0.0);
#end

  if (k_begin < k_end) {
#for r in 0..ROUNDS
    if (is_a_$(r)) {
      next_$(r) = load_a(origin_$(r), k_begin + k_at_$(r));
    } else {
      next_$(r) = load_b(origin_$(r), k_begin + k_at_$(r));
    }
#end
  }
  for (var k = k_begin; k < k_end; k += $(BK)u) {
#include lib/tile_stage
#if SUMS
#include lib/column_sums_stage
#end
    if (k + $(BK)u < k_end) {
#for r in 0..ROUNDS
      if (is_a_$(r)) {
        next_$(r) = load_a(origin_$(r), k + $(BK)u + k_at_$(r));
      } else {
        next_$(r) = load_b(origin_$(r), k + $(BK)u + k_at_$(r));
      }
#end
    }
#include lib/tile_multiply
  }

  let base = params.out_base + (part * params.batches + batch) * (params.m + $(SUMS / 2)u) * params.n;
#if SUMS
#include lib/column_sums
#end
#for j in 0..TN/4
  let column_$(j) = first_column + $(j * BN / TN * 4)u + 4u * local.x;
#end
#for i in 0..TM
  let row_$(i) = first_row + $(i / 4 * BM / TM * 4 + i % 4)u + 4u * local.y;
  if (row_$(i) < params.m) {
    let row_at = base + row_$(i) * params.n;
#for j in 0..TN/4
    store(row_at, column_$(j), finished(row_at + column_$(j), column_$(j), acc_$(i)_$(j)));
#end
  }
#end
}
