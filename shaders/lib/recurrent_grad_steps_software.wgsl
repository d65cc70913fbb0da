// Gradients of a recurrent layer through a whole sequence in one dispatch, on a software adapter: the mirror image of
// recurrent_steps_software. The gradients of the gates' arguments go through their result, those of the states through
// g_initial and store_carry.
//
// Names of the includer: lib/recurrent; Sums0 and Sums1, Carry with `h: f32`, Back; weight_0, accumulate_0, gradient_at_0 and
//   those of a second product, carry_at, store_carry, see, retreat; retreat_between, set_aside and `scratch` where there is one;
//   `g_initial`.
// Constants: PRODUCTS 1 or 2, BETWEEN numbers of scratch memory before what reaches the second one's operand. UNITS = U; ROWS 1, 2, 4 or 8 rows of a workgroup; EACH units of an invocation, a divisor of U; UNROLL steps
//   of k unrolled, a divisor of U; CARRIES 1 where a part of dh does not go through the weights.
// Mapping: workgroup_id.x owns rows ROWS · x + 0…; invocation i owns units i, i + U/EACH, … of all these rows. Rows
//   beyond the batch repeat the last one and are not stored.

@compute @workgroup_size($(UNITS / EACH))
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let size = params.batch * $(UNITS)u;
#for r in 0..ROWS
  let row_$(r) = min(group.x * $(ROWS)u + $(r)u, params.batch - 1u) * $(UNITS)u;
  let is_row_$(r) = group.x * $(ROWS)u + $(r)u < params.batch;
#end
#for u in 0..EACH
  let unit_$(u) = thread + $(u * (UNITS / EACH))u;
#end
  for (var left = params.steps; left > 0u; left--) {
    let step = step_at(left - 1u);
    let here = step * size;
    let before = tape_before(step, size);
    let after = tape_after(step, size);
#if PRODUCTS > 1
    for (var i = 0u; i < $(EACH * ROWS)u; i++) {
      let unit = thread + (i / $(ROWS)u) * $(UNITS / EACH)u;
      let row = group.x * $(ROWS)u + i % $(ROWS)u;
      if (row < params.batch) {
        let at = row * $(UNITS)u + unit;
        var later = Carry();
        if (left < params.steps) {
          later = carry_at(at, g_initial[first(G_INITIAL_0) + at]);
        }
        let seen = see(here + at, before + at, after + at);
        set_aside(at, retreat_between(here + at, unit, seen, later, is_live(step, row)));
      }
    }
    // All gradients of the second product's sums are written.
    storageBarrier();
#for u in 0..EACH
#for r in 0..ROWS
    var between_$(u)_$(r) = 0.0;
#end
#end
    for (var k = 0u; k < $(UNITS)u; k += $(UNROLL)u) {
#for s in 0..UNROLL
#for u in 0..EACH
      let v_$(s)_$(u) = weight_1(0u, unit_$(u) * $(UNITS)u + k + $(s)u);
#end
#for r in 0..ROWS
      let y_$(s)_$(r) = gradient_at_1(row_$(r) + k + $(s)u);
#for u in 0..EACH
      between_$(u)_$(r) = accumulate_1(between_$(u)_$(r), y_$(s)_$(r), v_$(s)_$(u));
#end
#end
#end
    }
#for u in 0..EACH
#for r in 0..ROWS
    if (is_row_$(r)) {
      scratch[scratch_place($(BETWEEN)u, row_$(r) + unit_$(u))] = between_$(u)_$(r);
    }
#end
#end
#end
    for (var i = 0u; i < $(EACH * ROWS)u; i++) {
      let unit = thread + (i / $(ROWS)u) * $(UNITS / EACH)u;
      let row = group.x * $(ROWS)u + i % $(ROWS)u;
      if (row < params.batch) {
        let at = row * $(UNITS)u + unit;
        var later = Carry();
        if (left < params.steps) {
          later = carry_at(at, g_initial[first(G_INITIAL_0) + at]);
        }
#if PRODUCTS > 1
        let g_between = scratch[scratch_place($(BETWEEN)u, at)];
#else
        let g_between = 0.0;
#end
        let seen = see(here + at, before + at, after + at);
        let back = retreat(here + at, unit, seen, later, g_between, is_live(step, row));
        store_carry(at, back.carry);
#if CARRIES
        g_initial[first(G_INITIAL_0) + at] = back.carry.h;
#end
      }
    }
    // All gradients of this step are written.
    storageBarrier();
#for u in 0..EACH
#for r in 0..ROWS
#if CARRIES
    var dh_$(u)_$(r) = g_initial[first(G_INITIAL_0) + row_$(r) + unit_$(u)];
#else
    var dh_$(u)_$(r) = 0.0;
#end
#end
#end
    for (var k = 0u; k < $(UNITS)u; k += $(UNROLL)u) {
#for s in 0..UNROLL
#for u in 0..EACH
      let w_$(s)_$(u) = weight_0(0u, unit_$(u) * $(UNITS)u + k + $(s)u);
#end
#for r in 0..ROWS
      let x_$(s)_$(r) = gradient_at_0(here + row_$(r) + k + $(s)u);
#for u in 0..EACH
      dh_$(u)_$(r) = accumulate_0(dh_$(u)_$(r), x_$(s)_$(r), w_$(s)_$(u));
#end
#end
#end
    }
#for u in 0..EACH
#for r in 0..ROWS
    if (is_row_$(r)) {
      g_initial[first(G_INITIAL_0) + row_$(r) + unit_$(u)] = dh_$(u)_$(r);
    }
#end
#end
  }
}
