// A recurrent layer over a whole sequence in one dispatch, for small U: a workgroup owns ROWS rows of the batch and all
// units, so that h stays in workgroup memory and no workgroup ever waits for another one. The weights stream from the
// cache at every step.
//
// Names of the includer: lib/recurrent; Input with `sums: Sums`, State with `h: f32`; input_at, weight, initial, store,
//   advance.
// Constants: UNITS = U; ROWS 1, 2 or 4 rows of a workgroup; UNROLL steps of k unrolled, a divisor of U.
// Mapping: workgroup_id.x owns rows ROWS · x + 0…; an invocation owns one unit of all these rows. Rows beyond the batch
//   repeat the last one and are not stored.

// h of two steps in turn: [2][U][ROWS].
var<workgroup> h: array<f32, $(2 * UNITS * ROWS)>;

@compute @workgroup_size($(UNITS))
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_index) unit: u32,
) {
  let size = params.batch * $(UNITS)u;
  let start = tape_before(step_at(0u), size);
#for r in 0..ROWS
  let row_$(r) = min(group.x * $(ROWS)u + $(r)u, params.batch - 1u);
  let is_row_$(r) = group.x * $(ROWS)u + $(r)u < params.batch;
  let at_$(r) = row_$(r) * $(UNITS)u + unit;
  var state_$(r) = initial(at_$(r));
  h[unit * $(ROWS)u + $(r)u] = state_$(r).h;
  if (is_row_$(r)) {
    store(start + at_$(r), state_$(r));
  }
#end
  for (var walked = 0u; walked < params.steps; walked++) {
    let step = step_at(walked);
    let after = tape_after(step, size);
    let old = (walked % 2u) * $(UNITS * ROWS)u;
    let next = $(UNITS * ROWS)u - old;
#for r in 0..ROWS
    var input_$(r) = input_at(step * size + at_$(r), unit);
#end
    // All of the last step's h is written. Its half is overwritten only after the next barrier, when nobody reads it.
    workgroupBarrier();
    for (var k = 0u; k < $(UNITS)u; k += $(UNROLL)u) {
#for s in 0..UNROLL
      let w_$(s) = weight((k + $(s)u) * $(UNITS)u + unit);
#for r in 0..ROWS
      input_$(r).sums += h[old + (k + $(s)u) * $(ROWS)u + $(r)u] * w_$(s);
#end
#end
    }
#for r in 0..ROWS
    if (is_row_$(r)) {
      state_$(r) = advance(step * size + at_$(r), input_$(r), state_$(r), is_live(step, row_$(r)));
      store(after + at_$(r), state_$(r));
    }
    h[next + unit * $(ROWS)u + $(r)u] = state_$(r).h;
#end
  }
}
