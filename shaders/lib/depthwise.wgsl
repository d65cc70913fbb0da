// What the kernels of depthwise convolution have: parameters, and the type of the channels that an invocation owns.
// Constants: VECTOR 1 where the number of channels is a multiple of 4; those of lib/epilogue.

struct Params {
  // Invocations that have something to do (of one part, where there are parts).
  count: u32,
  // The side that is read: x, or g in the gradient with respect to x. In the filter's gradient x.
  height: u32,
  width: u32,
  // Channels, in units of Value.
  channels: u32,
  // The side that is written; in the filter's gradient g.
  out_height: u32,
  out_width: u32,
  window_rows: u32,
  window_columns: u32,
  stride_rows: u32,
  stride_columns: u32,
  // Zeros before the first row and column of what is read; of x in the gradient with a stride.
  pad_rows: u32,
  pad_columns: u32,
  // Tiles of neighbouring columns in a row of results (in the filter's gradient, of the filter).
  tiles: u32,
  // Rows of windows in all images, and in one part of them: the filter's gradient only.
  length: u32,
  part: u32,
#if EPILOGUE
$(EPILOGUE_FIELDS)
#end
}

#if VECTOR
alias Value = vec4<f32>;
const LANES = 4u;
#else
alias Value = f32;
const LANES = 1u;
#end
