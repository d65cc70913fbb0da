// Gradient of a convolution with respect to its filter, without workgroup memory: a product of x, gathered and
// transposed, and g, whose sum runs over all windows. The sum is split into parts for matmul/sum_partials.
//
// Bindings: x f32[N, H, W, C], g f32[N, OH, OW, OC], out f32[KH, KW, C / groups, OC], with parts in front where there
//   is more than one; params.
// Constants: TM rows × TN columns (a multiple of 4) of an invocation; VECTOR_G, VECTOR_OUT 1 where OC is a multiple
//   of 4; GROUPED 1 where there are several groups of channels; WX × WY invocations of a workgroup.
// Mapping: workgroup_id.x + y · num_workgroups.x is a tile of WY·TM rows and WX·TN columns of a group, columns
//   fastest, groups slowest; workgroup_id.z is the part.
// Accumulation: f32, windows in memory order within a part; error ≤ N·OH·OW · 2⁻²⁴ relative to Σ|x||g|.
// Source: docs/kernels.md, Convolution.

#include lib/conv_filter
#include lib/store

@compute @workgroup_size($(WX), $(WY))
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_id) local: vec3<u32>,
) {
#include lib/direct_tile with rows = "params.m"
  let pixel = params.channels * group_count;
  let out_first = own * params.n;
  let out_row = params.n * group_count;
  // Each row's distance from a window's first element: rows, columns and elements of x.
#for i in 0..TM
  let m_$(i) = min(first + $(i)u, params.m - 1u);
  let tap_$(i) = m_$(i) / params.channels;
  let down_$(i) = i32(tap_$(i) / params.filter_width) - i32(params.pad_rows);
  let right_$(i) = i32(tap_$(i) % params.filter_width) - i32(params.pad_columns);
  let away_$(i) = (down_$(i) * i32(params.width) + right_$(i)) * i32(pixel)
    + i32(own * params.channels + m_$(i) % params.channels);
#end
  // A load costs as much as about 4 multiply-adds on SwiftShader, also one of a parameter.
  let height = params.height;
  let width = params.width;
  let out_height = params.out_height;
  let out_width = params.out_width;
  let stride_rows = params.stride_rows;
  let stride_columns = params.stride_columns;
  let window_step = i32(stride_columns * pixel);
  let row_step = i32(width * pixel);
#if VECTOR_G
  let g_step = out_row / 4u;
  // Columns beyond the edge repeat the last vector.
#for j in 0..TN/4
  let g_column_$(j) = (out_first + min(column + $(4 * j)u, params.n - 4u)) / 4u;
#end
#else
  let g_step = out_row;
#for j in 0..TN
  let g_column_$(j) = out_first + min(column + $(j)u, params.n - 1u);
#end
#end
  let end = min(params.length, (group.z + 1u) * params.part);
  for (var row = group.z * params.part; row < end; row++) {
    let top = i32((row % out_height) * stride_rows);
    let image_row = i32(row / out_height * height) + top;
#for i in 0..TM
    let is_row_$(i) = u32(top + down_$(i)) < height;
#end
    for (var ow = 0u; ow < out_width; ow++) {
      let left = i32(ow * stride_columns);
      let at = image_row * row_step + i32(ow) * window_step;
      let g_at = (row * out_width + ow) * g_step;
#for j in 0..TN/4
#if VECTOR_G
      let y_$(j) = g[g_at + g_column_$(j)];
#else
      let y_$(j) = vec4<f32>(
        g[g_at + g_column_$(4 * j)], g[g_at + g_column_$(4 * j + 1)],
        g[g_at + g_column_$(4 * j + 2)], g[g_at + g_column_$(4 * j + 3)]);
#end
#end
#for i in 0..TM
      let is_inside_$(i) = is_row_$(i) && u32(left + right_$(i)) < width;
      let x_$(i) = select(0.0, x[select(0u, u32(at + away_$(i)), is_inside_$(i))], is_inside_$(i));
#for j in 0..TN/4
      acc_$(i)_$(j) += x_$(i) * y_$(j);
#end
#end
    }
  }
  let base = group.z * params.m * out_row + out_first;
#for i in 0..TM
  if (first + $(i)u < params.m) {
#for j in 0..TN/4
    store(base + (first + $(i)u) * out_row, column + $(4 * j)u, acc_$(i)_$(j));
#end
  }
#end
}
