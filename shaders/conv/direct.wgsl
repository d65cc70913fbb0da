// Convolution and its gradient with respect to the input, without workgroup memory: every invocation keeps a
// register tile of positions × channels of the output and reads straight from storage. For software adapters, where
// a barrier and a load are dear, and for few source channels. The gradient gathers: every position of x visits the
// windows over it, and stride s is s² layers of positions that meet the same part of the filter, so that nothing
// is multiplied by inserted zeros.
//
// Bindings: source (x f32[N, H, W, C], or g f32[N, OH, OW, OC] where GRADIENT), w f32[KH, KW, C / groups, OC],
//   what an epilogue reads, out (f32[N, OH, OW, OC], or f32[N, H, W, C] where GRADIENT); params.
// Constants: TM positions × TN channels (a multiple of 4) of an invocation; GRADIENT 0 or 1; VECTOR_W, VECTOR_OUT 1
//   where the channels of out are a multiple of 4 (VECTOR_W only forward); those of lib/epilogue; GROUPED 1 where there are several groups of channels; WX × WY invocations of a workgroup.
// Mapping: workgroup_id.x + y · num_workgroups.x is a tile of WY·TM positions and WX·TN channels of a group,
//   channels fastest, groups slowest; workgroup_id.z is the phase of the gradient.
// Accumulation: f32, filter positions ascending, then channels; error ≤ KH·KW·C/groups · 2⁻²⁴ relative to Σ|x||w|.
// Source: docs/kernels.md, Convolution.

#include lib/conv

alias Value = vec4<f32>;
#include lib/epilogue
#include lib/store

@compute @workgroup_size($(WX), $(WY))
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_id) local: vec3<u32>,
) {
#include lib/conv_phase with z = "group.z"
#include lib/direct_tile with rows = "rows"
#for i in 0..TM
  let place_$(i) = place_of(min(first + $(i)u, rows - 1u), phase);
#end
#if VECTOR_W
#for j in 0..TN/4
  let w_at_$(j) = (own * params.n + min(column + $(4 * j)u, params.n - 4u)) / 4u;
#end
#else
#if GRADIENT
  let w_first = own * params.source_channels;
#else
  let w_first = own * params.n;
#end
#for j in 0..TN
  let w_at_$(j) = w_first + min(column + $(j)u, params.n - 1u) * params.filter_n;
#end
#end
  // A load costs as much as about 4 multiply-adds on SwiftShader, also one of a parameter.
  let height = params.source_height;
  let width = params.source_width;
  let channels = params.source_channels;
  let pixel = channels * group_count;
#if VECTOR_W
  let filter_k = params.filter_k / 4u;
  let filter_plane = pixel * (params.n / 4u);
#else
  let filter_k = params.filter_k;
  let filter_plane = pixel * params.n;
#end
  let filter_width = params.filter_width;
#for i in 0..TM
  let image_$(i) = place_$(i).image * group_count + own * channels;
#end
  let out_first = own * params.n;
  let out_pixel = params.n * group_count;
  for (var tap_row = 0u; tap_row < taps.x; tap_row++) {
    for (var tap_column = 0u; tap_column < taps.y; tap_column++) {
      let filter_row = phase.x + tap_row * tap_step.x;
      let filter_column = phase.y + tap_column * tap_step.y;
      let w_tap = (filter_row * filter_width + filter_column) * filter_plane;
#for i in 0..TM
#if GRADIENT
      let row_$(i) = place_$(i).row - i32(tap_row);
      let column_$(i) = place_$(i).column - i32(tap_column);
#else
      let row_$(i) = place_$(i).row + i32(tap_row);
      let column_$(i) = place_$(i).column + i32(tap_column);
#end
      // As unsigned numbers, rows above the image are large.
      let is_inside_$(i) = u32(row_$(i)) < height && u32(column_$(i)) < width;
      let at_$(i) = select(
        0u,
        image_$(i) + (u32(row_$(i)) * width + u32(column_$(i))) * pixel,
        is_inside_$(i));
#end
      for (var c = 0u; c < channels; c++) {
        let w_k = w_tap + c * filter_k;
#for j in 0..TN/4
#if VECTOR_W
        let y_$(j) = w[w_at_$(j) + w_k];
#else
        let y_$(j) = vec4<f32>(
          w[w_at_$(4 * j) + w_k], w[w_at_$(4 * j + 1) + w_k],
          w[w_at_$(4 * j + 2) + w_k], w[w_at_$(4 * j + 3) + w_k]);
#end
#end
#for i in 0..TM
        let x_$(i) = select(0.0, source[at_$(i) + c], is_inside_$(i));
#for j in 0..TN/4
        acc_$(i)_$(j) += x_$(i) * y_$(j);
#end
#end
      }
    }
  }
#for i in 0..TM
  if (first + $(i)u < rows) {
    let out_at = place_$(i).out * out_pixel + out_first;
#for j in 0..TN/4
    let column_$(j) = column + $(4 * j)u;
    store(out_at, column_$(j), finished(out_at + column_$(j), out_first + column_$(j), acc_$(i)_$(j)));
#end
  }
#end
}
