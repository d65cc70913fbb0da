// Adds up what an input element gets from the windows over it, in their order: share(window, place, channel, scale) is its
// share of one, `window` that window's place in what has an element for each, `place` the element's place in it (kh · KW + kw),
// `scale` what a sum is multiplied by.
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
#if BINS
  let first_row = bin_start(row, params.out_height, params.height);
  let first_column = bin_start(column, params.out_width, params.width);
  let end_row = bin_end(row + 1u, params.out_height, params.height);
  let end_column = bin_end(column + 1u, params.out_width, params.width);
#else
  // The windows over this element: those that start at most a window before it.
  let first_row = first_window(row, (params.window_rows - 1u) * params.dilation_rows + 1u, params.stride_rows);
  let first_column = first_window(column, (window_columns - 1u) * params.dilation_columns + 1u, stride_columns);
  let end_row = min(row / params.stride_rows + 1u, params.out_height);
  let end_column = min(column / stride_columns + 1u, params.out_width);
  let scale = params.scalar;
#end
  var sum = Value(0.0);
  for (var oh = first_row; oh < end_row; oh++) {
    let window_row = (image * params.out_height + oh) * params.out_width;
#if BINS
    let top = bin_start(oh, params.height, params.out_height);
    let rows = bin_end(oh + 1u, params.height, params.out_height) - top;
    let over = row - top;
#else
    var over = row - oh * params.stride_rows;
#end
#if DILATED
    if (over % params.dilation_rows != 0u) {
      continue;
    }
    over /= params.dilation_rows;
#end
    let place_row = over * window_columns;
    for (var ow = first_column; ow < end_column; ow++) {
#if BINS
      let left = bin_start(ow, params.width, params.out_width);
      let scale = 1.0 / f32(rows * (bin_end(ow + 1u, params.width, params.out_width) - left));
      let across = column - left;
#else
      var across = column - ow * stride_columns;
#end
#if DILATED
      if (across % params.dilation_columns != 0u) {
        continue;
      }
      across /= params.dilation_columns;
#end
      sum += share((window_row + ow) * channels + channel, place_row + across, channel, scale);
    }
  }
  store(at, sum);
}

#include lib/line with count = "params.count"
