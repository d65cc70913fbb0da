// Walks the places of one window in their order, for kernels that write the pooled side: a Total begins as begin(at),
// takes in each place inside x by visit(total, value, place) and ends in finish(at, total, scale); `at` is the output, `place`
// kh · KW + kw, and `scale` what a sum is multiplied by. Names of the includer: x f32[N, H, W, C], Total, begin, visit, finish.

#include lib/windows

fn element(at: u32) {
  let channel = at % params.channels;
  let pixel = at / params.channels;
  let column = pixel % params.out_width;
  let row = pixel / params.out_width % params.out_height;
  let image = pixel / (params.out_width * params.out_height);
#if BINS
  let first_row = bin_start(row, params.height, params.out_height);
  let first_column = bin_start(column, params.width, params.out_width);
  let rows = bin_end(row + 1u, params.height, params.out_height) - first_row;
  let columns = bin_end(column + 1u, params.width, params.out_width) - first_column;
  let scale = 1.0 / f32(rows * columns);
#else
  // Rows and columns above the padding wrap around to large numbers, which the comparisons below refuse.
  let first_row = row * params.stride_rows - params.pad_rows;
  let first_column = column * params.stride_columns - params.pad_columns;
  let rows = params.window_rows;
  let columns = params.window_columns;
  let scale = params.scalar;
#end
  var total = begin(at);
  for (var kh = 0u; kh < rows; kh++) {
#if DILATED
    let ih = first_row + kh * params.dilation_rows;
#else
    let ih = first_row + kh;
#end
    if (ih >= params.height) {
      continue;
    }
    for (var kw = 0u; kw < columns; kw++) {
#if DILATED
      let iw = first_column + kw * params.dilation_columns;
#else
      let iw = first_column + kw;
#end
      if (iw >= params.width) {
        continue;
      }
      let value = x[((image * params.height + ih) * params.width + iw) * params.channels + channel];
      total = visit(total, value, i32(kh * params.window_columns + kw));
    }
  }
  finish(at, total, scale);
}

#include lib/line with count = "params.count"
