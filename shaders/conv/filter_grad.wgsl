// Gradient of a convolution with respect to its filter, without workgroup memory: a product of x, gathered and
// transposed, and g, whose sum runs over all windows. The sum is split into parts for matmul/sum_partials.
//
// Bindings: x f32[N, H, W, C], g f32[N, OH, OW, OC], out f32[KH, KW, C, OC], or f32[parts, KH, KW, C, OC] where there
//   is more than one part; params.
// Constants: TM rows × TN columns (a multiple of 4) of an invocation; VECTOR_G, VECTOR_OUT 1 where OC is a multiple
//   of 4; WX × WY invocations of a workgroup.
// Mapping: workgroup_id.x + y · num_workgroups.x is a tile of WY·TM rows and WX·TN columns, columns fastest;
//   workgroup_id.z is the part.
// Accumulation: f32, windows in memory order within a part; error ≤ N·OH·OW · 2⁻²⁴ relative to Σ|x||g|.
// Source: KERNELS.md 4.

#include lib/conv_filter
#include lib/store

@compute @workgroup_size($(WX), $(WY))
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_id) local: vec3<u32>,
) {
  let tile = group.x + group.y * groups.x;
  let first = ((tile / params.tiles_n) * $(WY)u + local.y) * $(TM)u;
  let column = ((tile % params.tiles_n) * $(WX)u + local.x) * $(TN)u;
  if (first >= params.m || column >= params.n) {
    return;
  }
  // Each row's distance from a window's first element: rows, columns and elements of x.
#for i in 0..TM
  let m_$(i) = min(first + $(i)u, params.m - 1u);
  let tap_$(i) = m_$(i) / params.channels;
  let down_$(i) = i32(tap_$(i) / params.filter_width) - i32(params.pad_rows);
  let right_$(i) = i32(tap_$(i) % params.filter_width) - i32(params.pad_columns);
  let away_$(i) = (down_$(i) * i32(params.width) + right_$(i)) * i32(params.channels) + i32(m_$(i) % params.channels);
#end
#for i in 0..TM
#for j in 0..TN/4
  var acc_$(i)_$(j) = vec4<f32>(0.0);
#end
#end
  let end = min(params.length, (group.z + 1u) * params.part);
  for (var row = group.z * params.part; row < end; row++) {
    let top = i32((row % params.out_height) * params.stride_rows);
    let image_row = i32(row / params.out_height * params.height) + top;
#for i in 0..TM
    let is_row_$(i) = u32(top + down_$(i)) < params.height;
#end
    for (var ow = 0u; ow < params.out_width; ow++) {
      let left = i32(ow * params.stride_columns);
      let at = (image_row * i32(params.width) + left) * i32(params.channels);
      let g_at = (row * params.out_width + ow) * params.n + column;
#for j in 0..TN/4
#if VECTOR_G
      let y_$(j) = g[min(g_at + $(4 * j)u, arrayLength(&g) * 4u - 4u) / 4u];
#else
      let last_$(j) = (row * params.out_width + ow + 1u) * params.n - 1u;
      let y_$(j) = vec4<f32>(
        g[min(g_at + $(4 * j)u, last_$(j))], g[min(g_at + $(4 * j + 1)u, last_$(j))],
        g[min(g_at + $(4 * j + 2)u, last_$(j))], g[min(g_at + $(4 * j + 3)u, last_$(j))]);
#end
#end
#for i in 0..TM
      let is_inside_$(i) = is_row_$(i) && u32(left + right_$(i)) < params.width;
      let x_$(i) = select(0.0, x[select(0u, u32(at + away_$(i)), is_inside_$(i))], is_inside_$(i));
#for j in 0..TN/4
      acc_$(i)_$(j) += x_$(i) * y_$(j);
#end
#end
    }
  }
  let base = group.z * params.m * params.n;
#for i in 0..TM
  if (first + $(i)u < params.m) {
#for j in 0..TN/4
    store(base + (first + $(i)u) * params.n, column + $(4 * j)u, acc_$(i)_$(j));
#end
  }
#end
}
