// Convolution and its gradient with respect to the input as an implicit matrix product, tiled through workgroup
// memory: matmul/tiled with an operand that is gathered. A position of the output is decomposed once, an index of k
// into filter position and channel once for a block of 4 × 4. The gradient's layers z are the phases of the stride,
// so that nothing is multiplied by inserted zeros.
//
// Bindings: source (x f32[N, H, W, C], or g f32[N, OH, OW, OC] where GRADIENT), w f32[KH, KW, C, OC], bias f32[OC]
//   where BIAS, out (f32[N, OH, OW, OC], or f32[N, H, W, C] where GRADIENT); params.
// Constants: BM, BN, BK the tile, multiples of 4; TM, TN the register tile, 4 or 8; UNROLL steps of k unrolled, a
//   divisor of BK; GRADIENT 0 or 1; VECTOR_A 1 where the source's channels are a multiple of 4; VECTOR_W
//   1 where OC is, VECTOR_OUT 1 where those of out are; BIAS 0 or 1; ACTIVATION 0 none, 1 relu, 2 tanh, 3 sigmoid.
// Mapping: workgroup_id.x + y · num_workgroups.x is the tile of positions × channels, channels fastest;
//   workgroup_id.z is the phase of the gradient. Invocations own register tiles as in matmul/tiled.
// Accumulation: f32 FMA, k ascending; error ≤ KH·KW·C · 2⁻²⁴ relative to Σ|x||w|.
// Source: KERNELS.md 4.

struct Params {
  // The product: rows m (positions of the output), columns n (its channels), k (positions of the filter × channels
  // of the source).
  m: u32,
  n: u32,
  // The source, x forward and g backward: [images, source_height, source_width, source_channels].
  source_height: u32,
  source_width: u32,
  source_channels: u32,
  // The output.
  out_height: u32,
  out_width: u32,
  // The filter: [filter_height, filter_width, C, OC]; from one step of k (column) to the next in it.
  filter_height: u32,
  filter_width: u32,
  filter_k: u32,
  filter_n: u32,
  stride_rows: u32,
  stride_columns: u32,
  // Zeros before the first row and column of x.
  pad_rows: u32,
  pad_columns: u32,
  tiles_n: u32,
}

#if VECTOR_A
@group(0) @binding(0) var<storage, read> source: array<vec4<f32>>;
#else
@group(0) @binding(0) var<storage, read> source: array<f32>;
#end
#if VECTOR_W
@group(0) @binding(1) var<storage, read> w: array<vec4<f32>>;
#else
@group(0) @binding(1) var<storage, read> w: array<f32>;
#end
#if BIAS
@group(0) @binding(2) var<storage, read> bias: array<f32>;
#end
#if VECTOR_OUT
@group(0) @binding($(2 + BIAS)) var<storage, read_write> out: array<vec4<f32>>;
#else
@group(0) @binding($(2 + BIAS)) var<storage, read_write> out: array<f32>;
#end
@group(0) @binding($(3 + BIAS)) var<uniform> params: Params;

const A_BLOCKS = $(BM * BK / 16)u;
const BLOCKS = $((BM + BN) * BK / 16)u;
const THREADS = $(BM * BN / TM / TN)u;
const B_START = $(BK * BM / 4)u;

// The gathered operand as [BK][BM / 4], then the other one as [BK][BN / 4].
var<workgroup> tile: array<vec4<f32>, $(BK * (BM + BN) / 4)>;

fn activate(x: vec4<f32>) -> vec4<f32> {
#if ACTIVATION == 1
  return select(x, vec4<f32>(0.0), x < vec4<f32>(0.0));
#end
#if ACTIVATION == 2
  // The quotient loses relative accuracy near 0, where the series is exact to 2⁻²⁴.
  let s = x * x;
  let series = x * (1.0 - s * (0.33333333 - s * (0.13333333 - s * 0.053968254)));
  let e = exp(-2.0 * abs(x));
  return select(sign(x) * (1.0 - e) / (1.0 + e), series, abs(x) < vec4<f32>(0.15));
#end
#if ACTIVATION == 3
  let e = exp(-abs(x));
  return select(vec4<f32>(1.0), e, x < vec4<f32>(0.0)) / (1.0 + e);
#end
#if ACTIVATION == 0
  return x;
#end
}

