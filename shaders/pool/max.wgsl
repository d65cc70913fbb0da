// Maxima of windows, and which cell of its window each one is. Cells of the padding never win; of equal cells the
// first one does, even if it is NaN.
//
// Bindings: x f32[N, H, W, C], out f32[N, OH, OW, C], index i32[N, OH, OW, C] (kh · KW + kw); params.
// Constants: VECTOR 1 where C is a multiple of 4: Value is then four channels, elsewhere one.
// Mapping: an invocation per output Value in memory order; workgroup_id.x + y · num_workgroups.x is a block of 64.
// Accumulation: none, the result is exact.
// Source: ops/pool.ts.

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

@group(0) @binding(0) var<storage, read> x: array<Value>;
@group(0) @binding(1) var<storage, read_write> out: array<Value>;
@group(0) @binding(2) var<storage, read_write> index: array<Index>;
@group(0) @binding(3) var<uniform> params: Params;

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
  let column = pixel % params.out_width;
  let row = pixel / params.out_width % params.out_height;
  let image = pixel / (params.out_width * params.out_height);
  // Rows and columns above the padding wrap around to large numbers, which the comparisons below refuse.
  let first_row = row * params.stride_rows - params.pad_rows;
  let first_column = column * params.stride_columns - params.pad_columns;
  var best = Value(params.scalar);
  var winner = Index(-1);
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
      let is_better = (winner < Index(0)) | (value > best);
      best = select(best, value, is_better);
      winner = select(winner, Index(i32(kh * params.window_columns + kw)), is_better);
    }
  }
  out[at] = best;
  index[at] = winner;
}
