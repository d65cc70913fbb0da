// Gradient of a convolution with respect to its filter as an implicit matrix product, tiled through workgroup
// memory: matmul/tiled with a transposed left operand that is gathered from x. The sum over all windows is split into
// parts for matmul/sum_partials.
//
// Bindings: x f32[N, H, W, C], g f32[N, OH, OW, OC], out f32[KH, KW, C, OC], or f32[parts, KH, KW, C, OC] where there
//   is more than one part, sums f32[OC] where SUMS is 1; params.
// Constants: BM, BN, BK the tile, multiples of 4; TM, TN the register tile, 4 or 8; UNROLL steps of k unrolled, a
//   divisor of BK; VECTOR_X 1 where C is a multiple of 4; VECTOR_G, VECTOR_OUT 1 where OC is;
//   SUMS 0, or 1 or 2 where the sums of g over all windows are wanted too, in a binding of their own or in one more row
//   of every part (lib/column_sums).
// Mapping: workgroup_id.x + y · num_workgroups.x is the tile of (filter position, channel) × OC, columns fastest;
//   workgroup_id.z is the part. Invocations own register tiles as in matmul/tiled.
// Accumulation: f32 FMA, windows in memory order within a part; error ≤ N·OH·OW · 2⁻²⁴ relative to Σ|x||g|.
// Source: Chetlur et al. 2014; docs/kernels.md, Convolution.

#include lib/conv_filter
#include lib/store
#include lib/tile

// Four windows from `k` (columns) for four rows: their distance down, right and in elements from a window's start.
fn load_a(down: vec4<i32>, right: vec4<i32>, away: vec4<i32>, k: u32, k_end: u32) -> mat4x4<f32> {
  var block: mat4x4<f32>;
#for c in 0..4
  {
    let window = min(k + $(c)u, params.length - 1u);
    let line = window / params.out_width;
    let left = i32((window % params.out_width) * params.stride_columns);
    let top = i32((line % params.out_height) * params.stride_rows);
    let image = i32(line / params.out_height * params.height);
    let start = ((image + top) * i32(params.width) + left) * i32(params.channels);
    let is_k = k + $(c)u < k_end;
#if VECTOR_X
    let is_inside = is_k && u32(top + down.x) < params.height && u32(left + right.x) < params.width;
    block[$(c)] = select(vec4<f32>(0.0), x[select(0u, u32(start + away.x) / 4u, is_inside)], is_inside);
#else
    let is_inside = vec4<bool>(is_k) & (vec4<u32>(vec4<i32>(top) + down) < vec4<u32>(params.height))
      & (vec4<u32>(vec4<i32>(left) + right) < vec4<u32>(params.width));
    let at = select(vec4<u32>(0u), vec4<u32>(vec4<i32>(start) + away), is_inside);
    block[$(c)] = select(vec4<f32>(0.0), vec4<f32>(x[at.x], x[at.y], x[at.z], x[at.w]), is_inside);
#end
  }
#end
  return block;
}

// Four windows from `k` (columns) of the four channels of g from `first`.
fn load_b(first: u32, k: u32, k_end: u32) -> mat4x4<f32> {
  var block: mat4x4<f32>;
#for c in 0..4
  {
    let base = min(k + $(c)u, params.length - 1u) * params.n;
#if VECTOR_G
    let row = g[(base + min(first, params.n - 4u)) / 4u];
#else
    let at = vec4<u32>(base) + min(vec4<u32>(first) + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(params.n - 1u));
    let row = vec4<f32>(g[at.x], g[at.y], g[at.z], g[at.w]);
#end
    block[$(c)] = select(vec4<f32>(0.0), row, k + $(c)u < k_end);
  }
#end
  return block;
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
  let k_begin = group.z * params.part;
  let k_end = min(params.length, k_begin + params.part);
  // The blocks of 4 × 4 that this invocation stages: what they are made of, their first k, their place in the tile.
#for r in 0..ROUNDS
  let block_$(r) = thread + $(r)u * THREADS;
  let is_a_$(r) = block_$(r) < A_BLOCKS;
  var down_$(r): vec4<i32>;
  var right_$(r): vec4<i32>;
  var away_$(r): vec4<i32>;
  var channel_$(r): u32;
  var k_at_$(r): u32;
  var tile_at_$(r): u32;
  if (is_a_$(r)) {
    let first = block_$(r) % $(BM / 4)u;
    let step = block_$(r) / $(BM / 4)u;
    let m = min(vec4<u32>(first_row + 4u * first) + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(params.m - 1u));
    let tap = m / vec4<u32>(params.channels);
    down_$(r) = vec4<i32>(tap / vec4<u32>(params.filter_width)) - vec4<i32>(i32(params.pad_rows));
    right_$(r) = vec4<i32>(tap % vec4<u32>(params.filter_width)) - vec4<i32>(i32(params.pad_columns));
    away_$(r) = (down_$(r) * i32(params.width) + right_$(r)) * i32(params.channels)
      + vec4<i32>(m % vec4<u32>(params.channels));
    k_at_$(r) = 4u * step;
    tile_at_$(r) = 4u * step * $(BM / 4)u + first;
  } else {
    let block = block_$(r) - A_BLOCKS;
    let first = block % $(BN / 4)u;
    let step = block / $(BN / 4)u;
    channel_$(r) = first_column + 4u * first;
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
        next_$(r) = load_a(down_$(r), right_$(r), away_$(r), k_begin + k_at_$(r), k_end);
      } else {
        next_$(r) = load_b(channel_$(r), k_begin + k_at_$(r), k_end);
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
        next_$(r) = load_a(down_$(r), right_$(r), away_$(r), k + $(BK)u + k_at_$(r), k_end);
      } else {
        next_$(r) = load_b(channel_$(r), k + $(BK)u + k_at_$(r), k_end);
      }
#end
    }
#include lib/tile_multiply
  }

  let base = group.z * (params.m + $(SUMS / 2)u) * params.n;
#if SUMS
#include lib/column_sums
#end
#for i in 0..TM
  let m_$(i) = first_row + $(i / 4 * BM / TM * 4 + i % 4)u + 4u * local.y;
  if (m_$(i) < params.m) {
#for j in 0..TN/4
    store(base + m_$(i) * params.n, first_column + $(j * BN / TN * 4)u + 4u * local.x, acc_$(i)_$(j));
#end
  }
#end
}