fn bias_at(column: u32) -> vec4<f32> {
#if BIAS
  let last = params.n - 1u;
  return vec4<f32>(
    bias[min(column, last)],
    bias[min(column + 1u, last)],
    bias[min(column + 2u, last)],
    bias[min(column + 3u, last)]);
#else
  return vec4<f32>(0.0);
#end
}

fn store(place: u32, column: u32, sum: vec4<f32>, shift: vec4<f32>) {
  if (column >= params.n) {
    return;
  }
  let value = activate(sum + shift);
  let at = place * params.n + column;
#if VECTOR_OUT
  out[at / 4u] = value;
#else
  out[at] = value.x;
  if (column + 1u < params.n) {
    out[at + 1u] = value.y;
  }
  if (column + 2u < params.n) {
    out[at + 2u] = value.z;
  }
  if (column + 3u < params.n) {
    out[at + 3u] = value.w;
  }
#end
}

// Where the source is read for one position of the output.
struct Place {
  // First element of the image, source row and column of the first position of the filter.
  image: u32,
  row: i32,
  column: i32,
  // The position itself: an index of out without channels.
  out: u32,
}

// Forward: windows start at stride · position - padding. Backward: with p = position + padding, only filter
// positions ≡ p modulo stride meet a window; `phase` is p modulo stride, the same for a whole dispatch layer z.
fn place_of(m: u32, phase: vec2<u32>) -> Place {
#if GRADIENT
  let size = phase_size(phase);
  let first = first_of(phase);
  let column = first.y + (m % size.y) * params.stride_columns;
  let row = first.x + (m / size.y % size.x) * params.stride_rows;
  let image = m / (size.x * size.y);
  return Place(
    image * params.source_height * params.source_width * params.source_channels,
    i32((row + params.pad_rows) / params.stride_rows),
    i32((column + params.pad_columns) / params.stride_columns),
    (image * params.out_height + row) * params.out_width + column);
#else
  let column = m % params.out_width;
  let row = m / params.out_width % params.out_height;
  let image = m / (params.out_width * params.out_height);
  return Place(
    image * params.source_height * params.source_width * params.source_channels,
    i32(row * params.stride_rows) - i32(params.pad_rows),
    i32(column * params.stride_columns) - i32(params.pad_columns),
    m);
#end
}

#if GRADIENT
// The first row and column of the output that are of a phase.
fn first_of(phase: vec2<u32>) -> vec2<u32> {
  let stride = vec2<u32>(params.stride_rows, params.stride_columns);
  let pad = vec2<u32>(params.pad_rows, params.pad_columns) % stride;
  return (phase + stride - pad) % stride;
}

// How many rows and columns of the output are of a phase.
fn phase_size(phase: vec2<u32>) -> vec2<u32> {
  let stride = vec2<u32>(params.stride_rows, params.stride_columns);
  let size = vec2<u32>(params.out_height, params.out_width);
  return (size + stride - vec2<u32>(1u) - first_of(phase)) / stride;
}
#end

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
  // Filter positions that meet this phase: from tap_first in steps of tap_step.
#if GRADIENT
  let phase = vec2<u32>(group.z / params.stride_columns, group.z % params.stride_columns);
  let size = phase_size(phase);
  let rows = params.m / (params.out_height * params.out_width) * size.x * size.y;
  let tap_step = vec2<u32>(params.stride_rows, params.stride_columns);
  let taps = (vec2<u32>(params.filter_height, params.filter_width) + tap_step - vec2<u32>(1u) - phase) / tap_step;
