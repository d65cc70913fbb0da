// Convolution and its gradient with respect to the input as an implicit matrix product, tiled through workgroup
// memory: matmul/tiled with an operand that is gathered. A position of the output is decomposed once, an index of k
// into filter position and channel once for a block of 4 × 4. The gradient's layers z are the phases of the stride,
// so that nothing is multiplied by inserted zeros.
//
// Bindings: source (x f32[N, H, W, C], or g f32[N, OH, OW, OC] where GRADIENT), w f32[KH, KW, C, OC], what an epilogue
//   reads, out (f32[N, OH, OW, OC], or f32[N, H, W, C] where GRADIENT); params.
// Constants: BM, BN, BK the tile, multiples of 4; TM, TN the register tile, 4 or 8; UNROLL steps of k unrolled, a
//   divisor of BK; GRADIENT 0 or 1; VECTOR_A 1 where the source's channels are a multiple of 4; VECTOR_W
//   1 where OC is, VECTOR_OUT 1 where those of out are; those of lib/epilogue.
// Mapping: workgroup_id.x + y · num_workgroups.x is the tile of positions × channels, channels fastest;
//   workgroup_id.z is the phase of the gradient. Invocations own register tiles as in matmul/tiled.
// Accumulation: f32 FMA, k ascending; error ≤ KH·KW·C · 2⁻²⁴ relative to Σ|x||w|.
// Source: Chetlur et al. 2014; docs/kernels.md, Convolution.

#include lib/conv

alias Value = vec4<f32>;
#include lib/epilogue
#include lib/store
#include lib/tile

// An index of k: filter position from the first one of the phase, and channel.
struct Step {
  tap: vec2<u32>,
  channel: u32,
}

fn step_of(k: u32, tap_columns: u32) -> Step {
  let tap = k / params.source_channels;
  return Step(vec2<u32>(tap / tap_columns, tap % tap_columns), k % params.source_channels);
}

// Four steps of k from `k` (columns) for four positions.
fn load_a(image: vec4<u32>, row: vec4<i32>, column: vec4<i32>, k: u32, k_end: u32, tap_columns: u32) -> mat4x4<f32> {
  // With vectors one filter position serves all four steps.
#for c in 0..4-3*VECTOR_A
  let step_$(c) = step_of(k + $(c)u, tap_columns);
#if GRADIENT
  let row_$(c) = vec4<u32>(row - vec4<i32>(i32(step_$(c).tap.x)));
  let column_$(c) = vec4<u32>(column - vec4<i32>(i32(step_$(c).tap.y)));
#else
  let row_$(c) = vec4<u32>(row + vec4<i32>(i32(step_$(c).tap.x)));
  let column_$(c) = vec4<u32>(column + vec4<i32>(i32(step_$(c).tap.y)));
#end
  // As unsigned numbers, rows above the image are large.
  let is_inside_$(c) = (row_$(c) < vec4<u32>(params.source_height)) & (column_$(c) < vec4<u32>(params.source_width))
    & vec4<bool>(k + $(c)u < k_end);
  let at_$(c) = select(
    vec4<u32>(0u),
    image + (row_$(c) * params.source_width + column_$(c)) * params.source_channels + step_$(c).channel,
    is_inside_$(c));
#end
#if VECTOR_A
  let zero = vec4<f32>(0.0);
  return transpose(mat4x4<f32>(
    select(zero, source[at_0.x / 4u], is_inside_0.x),
    select(zero, source[at_0.y / 4u], is_inside_0.y),
    select(zero, source[at_0.z / 4u], is_inside_0.z),
    select(zero, source[at_0.w / 4u], is_inside_0.w)));
#else
  var block: mat4x4<f32>;
#for c in 0..4
  let step_values_$(c) = vec4<f32>(source[at_$(c).x], source[at_$(c).y], source[at_$(c).z], source[at_$(c).w]);
  block[$(c)] = select(vec4<f32>(0.0), step_values_$(c), is_inside_$(c));
#end
  return block;
#end
}

