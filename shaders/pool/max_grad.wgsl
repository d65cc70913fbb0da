// Gradient of the maxima of windows: every input element gathers the gradients of the ≤ ⌈K/S⌉² windows that it won.
//
// Bindings: g f32[N, OH, OW, C], index i32[N, OH, OW, C] (kh · KW + kw), out f32[N, H, W, C]; params.
// Constants: VECTOR 1 where C is a multiple of 4: Value is then four channels, elsewhere one.
// Mapping: an invocation per output Value in memory order; workgroup_id.x + y · num_workgroups.x is a block of 64.
// Accumulation: f32 in the order of the windows, no atomics: the same bits every time.
// Source: KERNELS.md 5.

struct Params {
  // Output elements, in units of Value.
  count: u32,
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
  // maxima: -infinity, averages: 1 / (window rows · columns)
  scalar: f32,
}

#if VECTOR
alias Value = vec4<f32>;
alias Index = vec4<i32>;
#else
alias Value = f32;
alias Index = i32;
#end

@group(0) @binding(0) var<storage, read> g: array<Value>;
@group(0) @binding(1) var<storage, read> index: array<Index>;
@group(0) @binding(2) var<storage, read_write> out: array<Value>;
@group(0) @binding(3) var<uniform> params: Params;

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
      let at_window = ((image * params.out_height + oh) * params.out_width + ow) * params.channels + channel;
      let kh = padded_row - oh * params.stride_rows;
      let kw = padded_column - ow * params.stride_columns;
      let is_winner = index[at_window] == Index(i32(kh * params.window_columns + kw));
      sum += select(Value(0.0), g[at_window], is_winner);
    }
  }
  out[at] = sum;
}
