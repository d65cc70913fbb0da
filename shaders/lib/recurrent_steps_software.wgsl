// A recurrent layer over a whole sequence in one dispatch, or its gradients back through it, on a software adapter:
// SwiftShader pays for loads, not for idle invocations, and compiles a store for every element of workgroup memory and every
// copy of unrolled code. So an invocation owns many rows and units, what is multiplied goes through the results, h through the
// tape, da through its gradient, and the cells are computed in a loop. What goes back to the states goes through g_initial and
// store_carry.
//
// Names of the includer: lib/recurrent; weight_0, add_product_0 and those of a second product; `scratch` where there is one.
//   Forwards Input with `sums_0: Sums0` and `sums_1`, State with `h: f32`; input_at, initial, state_at, store, hold and held (an
//   Input in the memory of its results), advance; `states`; operand where there are two products. Backwards Carry with
//   `h: f32`, Back; gradient_at_0 and that of a second product, carry_at, store_carry, see, retreat; retreat_between and
//   set_aside where there is one; `g_initial`.
// Constants: BACKWARD 0 or 1; PRODUCTS 1 or 2, backwards walked from the last. HOLDS 1 where those results have room for an
//   Input: else cells are computed one by one. BETWEEN numbers of scratch memory before what reaches the second product's
//   operand. UNITS = U; ROWS 1, 2, 4 or 8 rows of a workgroup; EACH units of an invocation, a divisor of U; UNROLL steps of k
//   unrolled, a divisor of U; CARRIES 1 where a part of dh does not go through the weights.
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
#if !BACKWARD
#for r in 0..ROWS
  if (is_row_$(r)) {
    store(tape_before(step_at(0u), size) + row_$(r) + unit_$(u), initial(row_$(r) + unit_$(u)));
  }
#end
#end
#end
  for (var done = 0u; done < params.steps; done++) {
#if BACKWARD
    let step = step_at(params.steps - 1u - done);
#else
    let step = step_at(done);
#end
    let here = step * size;
    let before = tape_before(step, size);
    let after = tape_after(step, size);
#if !BACKWARD
    // All states before the step are written.
    storageBarrier();
#for u in 0..EACH
#for r in 0..ROWS
    var input_$(u)_$(r) = input_at(here + row_$(r) + unit_$(u), unit_$(u));
#end
#end
#end
#for q in 0..PRODUCTS
#for p in q + BACKWARD * (PRODUCTS - 1 - 2 * q)..q + BACKWARD * (PRODUCTS - 1 - 2 * q) + 1
#if BACKWARD
    for (var i = 0u; i < $(EACH * ROWS)u; i++) {
      let unit = thread + (i / $(ROWS)u) * $(UNITS / EACH)u;
      let row = group.x * $(ROWS)u + i % $(ROWS)u;
      if (row < params.batch) {
        let at = row * $(UNITS)u + unit;
        var later = Carry();
        if (done > 0u) {
          later = carry_at(at, g_initial[first(G_INITIAL_0) + at]);
        }
        let seen = see(here + at, before + at, after + at);
#if p
        set_aside(at, retreat_between(here + at, unit, seen, later, is_live(step, row)));
#else
#if PRODUCTS > 1
        let g_between = scratch[scratch_place($(BETWEEN)u, at)];
#else
        let g_between = 0.0;
#end
        let back = retreat(here + at, unit, seen, later, g_between, is_live(step, row));
        store_carry(at, back.carry);
#if CARRIES
        g_initial[first(G_INITIAL_0) + at] = back.carry.h;
#end
#end
      }
    }
    // All gradients of the product's sums are written.
    storageBarrier();
#end
#if !BACKWARD && p
#for u in 0..EACH
#for r in 0..ROWS
    if (is_row_$(r)) {
      let at = row_$(r) + unit_$(u);
      scratch[scratch_place(0u, at)] = operand(unit_$(u), input_$(u)_$(r), state_at(before + at));
    }
#end
#end
    // All that the second product multiplies is written.
    storageBarrier();
#end
#for u in 0..EACH
#for r in 0..ROWS
#if !BACKWARD
    var sums_$(p)_$(u)_$(r) = input_$(u)_$(r).sums_$(p);
#end
#if BACKWARD && CARRIES && !p
    var sums_$(p)_$(u)_$(r) = g_initial[first(G_INITIAL_0) + row_$(r) + unit_$(u)];
#end
#if BACKWARD && (p || !CARRIES)
    var sums_$(p)_$(u)_$(r) = 0.0;
#end
#end
#end
    for (var k = 0u; k < $(UNITS)u; k += $(UNROLL)u) {
#for s in 0..UNROLL
#for u in 0..EACH
#if BACKWARD
      let w_$(s)_$(u) = weight_$(p)(0u, unit_$(u) * $(UNITS)u + k + $(s)u);
#else
      let w_$(s)_$(u) = weight_$(p)(0u, (k + $(s)u) * $(UNITS)u + unit_$(u));
#end
#end
#for r in 0..ROWS
#if BACKWARD
      let x_$(s)_$(r) = gradient_at_$(p)($(1 - p)u * here + row_$(r) + k + $(s)u);
#end
#if !BACKWARD && p
      let x_$(s)_$(r) = scratch[scratch_place(0u, row_$(r) + k + $(s)u)];
#end
#if !BACKWARD && !p
      let x_$(s)_$(r) = states[first(STATE_0) + before + row_$(r) + k + $(s)u];
#end
#for u in 0..EACH
      sums_$(p)_$(u)_$(r) = add_product_$(p)(sums_$(p)_$(u)_$(r), x_$(s)_$(r), w_$(s)_$(u));
#end
#end
#end
    }
#for u in 0..EACH
#for r in 0..ROWS
#if BACKWARD
    if (is_row_$(r)) {
#if p
      scratch[scratch_place($(BETWEEN)u, row_$(r) + unit_$(u))] = sums_$(p)_$(u)_$(r);
#else
      g_initial[first(G_INITIAL_0) + row_$(r) + unit_$(u)] = sums_$(p)_$(u)_$(r);
#end
    }
#else
    input_$(u)_$(r).sums_$(p) = sums_$(p)_$(u)_$(r);
#end
#end
#end
#end
#end
#if !BACKWARD && HOLDS
#for u in 0..EACH
#for r in 0..ROWS
    if (is_row_$(r)) {
      hold(here + row_$(r) + unit_$(u), after + row_$(r) + unit_$(u), input_$(u)_$(r));
    }
#end
#end
    for (var i = 0u; i < $(EACH * ROWS)u; i++) {
      let unit = thread + (i / $(ROWS)u) * $(UNITS / EACH)u;
      let row = group.x * $(ROWS)u + i % $(ROWS)u;
      if (row < params.batch) {
        let at = row * $(UNITS)u + unit;
        let input = held(here + at, after + at);
        let state = advance(here + at, unit, input, state_at(before + at), is_live(step, row));
        store(after + at, state);
      }
    }
#end
#if !BACKWARD && !HOLDS
#for u in 0..EACH
#for r in 0..ROWS
    if (is_row_$(r)) {
      let at = row_$(r) + unit_$(u);
      let live = is_live(step, group.x * $(ROWS)u + $(r)u);
      store(after + at, advance(here + at, unit_$(u), input_$(u)_$(r), state_at(before + at), live));
    }
#end
#end
#end
  }
}
