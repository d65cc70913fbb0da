// Convolution of every channel by a filter of its own, and, at stride 1, its gradient with respect to the input, which
// is the same with the filter turned round. An invocation makes a few neighbouring results of a row, which share what
// it loads of the filter.
//
// Bindings: x f32[N, H, W, C] (g f32[N, OH, OW, C] where GRADIENT), w f32[KH, KW, 1, C], what an epilogue reads, out
//   (f32[N, OH, OW, C], or f32[N, H, W, C] where GRADIENT); params.
// Constants: COLUMNS results of an invocation; VECTOR 1 where C is a multiple of 4: Value is then four channels,
//   elsewhere one; GRADIENT 0 or 1; those of lib/epilogue.
// Mapping: an invocation per Value of a tile of COLUMNS results, channels fastest, then tiles of a row;
//   workgroup_id.x + y · num_workgroups.x is a block of 64.
// Accumulation: f32, filter positions ascending (descending where GRADIENT); error ≤ KH·KW · 2⁻²⁴ relative to Σ|x||w|.
// Source: docs/kernels.md, Convolution.

#include lib/windows

@group(0) @binding(0) var<storage, read> x: array<Value>;
@group(0) @binding(1) var<storage, read> w: array<Value>;
@group(0) @binding($(2 + EPILOGUE_BINDINGS)) var<storage, read_write> out: array<Value>;
@group(0) @binding($(3 + EPILOGUE_BINDINGS)) var<uniform> params: Params;

fn element(at: u32) {
  let height = params.height;
  let width = params.width;
  let channels = params.channels;
  let window_columns = params.window_columns;
  let taps = params.window_rows * window_columns;
  let channel = at % channels;
  let tile = at / channels;
  let first = tile % params.tiles * $(COLUMNS)u;
  let row = tile / params.tiles;
  let image = row / params.out_height;
  // Rows and columns above the padding wrap around to large numbers, which the comparisons below refuse.
  let top = row % params.out_height * params.stride_rows - params.pad_rows;
#for i in 0..COLUMNS
  let left_$(i) = (first + $(i)u) * params.stride_columns - params.pad_columns;
  var sum_$(i) = Value(0.0);
#end
  for (var kh = 0u; kh < params.window_rows; kh++) {
    let ih = top + kh;
    if (ih >= height) {
      continue;
    }
    let x_row = (image * height + ih) * width;
    for (var kw = 0u; kw < window_columns; kw++) {
#if GRADIENT
      let tap = taps - 1u - (kh * window_columns + kw);
#else
      let tap = kh * window_columns + kw;
#end
      let weight = w[tap * channels + channel];
#for i in 0..COLUMNS
      let iw_$(i) = left_$(i) + kw;
      let x_$(i) = x[(x_row + min(iw_$(i), width - 1u)) * channels + channel];
      sum_$(i) += select(Value(0.0), x_$(i) * weight, iw_$(i) < width);
#end
    }
  }
#for i in 0..COLUMNS
  if (first + $(i)u < params.out_width) {
    let at_$(i) = (row * params.out_width + first + $(i)u) * channels + channel;
    out[at_$(i)] = finished(at_$(i) * LANES, channel * LANES, sum_$(i));
  }
#end
}

#include lib/line with count = "params.count"