#else
  let phase = vec2<u32>(0u);
  let rows = params.m;
  let tap_step = vec2<u32>(1u);
  let taps = vec2<u32>(params.filter_height, params.filter_width);
#end
  let place = group.x + group.y * groups.x;
  let first_row = (place / params.tiles_n) * $(BM)u;
  let first_column = (place % params.tiles_n) * $(BN)u;
  // The same for a whole workgroup, as barriers ask.
  if (first_row >= rows) {
    return;
  }
  let k_end = taps.x * taps.y * params.source_channels;
  // The blocks of 4 × 4 that this invocation stages: what they are made of, their first k, their place in the tile.
#for r in 0..((BM + BN) * BK / 16 + BM * BN / TM / TN - 1) / (BM * BN / TM / TN)
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
#for r in 0..((BM + BN) * BK / 16 + BM * BN / TM / TN - 1) / (BM * BN / TM / TN)
      if (is_a_$(r)) {
        next_$(r) = load_a(image_$(r), row_$(r), column_$(r), 0u + k_at_$(r), k_end, taps.y);
      } else {
        next_$(r) = load_b(channel_$(r), 0u + k_at_$(r), k_end, taps.y, phase, tap_step);
      }
#end
  }
  for (var k = 0u; k < k_end; k += $(BK)u) {
    // Every invocation has multiplied the tile that is overwritten now.
    workgroupBarrier();
#for r in 0..((BM + BN) * BK / 16 + BM * BN / TM / TN - 1) / (BM * BN / TM / TN)
    if (block_$(r) < BLOCKS) {
#for c in 0..4
      tile[tile_at_$(r) + $(c)u * tile_step_$(r)] = next_$(r)[$(c)];
#end
    }
#end
    // The tile is complete.
    workgroupBarrier();
    if (k + $(BK)u < k_end) {
#for r in 0..((BM + BN) * BK / 16 + BM * BN / TM / TN - 1) / (BM * BN / TM / TN)
      if (is_a_$(r)) {
        next_$(r) = load_a(image_$(r), row_$(r), column_$(r), k + $(BK)u + k_at_$(r), k_end, taps.y);
      } else {
        next_$(r) = load_b(channel_$(r), k + $(BK)u + k_at_$(r), k_end, taps.y, phase, tap_step);
      }
#end
    }
#if UNROLL < BK
    for (var step = 0u; step < $(BK)u; step += $(UNROLL)u) {
      let a_at = step * $(BM / 4)u + local.y;
      let b_at = B_START + step * $(BN / 4)u + local.x;
#else
    {
      let a_at = local.y;
      let b_at = B_START + local.x;
#end
#for s in 0..UNROLL
#for i in 0..TM/4
      let x_$(s)_$(i) = tile[a_at + $(s * BM / 4 + i * BM / TM)u];
#end
#for j in 0..TN/4
      let y_$(s)_$(j) = tile[b_at + $(s * BN / 4 + j * BN / TN)u];
#end
#for i in 0..TM
#for j in 0..TN/4
      acc_$(i)_$(j) = fma(vec4<f32>(x_$(s)_$(i / 4)[$(i % 4)]), y_$(s)_$(j), acc_$(i)_$(j));
#end
#end
#end
    }
  }

#for j in 0..TN/4
  let channel_of_$(j) = first_column + $(j * BN / TN * 4)u + 4u * local.x;
  let shift_$(j) = bias_at(channel_of_$(j));
#end
#for i in 0..TM
  let m_$(i) = first_row + $(i / 4 * BM / TM * 4 + i % 4)u + 4u * local.y;
  if (m_$(i) < rows) {
    let at = place_of(m_$(i), phase).out;
#for j in 0..TN/4
    store(at, channel_of_$(j), acc_$(i)_$(j), shift_$(j));
#end
  }
#end
}
