// One step of the gradients of an LSTM, for large U: a workgroup computes gH = da_{t+1} · Rᵀ for 32 rows × 16 units,
// with the units of the sum staged in workgroup memory, then the gradients of step t. g_c0 carries the gradient of
// c from dispatch to dispatch. The dispatch after that of step 0 only writes g_h0.
//
// Bindings: gates f32[T, B, U, 4] (activated, overwritten by the gradients of their arguments), recurrent
//   f32[U, U, 4] ([k][unit][gate]), c0 f32[B, U], cells, g_y f32[T, B, U], g_cells f32[T, B, U] where HAS_CELLS,
//   g_h0, g_c0 f32[B, U]; params.
// Constants: HAS_CELLS 0 or 1.
// Mapping: workgroup_id.x is a block of 16 units, y of 32 rows; invocation (x, y) owns unit x and rows 4·y + 0…3.
// Accumulation: f32, units ascending; error ≤ 4U · 2⁻²⁴ relative to Σ|da||R|.
// Source: KERNELS.md 3, mode A; ops/recurrent.ts.

struct Params {
  // t + 1: the step whose gradients are there already. 0 in the dispatch that ends the sequence.
  ahead: u32,
  steps: u32,
  batch: u32,
  units: u32,
}

#include lib/lstm_gradient

// da_{t+1} as [8 units][32 rows], weights as [8 units][16 units].
var<workgroup> da: array<vec4<f32>, 256>;
var<workgroup> w: array<vec4<f32>, 128>;

fn gradient_ahead(row: u32, k: u32) -> vec4<f32> {
  let at = (params.ahead * params.batch + min(row, params.batch - 1u)) * params.units;
  return select(vec4<f32>(0.0), gates[at + min(k, params.units - 1u)], k < params.units);
}

fn weight(k: u32, unit: u32) -> vec4<f32> {
  let at = min(unit, params.units - 1u) * params.units + min(k, params.units - 1u);
  return select(vec4<f32>(0.0), recurrent[at], k < params.units);
}

@compute @workgroup_size(16, 8)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_id) local: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let unit = group.x * 16u + local.x;
  let first_row = group.y * 32u + 4u * local.y;
#for r in 0..4
  var dh_$(r) = 0.0;
#end
  if (params.ahead < params.steps) {
    for (var k = 0u; k < params.units; k += 8u) {
      let x_0 = gradient_ahead(group.y * 32u + thread / 8u, k + thread % 8u);
      let x_1 = gradient_ahead(group.y * 32u + 16u + thread / 8u, k + thread % 8u);
      let v = weight(k + thread % 8u, group.x * 16u + thread / 8u);
      // The tile before this one is read no more.
      workgroupBarrier();
      da[(thread % 8u) * 32u + thread / 8u] = x_0;
      da[(thread % 8u) * 32u + 16u + thread / 8u] = x_1;
      w[(thread % 8u) * 16u + thread / 8u] = v;
      // The tile is complete.
      workgroupBarrier();
#for s in 0..8
      let v_$(s) = w[$(16 * s)u + local.x];
#for r in 0..4
      dh_$(r) += dot(da[$(32 * s + r)u + 4u * local.y], v_$(s));
#end
#end
    }
  }
#for r in 0..4
  if (unit < params.units && first_row + $(r)u < params.batch) {
    let state = (first_row + $(r)u) * params.units + unit;
    if (params.ahead == 0u) {
      g_h0[state] = dh_$(r);
    } else {
      let at = (params.ahead - 1u) * params.batch * params.units + state;
      let gate = gates[at];
      let tanh_c = tanh_exact(cells[at]);
      let dh = dh_$(r) + g_y[at];
      var dc = dh * gate.w * (1.0 - tanh_c * tanh_c);
#if HAS_CELLS
      dc += g_cells[at];
#end
      if (params.ahead < params.steps) {
        dc += g_c0[state];
      }
      var before: f32;
      if (params.ahead > 1u) {
        before = cells[at - params.batch * params.units];
      } else {
        before = c0[state];
      }
      gates[at] = argument_gradient(gate, before, tanh_c, dh, dc);
      g_c0[state] = dc * gate.y;
    }
  }
#end
}
