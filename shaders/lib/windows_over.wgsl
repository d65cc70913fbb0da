// Adds up what an input element gets from the windows over it, in their order: share(window, place, channel) is its share of
// one, `window` that window's place in what has an element for each, `place` the element's place in it (kh · KW + kw).
// Names of the includer: out f32[N, H, W, C], share.

#include lib/windows

// The first window of `size` at multiples of `stride` that reaches `place`.
fn first_window(place: u32, size: u32, stride: u32) -> u32 {
  return select(0u, (place - size) / stride + 1u, place >= size);
}

fn element(at: u32) {
  let channels = params.channels;
  let window_columns = params.window_columns;
  let stride_columns = params.stride_columns;
  let channel = at % channels;
  let pixel = at / channels;
  let column = pixel % params.width + params.pad_columns;
  let row = pixel / params.width % params.height + params.pad_rows;
  let image = pixel / (params.width * params.height);
  // The windows over this element: those that start at most a window before it.
  let first_row = first_window(row, params.window_rows, params.stride_rows);
  let first_column = first_window(column, window_columns, stride_columns);
  let end_row = min(row / params.stride_rows + 1u, params.out_height);
  let end_column = min(column / stride_columns + 1u, params.out_width);
  var sum = Value(0.0);
  for (var oh = first_row; oh < end_row; oh++) {
    let window_row = (image * params.out_height + oh) * params.out_width;
    let place_row = (row - oh * params.stride_rows) * window_columns;
    for (var ow = first_column; ow < end_column; ow++) {
      sum += share((window_row + ow) * channels + channel, place_row + column - ow * stride_columns, channel);
    }
  }
  store(at, sum);
}

#include lib/line with count = "params.count"
