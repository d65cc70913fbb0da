// Gradients of an LSTM through a whole sequence in one dispatch, for small U: the mirror image of lstm_steps. The
// gradients of the gates' arguments of one step lie in workgroup memory, those of h and c in registers.
//
// Bindings: gates f32[T, B, U, 4] (activated, overwritten by the gradients of their arguments), recurrent
//   f32[U, U, 4] ([k][unit][gate]; [unit][k][gate] where TRANSPOSED), c0 f32[B, U], cells, g_y f32[T, B, U],
//   g_cells f32[T, B, U] where HAS_CELLS, g_h0, g_c0 f32[B, U]; params.
// Constants: UNITS = U; ROWS rows of a workgroup; UT units of an invocation and UNROLL steps of k unrolled, divisors
//   of U; TRANSPOSED, HAS_CELLS 0 or 1; LOOP 1 for software adapters: as in lstm_steps, with g_h0 and g_c0
//   carrying the gradients of h and c from step to step; 0 with workgroup memory and registers.
// Mapping: workgroup_id.x owns rows ROWS · x + 0…; invocation i owns units i, i + U/UT, … of all these rows.
//   Rows beyond the batch repeat the last one and are not stored.
// Accumulation: f32, units ascending; error ≤ 4U · 2⁻²⁴ relative to Σ|da||R| a step.
// Source: KERNELS.md 3, mode B; ops/recurrent.ts.

struct Params {
  steps: u32,
  batch: u32,
}

#include lib/lstm_gradient

#if !LOOP
// Gradients of the gates' arguments of two steps in turn: [2][U][ROWS].
var<workgroup> da: array<vec4<f32>, $(2 * UNITS * ROWS)>;
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
#if !LOOP
#for r in 0..ROWS
  var dc_$(u)_$(r) = 0.0;
  var dh_$(u)_$(r) = 0.0;
#end
#end
#end
  for (var left = params.steps; left > 0u; left--) {
    let step = (left - 1u) * params.batch * $(UNITS)u;
#if LOOP
    for (var i = 0u; i < $(UT * ROWS)u; i++) {
      let unit = thread + (i / $(ROWS)u) * $(UNITS / UT)u;
      let row = group.x * $(ROWS)u + i % $(ROWS)u;
      if (row < params.batch) {
        let state = row * $(UNITS)u + unit;
        let at = step + state;
        let gate = gates[at];
        let tanh_c = tanh_exact(cells[at]);
        var dh = g_y[at];
        var dc = 0.0;
        if (left < params.steps) {
          dh += g_h0[state];
          dc = g_c0[state];
        }
        dc += dh * gate.w * (1.0 - tanh_c * tanh_c);
#if HAS_CELLS
        dc += g_cells[at];
#end
        var before: f32;
        if (left > 1u) {
          before = cells[at - params.batch * $(UNITS)u];
        } else {
          before = c0[state];
        }
        let gradient = argument_gradient(gate, before, tanh_c, dh, dc);
        gates[at] = gradient;
        g_c0[state] = dc * gate.y;
      }
    }
#for u in 0..UT
#for r in 0..ROWS
    var dh_$(u)_$(r) = 0.0;
#end
#end
#else
    let buffer = (left % 2u) * $(UNITS * ROWS)u;
#for u in 0..UT
#for r in 0..ROWS
    {
      let at = step + row_$(r) + unit_$(u);
      let gate = gates[at];
      let tanh_c = tanh_exact(cells[at]);
      let dh = dh_$(u)_$(r) + g_y[at];
      var dc = dc_$(u)_$(r) + dh * gate.w * (1.0 - tanh_c * tanh_c);
#if HAS_CELLS
      dc += g_cells[at];
#end
      var before: f32;
      if (left > 1u) {
        before = cells[at - params.batch * $(UNITS)u];
      } else {
        before = c0[at];
      }
      let gradient = argument_gradient(gate, before, tanh_c, dh, dc);
      da[buffer + unit_$(u) * $(ROWS)u + $(r)u] = gradient;
      dc_$(u)_$(r) = dc * gate.y;
      dh_$(u)_$(r) = 0.0;
      if (is_row_$(r)) {
        gates[at] = gradient;
      }
    }
#end
#end
#end
#if LOOP
    // All gradients of this step are written.
    storageBarrier();
#else
    // All gradients of this step are written; the half that is written next is read no more.
    workgroupBarrier();
#end
    for (var k = 0u; k < $(UNITS)u; k += $(UNROLL)u) {
#for s in 0..UNROLL
#for u in 0..UT
#if TRANSPOSED
      let w_$(s)_$(u) = recurrent[(k + $(s)u) * $(UNITS)u + unit_$(u)];
#else
      let w_$(s)_$(u) = recurrent[unit_$(u) * $(UNITS)u + k + $(s)u];
#end
#end
#for r in 0..ROWS
#if LOOP
      let x_$(s)_$(r) = gates[step + row_$(r) + k + $(s)u];
#else
      let x_$(s)_$(r) = da[buffer + (k + $(s)u) * $(ROWS)u + $(r)u];
#end
#for u in 0..UT
      dh_$(u)_$(r) += dot(x_$(s)_$(r), w_$(s)_$(u));
#end
#end
#end
    }
#if LOOP
#for u in 0..UT
#for r in 0..ROWS
    if (is_row_$(r)) {
      g_h0[row_$(r) + unit_$(u)] = dh_$(u)_$(r);
    }
#end
#end
#end
  }
#if !LOOP
#for u in 0..UT
#for r in 0..ROWS
  if (is_row_$(r)) {
    g_h0[row_$(r) + unit_$(u)] = dh_$(u)_$(r);
    g_c0[row_$(r) + unit_$(u)] = dc_$(u)_$(r);
  }
#end
#end
#end
}
