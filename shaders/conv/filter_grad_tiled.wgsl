// Gradient of a convolution with respect to its filter as an implicit matrix product, tiled through workgroup
// memory (lib/tiled), with a transposed left operand that is gathered from x. The sum over all windows is split into parts
// for matmul/sum_partials.
//
// Bindings: x f32[N, H, W, C], g f32[N, OH, OW, OC], out f32[KH, KW, C, OC], or f32[parts, KH, KW, C, OC] where there
//   is more than one part, sums f32[OC] where SUMS is 1; params.
// Constants: VECTOR_X 1 where C is a multiple of 4; VECTOR_G, VECTOR_OUT 1 where OC is; those of lib/tiled, SUMS for those of
//   g over all windows.
// Mapping: rows are (filter position, channel), columns OC; workgroup_id.z is the part, all else as in lib/tiled.
// Accumulation: f32 FMA, windows in memory order within a part; error ≤ N·OH·OW · 2⁻²⁴ relative to Σ|x||g|.
// Source: Chetlur et al. 2014; docs/kernels.md, Convolution.

#include lib/conv_filter

alias Value = vec4<f32>;
#include lib/epilogue with EPILOGUE = ""
#include lib/store

struct Layer {
  rows: u32,
  k_begin: u32,
  k_end: u32,
  out_base: u32,
}

fn layer_of(z: u32) -> Layer {
  let k_begin = z * params.part;
  let end = min(params.length, k_begin + params.part);
  return Layer(params.m, k_begin, end, z * (params.m + $(SUMS / 2)u) * params.n);
}

fn row_start(layer: Layer, row: u32) -> u32 {
  return layer.out_base + row * params.n;
}

// Of four rows their distance down, right and in elements from a window's start; the first of four channels of g.
struct Origin {
  down: vec4<i32>,
  right: vec4<i32>,
  away: vec4<i32>,
  channel: u32,
}

fn origin_a(layer: Layer, first: u32) -> Origin {
  let m = min(vec4<u32>(first) + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(params.m - 1u));
  let tap = m / vec4<u32>(params.channels);
  let down = vec4<i32>(tap / vec4<u32>(params.filter_width)) - vec4<i32>(i32(params.pad_rows));
  let right = vec4<i32>(tap % vec4<u32>(params.filter_width)) - vec4<i32>(i32(params.pad_columns));
  let away = (down * i32(params.width) + right) * i32(params.channels) + vec4<i32>(m % vec4<u32>(params.channels));
  return Origin(down, right, away, 0u);
}

fn origin_b(layer: Layer, first: u32) -> Origin {
  return Origin(vec4<i32>(), vec4<i32>(), vec4<i32>(), first);
}

fn load_a(layer: Layer, origin: Origin, k: u32) -> mat4x4<f32> {
  var block: mat4x4<f32>;
#for c in 0..4
  {
    let window = min(k + $(c)u, params.length - 1u);
    let line = window / params.out_width;
    let left = i32((window % params.out_width) * params.stride_columns);
    let top = i32((line % params.out_height) * params.stride_rows);
    let image = i32(line / params.out_height * params.height);
    let start = ((image + top) * i32(params.width) + left) * i32(params.channels);
    let is_k = k + $(c)u < layer.k_end;
#if VECTOR_X
    let is_inside = is_k && u32(top + origin.down.x) < params.height && u32(left + origin.right.x) < params.width;
    block[$(c)] = select(vec4<f32>(0.0), x[select(0u, u32(start + origin.away.x) / 4u, is_inside)], is_inside);
#else
    let is_inside = vec4<bool>(is_k) & (vec4<u32>(vec4<i32>(top) + origin.down) < vec4<u32>(params.height))
      & (vec4<u32>(vec4<i32>(left) + origin.right) < vec4<u32>(params.width));
    let at = select(vec4<u32>(0u), vec4<u32>(vec4<i32>(start) + origin.away), is_inside);
    block[$(c)] = select(vec4<f32>(0.0), vec4<f32>(x[at.x], x[at.y], x[at.z], x[at.w]), is_inside);
#end
  }
#end
  return block;
}

fn load_b(layer: Layer, origin: Origin, k: u32) -> mat4x4<f32> {
  let first = origin.channel;
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
    block[$(c)] = select(vec4<f32>(0.0), row, k + $(c)u < layer.k_end);
  }
#end
  return block;
}

#include lib/tiled with ALONG_A = 0, ALONG_B = 0
