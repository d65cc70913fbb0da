// A recurrent layer over a whole sequence in one dispatch, on a software adapter: SwiftShader pays for loads, not for
// idle invocations, and compiles a store for every element of workgroup memory and every copy of unrolled code. So an
// invocation owns many rows and units, h goes through the tape, and the cells are computed in a loop.
//
// Names of the includer: lib/recurrent; Input with `sums_0: Sums0` and `sums_1`, State with `h: f32`; input_at, weight_0 and
//   weight_1, initial, state_at, store, hold and held (an Input in the memory of its results), advance; `states`; operand and
//   `scratch` where there are two products.
// Constants: PRODUCTS 1 or 2. HOLDS 1 where those results have room for an Input: else cells are computed one by one. UNITS = U; ROWS 1, 2, 4 or 8 rows of a workgroup; EACH units of an invocation, a divisor of U; UNROLL steps
//   of k unrolled, a divisor of U.
// Mapping: workgroup_id.x owns rows ROWS · x + 0…; invocation i owns units i, i + U/EACH, … of all these rows. Rows
//   beyond the batch repeat the last one and are not stored.

@compute @workgroup_size($(UNITS / EACH))
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let size = params.batch * $(UNITS)u;
  let start = tape_before(step_at(0u), size);
#for r in 0..ROWS
  let row_$(r) = min(group.x * $(ROWS)u + $(r)u, params.batch - 1u) * $(UNITS)u;
  let is_row_$(r) = group.x * $(ROWS)u + $(r)u < params.batch;
#end
#for u in 0..EACH
  let unit_$(u) = thread + $(u * (UNITS / EACH))u;
#for r in 0..ROWS
  if (is_row_$(r)) {
    store(start + row_$(r) + unit_$(u), initial(row_$(r) + unit_$(u)));
  }
#end
#end
  for (var walked = 0u; walked < params.steps; walked++) {
    let step = step_at(walked);
    let here = step * size;
    let before = tape_before(step, size);
    let after = tape_after(step, size);
    // All states before the step are written.
    storageBarrier();
#for u in 0..EACH
#for r in 0..ROWS
    var input_$(u)_$(r) = input_at(here + row_$(r) + unit_$(u), unit_$(u));
#end
#end
#for p in 0..PRODUCTS
#if p
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
    for (var k = 0u; k < $(UNITS)u; k += $(UNROLL)u) {
#for s in 0..UNROLL
#for u in 0..EACH
      let w_$(s)_$(u) = weight_$(p)(0u, (k + $(s)u) * $(UNITS)u + unit_$(u));
#end
#for r in 0..ROWS
#if p
      let x_$(s)_$(r) = scratch[scratch_place(0u, row_$(r) + k + $(s)u)];
#else
      let x_$(s)_$(r) = states[first(STATE_0) + before + row_$(r) + k + $(s)u];
#end
#for u in 0..EACH
      input_$(u)_$(r).sums_$(p) = add_product_$(p)(input_$(u)_$(r).sums_$(p), x_$(s)_$(r), w_$(s)_$(u));
#end
#end
#end
    }
#end
#if HOLDS
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
#else
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
