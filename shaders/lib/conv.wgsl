// The head of convolution and of its gradient with respect to the input: parameters, bindings, and where the source is
// read for a position of the output.
// Constants: GRADIENT 0 or 1; VECTOR_A, VECTOR_W, VECTOR_OUT 1 where source, w, out are bound as vectors; those of lib/epilogue;
// GROUPED 1 where there are several groups of channels: source_channels, k and n are then one group's.

struct Params {
  // The product: rows m (positions of the output), columns n (its channels), k (positions of the filter × channels
  // of the source).
  m: u32,
  n: u32,
  // The source, x forward and g backward: [images, source_height, source_width, source_channels].
  source_height: u32,
  source_width: u32,
  source_channels: u32,
  // The output.
  out_height: u32,
  out_width: u32,
  // The filter: [filter_height, filter_width, C, OC]; from one step of k (column) to the next in it.
  filter_height: u32,
  filter_width: u32,
  filter_k: u32,
  filter_n: u32,
  stride_rows: u32,
  stride_columns: u32,
  // Zeros before the first row and column of x.
  pad_rows: u32,
  pad_columns: u32,
  tiles_n: u32,
#if GROUPED
  groups: u32,
  // Tiles of one group.
  group_tiles: u32,
#end
$(EPILOGUE_FIELDS)
}

#include lib/values

@group(0) @binding(0) var<storage, read> source: array<Value$(VECTOR_A)>;
@group(0) @binding(1) var<storage, read> w: array<Value$(VECTOR_W)>;
@group(0) @binding($(2 + EPILOGUE_BINDINGS)) var<storage, read_write> out: array<Value$(VECTOR_OUT)>;
@group(0) @binding($(3 + EPILOGUE_BINDINGS)) var<uniform> params: Params;

// Where the source is read for one position of the output.
struct Place {
  // First element of the image, source row and column of the first position of the filter.
  image: u32,
  row: i32,
  column: i32,
  // The position itself: an index of out without channels.
  out: u32,
}

// Forward: windows start at stride · position - padding. Backward: with p = position + padding, only filter
// positions ≡ p modulo stride meet a window; `phase` is p modulo stride, the same for a whole dispatch layer z.
fn place_of(m: u32, phase: vec2<u32>) -> Place {
#if GRADIENT
  let size = phase_size(phase);
  let first = first_of(phase);
  let column = first.y + (m % size.y) * params.stride_columns;
  let row = first.x + (m / size.y % size.x) * params.stride_rows;
  let image = m / (size.x * size.y);
  return Place(
    image * params.source_height * params.source_width * params.source_channels,
    i32((row + params.pad_rows) / params.stride_rows),
    i32((column + params.pad_columns) / params.stride_columns),
    (image * params.out_height + row) * params.out_width + column);
#else
  let column = m % params.out_width;
  let row = m / params.out_width % params.out_height;
  let image = m / (params.out_width * params.out_height);
  return Place(
    image * params.source_height * params.source_width * params.source_channels,
    i32(row * params.stride_rows) - i32(params.pad_rows),
    i32(column * params.stride_columns) - i32(params.pad_columns),
    m);
#end
}

#if GRADIENT
// The first row and column of the output that are of a phase.
fn first_of(phase: vec2<u32>) -> vec2<u32> {
  let stride = vec2<u32>(params.stride_rows, params.stride_columns);
  let pad = vec2<u32>(params.pad_rows, params.pad_columns) % stride;
  return (phase + stride - pad) % stride;
}

// How many rows and columns of the output are of a phase.
fn phase_size(phase: vec2<u32>) -> vec2<u32> {
  let stride = vec2<u32>(params.stride_rows, params.stride_columns);
  let size = vec2<u32>(params.out_height, params.out_width);
  return (size + stride - vec2<u32>(1u) - first_of(phase)) / stride;
}
#end
