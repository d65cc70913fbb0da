// What kernels of windows over each channel of images have, pools and depthwise convolutions: parameters, and the type of
// the channels that an invocation owns.
// Constants: VECTOR 1 where the number of channels is a multiple of 4; BINS 1 where windows are bins (ops/pool.ts), DILATED 1
//   where the cells of a window lie apart; those of lib/epilogue.

struct Params {
  // Invocations that have something to do (of one part, where there are parts).
  count: u32,
  // The side that windows lie over, then that which has an element for each window.
  height: u32,
  width: u32,
  // Channels, in units of Value.
  channels: u32,
  out_height: u32,
  out_width: u32,
  window_rows: u32,
  window_columns: u32,
  stride_rows: u32,
  stride_columns: u32,
  // Zeros before the first row and column.
  pad_rows: u32,
  pad_columns: u32,
  // From one cell of a window to the next.
  dilation_rows: u32,
  dilation_columns: u32,
  // Maxima: -infinity; averages: 1 / (window rows · columns).
  scalar: f32,
  // Of depthwise convolutions: tiles of neighbouring columns in a row of results (in the filter's gradient, of the filter).
  tiles: u32,
  // In the filter's gradient: rows of windows in all images, and in one part of them.
  length: u32,
  part: u32,
$(EPILOGUE_FIELDS)
}

#if VECTOR
alias Value = vec4<f32>;
alias Index = vec4<i32>;
alias Word = vec4<u32>;
const LANES = 4u;
#else
alias Value = f32;
alias Index = i32;
alias Word = u32;
const LANES = 1u;
#end

#include lib/epilogue
#if BINS

// Where bin i of `count` over `size` rows or columns begins, and where the one before it ends.
fn bin_start(i: u32, size: u32, count: u32) -> u32 {
  return i * size / count;
}

fn bin_end(i: u32, size: u32, count: u32) -> u32 {
  return (i * size + count - 1u) / count;
}
#end

// Value number `at` of out. Names of the includer: out.
fn store(at: u32, value: Value) {
  out[at] = finished(at * LANES, at % params.channels * LANES, value);
}
