// Convolution and its gradient with respect to the input, without workgroup memory: every invocation keeps a
// register tile of positions × channels of the output and reads straight from storage. For software adapters, where
// a barrier and a load are dear, and for few source channels. The gradient gathers: every position of x visits the
// windows over it, and stride s is s² layers of positions that meet the same part of the filter, so that nothing
// is multiplied by inserted zeros.
//
// Bindings: source (x f32[N, H, W, C], or g f32[N, OH, OW, OC] where GRADIENT), w f32[KH, KW, C, OC], bias f32[OC]
//   where BIAS, out (f32[N, OH, OW, OC], or f32[N, H, W, C] where GRADIENT); params.
// Constants: TM positions × TN channels (a multiple of 4) of an invocation; GRADIENT 0 or 1; VECTOR_W, VECTOR_OUT 1
//   where the channels of out are a multiple of 4 (VECTOR_W only forward); BIAS 0 or 1; ACTIVATION 0 none, 1 relu,
//   2 tanh, 3 sigmoid; WX × WY invocations of a workgroup.
// Mapping: workgroup_id.x + y · num_workgroups.x is a tile of WY·TM positions and WX·TN channels, channels fastest;
//   workgroup_id.z is the phase of the gradient.
// Accumulation: f32, filter positions ascending, then channels; error ≤ KH·KW·C · 2⁻²⁴ relative to Σ|x||w|.
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

@group(0) @binding(0) var<storage, read> source: array<f32>;
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

@compute @workgroup_size($(WX), $(WY))
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_id) local: vec3<u32>,
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
  let tile = group.x + group.y * groups.x;
  let first = ((tile / params.tiles_n) * $(WY)u + local.y) * $(TM)u;
  let column = ((tile % params.tiles_n) * $(WX)u + local.x) * $(TN)u;
  if (first >= rows || column >= params.n) {
    return;
  }
#for i in 0..TM
  let place_$(i) = place_of(min(first + $(i)u, rows - 1u), phase);
#end
#if VECTOR_W
#for j in 0..TN/4
  let w_at_$(j) = min(column + $(4 * j)u, params.n - 4u) / 4u;
#end
#else
#for j in 0..TN
  let w_at_$(j) = min(column + $(j)u, params.n - 1u) * params.filter_n;
#end
#end
#for i in 0..TM
#for j in 0..TN/4
  var acc_$(i)_$(j) = vec4<f32>(0.0);
#end
#end
  let filter_plane = params.source_channels * params.n;
  for (var tap_row = 0u; tap_row < taps.x; tap_row++) {
    for (var tap_column = 0u; tap_column < taps.y; tap_column++) {
      let filter_row = phase.x + tap_row * tap_step.x;
      let filter_column = phase.y + tap_column * tap_step.y;
      let w_tap = (filter_row * params.filter_width + filter_column) * filter_plane;
#for i in 0..TM
#if GRADIENT
      let row_$(i) = place_$(i).row - i32(tap_row);
      let column_$(i) = place_$(i).column - i32(tap_column);
#else
      let row_$(i) = place_$(i).row + i32(tap_row);
      let column_$(i) = place_$(i).column + i32(tap_column);
#end
      // As unsigned numbers, rows above the image are large.
      let is_inside_$(i) = u32(row_$(i)) < params.source_height && u32(column_$(i)) < params.source_width;
      let at_$(i) = select(
        0u,
        place_$(i).image + (u32(row_$(i)) * params.source_width + u32(column_$(i))) * params.source_channels,
        is_inside_$(i));
#end
      for (var c = 0u; c < params.source_channels; c++) {
        let w_k = w_tap + c * params.filter_k;
#for j in 0..TN/4
#if VECTOR_W
        let y_$(j) = w[w_at_$(j) + w_k / 4u];
#else
        let y_$(j) = vec4<f32>(
          w[w_at_$(4 * j) + w_k], w[w_at_$(4 * j + 1) + w_k],
          w[w_at_$(4 * j + 2) + w_k], w[w_at_$(4 * j + 3) + w_k]);
#end
#end
#for i in 0..TM
        let x_$(i) = select(0.0, source[at_$(i) + c], is_inside_$(i));
#for j in 0..TN/4
        acc_$(i)_$(j) += x_$(i) * y_$(j);
#end
#end
      }
    }
  }
#for j in 0..TN/4
  let shift_$(j) = bias_at(column + $(4 * j)u);
#end
#for i in 0..TM
  if (first + $(i)u < rows) {
#for j in 0..TN/4
    store(place_$(i).out, column + $(4 * j)u, acc_$(i)_$(j), shift_$(j));
#end
  }
#end
}
