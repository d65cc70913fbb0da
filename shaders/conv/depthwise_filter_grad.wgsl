// Gradient of a depthwise convolution with respect to the filter. An invocation sums a few neighbouring taps of a row
// of the filter, which share what it loads of g. The sum over the windows is split into parts for matmul/sum_partials.
//
// Bindings: x f32[N, H, W, C], g f32[N, OH, OW, C], out f32[KH, KW, 1, C], with parts in front where there is more than
//   one; params.
// Constants: TAPS of an invocation; VECTOR 1 where C is a multiple of 4: Value is then four channels, elsewhere one.
// Mapping: an invocation per Value of a tile of TAPS taps, channels fastest, then tiles of a row;
//   workgroup_id.x + y · num_workgroups.x is a block of 64, workgroup_id.z the part.
// Accumulation: f32, windows in memory order within a part; error ≤ N·OH·OW · 2⁻²⁴ relative to Σ|x||g|.
// Source: docs/kernels.md, Convolution.

#include lib/windows

@group(0) @binding(0) var<storage, read> x: array<Value>;
@group(0) @binding(1) var<storage, read> g: array<Value>;
@group(0) @binding(2) var<storage, read_write> out: array<Value>;
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
  let height = params.height;
  let width = params.width;
  let channels = params.channels;
  let out_height = params.out_height;
  let out_width = params.out_width;
  let channel = at % channels;
  let tile = at / channels;
  let first = tile % params.tiles * $(TAPS)u;
  let kh = tile / params.tiles;
#for t in 0..TAPS
  var sum_$(t) = Value(0.0);
#end
  let end = min(params.length, (group.z + 1u) * params.part);
  for (var row = group.z * params.part; row < end; row++) {
    // Rows and columns above the padding wrap around to large numbers, which the comparisons below refuse.
    let ih = row % out_height * params.stride_rows + kh - params.pad_rows;
    if (ih >= height) {
      continue;
    }
    let x_row = (row / out_height * height + ih) * width;
    var left = first - params.pad_columns;
    for (var ow = 0u; ow < out_width; ow++) {
      let y = g[(row * out_width + ow) * channels + channel];
#for t in 0..TAPS
      let iw_$(t) = left + $(t)u;
      let x_$(t) = x[(x_row + min(iw_$(t), width - 1u)) * channels + channel];
      sum_$(t) += select(Value(0.0), x_$(t) * y, iw_$(t) < width);
#end
      left += params.stride_columns;
    }
  }
  let base = (group.z * params.window_rows + kh) * params.window_columns + first;
#for t in 0..TAPS
  if (first + $(t)u < params.window_columns) {
    out[(base + $(t)u) * channels + channel] = sum_$(t);
  }
#end
}
