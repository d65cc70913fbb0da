// Convolution and its gradient with respect to the input as an implicit matrix product, tiled through workgroup
// memory (lib/tiled), with an operand that is gathered. A position of the output is decomposed once, an index of k
// into filter position and channel once for a block of 4 × 4. The gradient's layers z are the phases of the stride,
// so that nothing is multiplied by inserted zeros.
//
// Bindings: source (x f32[N, H, W, C], or g f32[N, OH, OW, OC] where GRADIENT), w f32[KH, KW, C, OC], what an epilogue
//   reads, out (f32[N, OH, OW, OC], or f32[N, H, W, C] where GRADIENT); params.
// Constants: GRADIENT 0 or 1; VECTOR_A 1 where the source's channels are a multiple of 4; VECTOR_W 1 where OC is,
//   VECTOR_OUT 1 where those of out are; those of lib/tiled and lib/epilogue.
// Mapping: rows are positions, columns channels; workgroup_id.z is the phase of the gradient, all else as in lib/tiled.
// Accumulation: f32 FMA, k ascending; error ≤ KH·KW·C · 2⁻²⁴ relative to Σ|x||w|.
// Source: Chetlur et al. 2014; docs/kernels.md, Convolution.

#include lib/conv

alias Value = vec4<f32>;
#include lib/epilogue
#include lib/store

struct Layer {
  rows: u32,
  k_begin: u32,
  k_end: u32,
  phase: vec2<u32>,
  taps: vec2<u32>,
  tap_step: vec2<u32>,
}

fn layer_of(z: u32) -> Layer {
#include lib/conv_phase with z = "z"
  return Layer(rows, 0u, taps.x * taps.y * params.source_channels, phase, taps, tap_step);
}

fn row_start(layer: Layer, row: u32) -> u32 {
  return place_of(row, layer.phase).out * params.n;
}

// Of four positions what they read of the source; the first of four channels.
struct Origin {
  image: vec4<u32>,
  row: vec4<i32>,
  column: vec4<i32>,
  channel: u32,
}

fn origin_a(layer: Layer, first: u32) -> Origin {
#for i in 0..4
  let place_$(i) = place_of(min(first + $(i)u, layer.rows - 1u), layer.phase);
#end
  return Origin(
    vec4<u32>(place_0.image, place_1.image, place_2.image, place_3.image),
    vec4<i32>(place_0.row, place_1.row, place_2.row, place_3.row),
    vec4<i32>(place_0.column, place_1.column, place_2.column, place_3.column),
    0u);
}

fn origin_b(layer: Layer, first: u32) -> Origin {
  return Origin(vec4<u32>(), vec4<i32>(), vec4<i32>(), first);
}

// An index of k: filter position from the first one of the phase, and channel.
struct Step {
  tap: vec2<u32>,
  channel: u32,
}

fn step_of(k: u32, tap_columns: u32) -> Step {
  let tap = k / params.source_channels;
  return Step(vec2<u32>(tap / tap_columns, tap % tap_columns), k % params.source_channels);
}

fn load_a(layer: Layer, origin: Origin, k: u32) -> mat4x4<f32> {
  // With vectors one filter position serves all four steps.
#for c in 0..4-3*VECTOR_A
  let step_$(c) = step_of(k + $(c)u, layer.taps.y);
#if GRADIENT
  let row_$(c) = vec4<u32>(origin.row - vec4<i32>(i32(step_$(c).tap.x)));
  let column_$(c) = vec4<u32>(origin.column - vec4<i32>(i32(step_$(c).tap.y)));
#else
  let row_$(c) = vec4<u32>(origin.row + vec4<i32>(i32(step_$(c).tap.x)));
  let column_$(c) = vec4<u32>(origin.column + vec4<i32>(i32(step_$(c).tap.y)));
#end
  // As unsigned numbers, rows above the image are large.
  let is_inside_$(c) = (row_$(c) < vec4<u32>(params.source_height)) & (column_$(c) < vec4<u32>(params.source_width))
    & vec4<bool>(k + $(c)u < layer.k_end);
  let at_$(c) = select(
    vec4<u32>(0u),
    origin.image + (row_$(c) * params.source_width + column_$(c)) * params.source_channels + step_$(c).channel,
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

fn load_b(layer: Layer, origin: Origin, k: u32) -> mat4x4<f32> {
  let first = origin.channel;
  let k_end = layer.k_end;
  let columns = min(vec4<u32>(first) + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(params.n - 1u)) * params.filter_n;
  var block: mat4x4<f32>;
#if GRADIENT && VECTOR_W
  let k_at = min(k, k_end - 4u);
  let step = step_of(k_at, layer.taps.y);
  let filter_at = layer.phase + step.tap * layer.tap_step;
  let base = (filter_at.x * params.filter_width + filter_at.y) * params.source_channels * params.n + step.channel;
  let at = (columns + base) / vec4<u32>(4u);
  if (k < k_end) {
    block = transpose(mat4x4<f32>(w[at.x], w[at.y], w[at.z], w[at.w]));
  }
#else
#for c in 0..4
  let k_at_$(c) = min(k + $(c)u, k_end - 1u);
#if GRADIENT
  let step_$(c) = step_of(k_at_$(c), layer.taps.y);
  let filter_at_$(c) = layer.phase + step_$(c).tap * layer.tap_step;
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

#include lib/tiled with ALONG_A = 1, ALONG_B = GRADIENT, SUMS = 0
