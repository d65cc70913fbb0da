// Walks the places of one window in their order, for kernels that write the pooled side: a Total begins as begin(at),
// takes in each place inside x by visit(total, value, place) and ends in finish(at, total); `at` is the output, `place`
// kh · KW + kw. Names of the includer: x f32[N, H, W, C], Total, begin, visit, finish.

#include lib/windows

fn element(at: u32) {
  let channel = at % params.channels;
  let pixel = at / params.channels;
  let column = pixel % params.out_width;
  let row = pixel / params.out_width % params.out_height;
  let image = pixel / (params.out_width * params.out_height);
  // Rows and columns above the padding wrap around to large numbers, which the comparisons below refuse.
  let first_row = row * params.stride_rows - params.pad_rows;
  let first_column = column * params.stride_columns - params.pad_columns;
  var total = begin(at);
  for (var kh = 0u; kh < params.window_rows; kh++) {
    let ih = first_row + kh;
    if (ih >= params.height) {
      continue;
    }
    for (var kw = 0u; kw < params.window_columns; kw++) {
      let iw = first_column + kw;
      if (iw >= params.width) {
        continue;
      }
      let value = x[((image * params.height + ih) * params.width + iw) * params.channels + channel];
      total = visit(total, value, i32(kh * params.window_columns + kw));
    }
  }
  finish(at, total);
}

#include lib/line with count = "params.count"
