// The head of the gradient of a convolution with respect to its filter: parameters and bindings.
// Constants: VECTOR_X, VECTOR_G, VECTOR_OUT 1 where that operand is bound as vectors; GROUPED 1 where there are several
// groups of channels: channels, m and n are then one group's; SUMS 1 where the sums of g have a binding.

struct Params {
  // The product: rows m = (filter position, channel of x), columns n = OC.
  m: u32,
  n: u32,
  height: u32,
  width: u32,
  channels: u32,
  out_height: u32,
  out_width: u32,
  filter_width: u32,
  stride_rows: u32,
  stride_columns: u32,
  // Zeros before the first row and column of x.
  pad_rows: u32,
  pad_columns: u32,
  tiles_n: u32,
  // Windows (tiled) or rows of windows (direct) in all images, and in one part of them.
  length: u32,
  part: u32,
#if GROUPED
  groups: u32,
  // Tiles of one group.
  group_tiles: u32,
#end
}

#include lib/values

@group(0) @binding(0) var<storage, read> x: array<Value$(VECTOR_X)>;
@group(0) @binding(1) var<storage, read> g: array<Value$(VECTOR_G)>;
@group(0) @binding(2) var<storage, read_write> out: array<Value$(VECTOR_OUT)>;
#if SUMS == 1
@group(0) @binding(3) var<storage, read_write> sums: array<f32>;
#end
@group(0) @binding($(3 + (SUMS == 1))) var<uniform> params: Params;
