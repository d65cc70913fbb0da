// Gradient of a depthwise convolution with a stride with respect to the input: every element of x gathers from the
// windows over it, so that nothing is multiplied by inserted zeros.
//
// Bindings: g f32[N, OH, OW, C], w f32[KH, KW, 1, C], what an epilogue reads, out f32[N, H, W, C]; params.
// Constants: VECTOR 1 where C is a multiple of 4: Value is then four channels, elsewhere one; those of
//   lib/epilogue.
// Mapping: an invocation per output Value in memory order; workgroup_id.x + y · num_workgroups.x is a block of 64.
// Accumulation: f32 in the order of the windows; error ≤ ⌈KH/sh⌉·⌈KW/sw⌉ · 2⁻²⁴ relative to Σ|g||w|.
// Source: docs/kernels.md, Convolution.

#include lib/depthwise

@group(0) @binding(0) var<storage, read> g: array<Value>;
@group(0) @binding(1) var<storage, read> w: array<Value>;
@group(0) @binding($(2 + EPILOGUE_BINDINGS)) var<storage, read_write> out: array<Value>;
@group(0) @binding($(3 + EPILOGUE_BINDINGS)) var<uniform> params: Params;

#include lib/epilogue

// The first window of `size` at multiples of `stride` that reaches `place`.
fn first_window(place: u32, size: u32, stride: u32) -> u32 {
  return select(0u, (place - size) / stride + 1u, place >= size);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let at = (group.x + group.y * groups.x) * 64u + thread;
  if (at >= params.count) {
    return;
  }
  let channels = params.channels;
  let window_columns = params.window_columns;
  let stride_columns = params.stride_columns;
  let channel = at % channels;
  let pixel = at / channels;
  let column = pixel % params.out_width + params.pad_columns;
  let row = pixel / params.out_width % params.out_height + params.pad_rows;
  let image = pixel / (params.out_width * params.out_height);
  let first_row = first_window(row, params.window_rows, params.stride_rows);
  let first_column = first_window(column, window_columns, stride_columns);
  let end_row = min(row / params.stride_rows + 1u, params.height);
  let end_column = min(column / stride_columns + 1u, params.width);
  var sum = Value(0.0);
  for (var oh = first_row; oh < end_row; oh++) {
    let tap_row = (row - oh * params.stride_rows) * window_columns;
    let g_row = (image * params.height + oh) * params.width;
    for (var ow = first_column; ow < end_column; ow++) {
      let tap = tap_row + column - ow * stride_columns;
      sum += g[(g_row + ow) * channels + channel] * w[tap * channels + channel];
    }
  }
  out[at] = finished(at * LANES, channel * LANES, sum);
}
