// One step of an LSTM, for large U: a workgroup computes all four gates of 32 rows × 16 units, with k staged in
// workgroup memory, then c and h.
//
// Bindings: gates f32[T, B, U, 4] (x·W + b, overwritten by the activated gates i f g o), recurrent f32[U, U, 4]
//   ([k][unit][gate]), h0, c0 f32[B, U], y, cells f32[T, B, U] (h_t, c_t); params.
// Constants: none.
// Mapping: workgroup_id.x is a block of 16 units, y of 32 rows; invocation (x, y) owns unit x and rows 4·y + 0…3.
//   Rows and units beyond the edge repeat the last one and are not stored.
// Accumulation: f32, k ascending from x·W + b; error ≤ U · 2⁻²⁴ relative to Σ|h||R|. tanh and σ to 4 ulp.
// Source: KERNELS.md 2, mode A; ops/recurrent.ts.

struct Params {
  step: u32,
  batch: u32,
  units: u32,
}

#include lib/lstm

// h_{t-1} as [16 of k][8 × 4 rows], weights as [16 of k][16 units].
var<workgroup> h: array<vec4<f32>, 128>;
var<workgroup> w: array<vec4<f32>, 256>;

fn h_before(row: u32, k: u32) -> f32 {
  let at = min(row, params.batch - 1u) * params.units + min(k, params.units - 1u);
  var value: f32;
  if (params.step == 0u) {
    value = h0[at];
  } else {
    value = y[(params.step - 1u) * params.batch * params.units + at];
  }
  return select(0.0, value, k < params.units);
}

fn weight(k: u32, unit: u32) -> vec4<f32> {
  let value = recurrent[min(k, params.units - 1u) * params.units + min(unit, params.units - 1u)];
  return select(vec4<f32>(0.0), value, k < params.units);
}

@compute @workgroup_size(16, 8)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_id) local: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let unit = group.x * 16u + local.x;
  let first_row = group.y * 32u + 4u * local.y;
  let column = min(unit, params.units - 1u);
  let step = params.step * params.batch;
#for r in 0..4
  let at_$(r) = (step + min(first_row + $(r)u, params.batch - 1u)) * params.units + column;
  var a_$(r) = gates[at_$(r)];
#end
  for (var k = 0u; k < params.units; k += 16u) {
    let h_k = k + thread % 16u;
    let h_row = group.y * 32u + 4u * (thread / 16u);
    let h_rows = vec4<f32>(
      h_before(h_row, h_k), h_before(h_row + 1u, h_k), h_before(h_row + 2u, h_k), h_before(h_row + 3u, h_k));
    let w_0 = weight(k + local.y, unit);
    let w_1 = weight(k + local.y + 8u, unit);
    // The tile before this one is read no more.
    workgroupBarrier();
    h[(thread % 16u) * 8u + thread / 16u] = h_rows;
    w[thread] = w_0;
    w[thread + 128u] = w_1;
    // The tile is complete.
    workgroupBarrier();
#for s in 0..16
    let x_$(s) = h[$(8 * s)u + local.y];
    let v_$(s) = w[$(16 * s)u + local.x];
#for r in 0..4
    a_$(r) = fma(vec4<f32>(x_$(s)[$(r)]), v_$(s), a_$(r));
#end
#end
  }
#for r in 0..4
  if (unit < params.units && first_row + $(r)u < params.batch) {
    let gate = activate(a_$(r));
    let state = (first_row + $(r)u) * params.units + unit;
    var before: f32;
    if (params.step == 0u) {
      before = c0[state];
    } else {
      before = cells[at_$(r) - params.batch * params.units];
    }
    let c = gate.y * before + gate.x * gate.z;
    gates[at_$(r)] = gate;
    cells[at_$(r)] = c;
    y[at_$(r)] = gate.w * tanh_exact(c);
  }
#end
}