// Four steps of k from `k` (columns) for the four channels of the output from `first`.
fn load_b(first: u32, k: u32, k_end: u32, tap_columns: u32, phase: vec2<u32>, tap_step: vec2<u32>) -> mat4x4<f32> {
  let columns = min(vec4<u32>(first) + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(params.n - 1u)) * params.filter_n;
  var block: mat4x4<f32>;
#if GRADIENT && VECTOR_W
  let k_at = min(k, k_end - 4u);
  let step = step_of(k_at, tap_columns);
  let filter_at = phase + step.tap * tap_step;
  let base = (filter_at.x * params.filter_width + filter_at.y) * params.source_channels * params.n + step.channel;
  let at = (columns + base) / vec4<u32>(4u);
  if (k < k_end) {
    block = transpose(mat4x4<f32>(w[at.x], w[at.y], w[at.z], w[at.w]));
  }
#else
#for c in 0..4
  let k_at_$(c) = min(k + $(c)u, k_end - 1u);
#if GRADIENT
  let step_$(c) = step_of(k_at_$(c), tap_columns);
  let filter_at_$(c) = phase + step_$(c).tap * tap_step;
  let base_$(c) = (filter_at_$(c).x * params.filter_width + filter_at_$(c).y) * params.source_channels * params.n
    + step_$(c).channel * params.filter_k;
#else
  // Filter position and channel are k already, as w lies in memory.
  let base_$(c) = k_at_$(c) * params.n;
#end
#if VECTOR_W
  let row_$(c) = w[(base_$(c) + min(first, params.n - 4u)) / 4u];
#else
  let at_$(c) = columns + base_$(c);
  let row_$(c) = vec4<f32>(w[at_$(c).x], w[at_$(c).y], w[at_$(c).z], w[at_$(c).w]);
#end
  block[$(c)] = select(vec4<f32>(0.0), row_$(c), k + $(c)u < k_end);
#end
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
#include lib/conv_phase
  let place = group.x + group.y * groups.x;
  let first_row = (place / params.tiles_n) * $(BM)u;
  let first_column = (place % params.tiles_n) * $(BN)u;
  // The same for a whole workgroup, as barriers ask.
  if (first_row >= rows) {
    return;
  }
  let k_end = taps.x * taps.y * params.source_channels;
  // The blocks of 4 × 4 that this invocation stages: what they are made of, their first k, their place in the tile.
#for r in 0..ROUNDS
  let block_$(r) = thread + $(r)u * THREADS;
  let is_a_$(r) = block_$(r) < A_BLOCKS;
  var image_$(r): vec4<u32>;
  var row_$(r): vec4<i32>;
  var column_$(r): vec4<i32>;
  var channel_$(r): u32;
  var k_at_$(r): u32;
  var tile_at_$(r): u32;
  if (is_a_$(r)) {
    let first = block_$(r) / $(BK / 4)u;
    let step = block_$(r) % $(BK / 4)u;
#for i in 0..4
    let place_$(i) = place_of(min(first_row + 4u * first + $(i)u, rows - 1u), phase);
#end
    image_$(r) = vec4<u32>(place_0.image, place_1.image, place_2.image, place_3.image);
    row_$(r) = vec4<i32>(place_0.row, place_1.row, place_2.row, place_3.row);
    column_$(r) = vec4<i32>(place_0.column, place_1.column, place_2.column, place_3.column);
    k_at_$(r) = 4u * step;
    tile_at_$(r) = 4u * step * $(BM / 4)u + first;
  } else {
    let block = block_$(r) - A_BLOCKS;
#if GRADIENT
    let first = block / $(BK / 4)u;
    let step = block % $(BK / 4)u;
#else
    let first = block % $(BN / 4)u;
    let step = block / $(BN / 4)u;
#end
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

  if (0u < k_end) {
#for r in 0..ROUNDS
      if (is_a_$(r)) {
        next_$(r) = load_a(image_$(r), row_$(r), column_$(r), 0u + k_at_$(r), k_end, taps.y);
      } else {
        next_$(r) = load_b(channel_$(r), 0u + k_at_$(r), k_end, taps.y, phase, tap_step);
      }
#end
  }
  for (var k = 0u; k < k_end; k += $(BK)u) {
#include lib/tile_stage
    if (k + $(BK)u < k_end) {
#for r in 0..ROUNDS
      if (is_a_$(r)) {
        next_$(r) = load_a(image_$(r), row_$(r), column_$(r), k + $(BK)u + k_at_$(r), k_end, taps.y);
      } else {
        next_$(r) = load_b(channel_$(r), k + $(BK)u + k_at_$(r), k_end, taps.y, phase, tap_step);
      }
#end
    }
#include lib/tile_multiply
  }

#for j in 0..TN/4
  let channel_of_$(j) = first_column + $(j * BN / TN * 4)u + 4u * local.x;
#end
#for i in 0..TM
  let m_$(i) = first_row + $(i / 4 * BM / TM * 4 + i % 4)u + 4u * local.y;
  if (m_$(i) < rows) {
    let at = place_of(m_$(i), phase).out * params.n;
#for j in 0..TN/4
    store(at, channel_of_$(j), finished(at + channel_of_$(j), channel_of_$(j), acc_$(i)_$(j)));
#end
  }
#end
}
