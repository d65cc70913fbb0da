// Adds up what an input element gets from the windows over it, in their order: share(window, place) is its share of
// one, `window` that window's place in the pooled tensors, `place` the element's place in it (kh · KW + kw).
// Names of the includer: out f32[N, H, W, C], share.

#include lib/pool

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
  let channel = at % params.channels;
  let pixel = at / params.channels;
  let column = pixel % params.width;
  let row = pixel / params.width % params.height;
  let image = pixel / (params.width * params.height);
  // The windows over this element: those that start at most a window before it.
  let padded_row = row + params.pad_rows;
  let padded_column = column + params.pad_columns;
  let first_row = first_window(padded_row, params.window_rows, params.stride_rows);
  let first_column = first_window(padded_column, params.window_columns, params.stride_columns);
  let end_row = min(padded_row / params.stride_rows + 1u, params.out_height);
  let end_column = min(padded_column / params.stride_columns + 1u, params.out_width);
  var sum = Value(0.0);
  for (var oh = first_row; oh < end_row; oh++) {
    for (var ow = first_column; ow < end_column; ow++) {
      let window = ((image * params.out_height + oh) * params.out_width + ow) * params.channels + channel;
      let kh = padded_row - oh * params.stride_rows;
      let kw = padded_column - ow * params.stride_columns;
      sum += share(window, i32(kh * params.window_columns + kw));
    }
  }
  store(at, sum);
}
