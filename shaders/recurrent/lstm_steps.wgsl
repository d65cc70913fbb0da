// LSTM over a whole sequence in one dispatch, for small U: a workgroup owns ROWS rows of the batch and all units, so
// that h stays in workgroup memory and c in registers, and no workgroup ever waits for another one. The weights
// stream from the cache at every step.
//
// Bindings: gates f32[T, B, U, 4] (x·W + b, overwritten by the activated gates i f g o), recurrent f32[U, U, 4]
//   ([k][unit][gate]), h0, c0 f32[B, U], y, cells f32[T, B, U] (h_t, c_t); params.
// Constants: UNITS = U; ROWS 1, 2, 4 or 8 rows of a workgroup; UT units of an invocation, a divisor of U; UNROLL
//   steps of k unrolled, a divisor of U; LOOP 1 for software adapters: h is exchanged through y and the gates
//   are activated in a loop, since SwiftShader compiles a store for every element of workgroup memory (9 s for 32
//   KiB) and every copy of unrolled code; 0 with h in workgroup memory and the gates in registers.
// Mapping: workgroup_id.x owns rows ROWS · x + 0…; invocation i owns units i, i + U/UT, … of all these rows.
//   Rows beyond the batch repeat the last one and are not stored.
// Accumulation: f32, k ascending from x·W + b; error ≤ U · 2⁻²⁴ relative to Σ|h||R| a step. tanh and σ to 4 ulp.
// Source: KERNELS.md 2, mode B; ops/recurrent.ts.

struct Params {
  steps: u32,
  batch: u32,
}

#include lib/lstm

#if !LOOP
// h of two steps in turn: [2][U][ROWS].
var<workgroup> h: array<f32, $(2 * UNITS * ROWS)>;
#end

@compute @workgroup_size($(UNITS / UT))
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
#for r in 0..ROWS
  let row_$(r) = min(group.x * $(ROWS)u + $(r)u, params.batch - 1u) * $(UNITS)u;
  let is_row_$(r) = group.x * $(ROWS)u + $(r)u < params.batch;
#end
#for u in 0..UT
  let unit_$(u) = thread + $(u * (UNITS / UT))u;
#for r in 0..ROWS
#if LOOP
  // The last step's place in y holds h_{-1} until that step.
  if (is_row_$(r)) {
    y[(params.steps - 1u) * params.batch * $(UNITS)u + row_$(r) + unit_$(u)] = h0[row_$(r) + unit_$(u)];
  }
#else
  h[unit_$(u) * $(ROWS)u + $(r)u] = h0[row_$(r) + unit_$(u)];
  var c_$(u)_$(r) = c0[row_$(r) + unit_$(u)];
#end
#end
#end
  for (var t = 0u; t < params.steps; t++) {
    let step = t * params.batch * $(UNITS)u;
#if LOOP
    let before = ((t + params.steps - 1u) % params.steps) * params.batch * $(UNITS)u;
    // All of h_{t-1} is written.
    storageBarrier();
#else
    let before = (t % 2u) * $(UNITS * ROWS)u;
    let after = $(UNITS * ROWS)u - before;
    // All of h_{t-1} is written. Its half is overwritten only after the next barrier, when nobody reads it.
    workgroupBarrier();
#end
#for u in 0..UT
#for r in 0..ROWS
    var a_$(u)_$(r) = gates[step + row_$(r) + unit_$(u)];
#end
#end
    for (var k = 0u; k < $(UNITS)u; k += $(UNROLL)u) {
#for s in 0..UNROLL
#for u in 0..UT
      let w_$(s)_$(u) = recurrent[(k + $(s)u) * $(UNITS)u + unit_$(u)];
#end
#for r in 0..ROWS
#if LOOP
      let x_$(s)_$(r) = y[before + row_$(r) + k + $(s)u];
#else
      let x_$(s)_$(r) = h[before + (k + $(s)u) * $(ROWS)u + $(r)u];
#end
#for u in 0..UT
      a_$(u)_$(r) += x_$(s)_$(r) * w_$(s)_$(u);
#end
#end
#end
    }
#if LOOP
    // Nobody reads h_{t-1} any more: where there is one step, h_t takes its place.
    storageBarrier();
#for u in 0..UT
#for r in 0..ROWS
    if (is_row_$(r)) {
      gates[step + row_$(r) + unit_$(u)] = a_$(u)_$(r);
    }
#end
#end
    for (var i = 0u; i < $(UT * ROWS)u; i++) {
      let unit = thread + (i / $(ROWS)u) * $(UNITS / UT)u;
      let row = group.x * $(ROWS)u + i % $(ROWS)u;
      if (row < params.batch) {
        let state = row * $(UNITS)u + unit;
        var c: f32;
        if (t == 0u) {
          c = c0[state];
        } else {
          c = cells[step - params.batch * $(UNITS)u + state];
        }
        let gate = activate(gates[step + state]);
        c = gate.y * c + gate.x * gate.z;
        let value = gate.w * tanh_exact(c);
        gates[step + state] = gate;
        cells[step + state] = c;
        y[step + state] = value;
      }
    }
#else
#for u in 0..UT
#for r in 0..ROWS
    let gate_$(u)_$(r) = activate(a_$(u)_$(r));
    c_$(u)_$(r) = gate_$(u)_$(r).y * c_$(u)_$(r) + gate_$(u)_$(r).x * gate_$(u)_$(r).z;
    let h_$(u)_$(r) = gate_$(u)_$(r).w * tanh_exact(c_$(u)_$(r));
    h[after + unit_$(u) * $(ROWS)u + $(r)u] = h_$(u)_$(r);
    if (is_row_$(r)) {
      let at = step + row_$(r) + unit_$(u);
      gates[at] = gate_$(u)_$(r);
      cells[at] = c_$(u)_$(r);
      y[at] = h_$(u)_$(r);
    }
#end
#end
#end
  }
}
