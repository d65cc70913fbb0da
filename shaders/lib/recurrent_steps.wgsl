// A recurrent layer over a whole sequence in one dispatch, for small U: a workgroup owns ROWS rows of the batch and all
// units, so that h stays in workgroup memory and no workgroup ever waits for another one. The weights stream from the
// cache at every step.
//
// Names of the includer: lib/recurrent; Input with `sums_0: Sums0` and `sums_1`, State with `h: f32`; input_at, weight_0 and
//   weight_1, initial, store, advance; operand where there are two products.
// Constants: PRODUCTS 1 or 2. UNITS = U; ROWS 1, 2 or 4 rows of a workgroup; UNROLL steps of k unrolled, a divisor of U; LAYERS.
// Mapping: workgroup_id.x owns rows ROWS · x + 0… of layer z; an invocation owns one unit of all these rows. Rows beyond the batch
//   repeat the last one and are not stored.

#if ROWS == 1
alias Rows = f32;
#else
alias Rows = vec$(ROWS)<f32>;
#end
// h of two steps in turn: [2][U].
var<workgroup> h: array<Rows, $(2 * UNITS)>;
#if PRODUCTS > 1
// What the second product multiplies.
var<workgroup> operands: array<Rows, $(UNITS)>;
#end

@compute @workgroup_size($(UNITS))
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_index) unit: u32,
) {
#if LAYERS > 1
  layer = group.z;
#end
  let begin = first(RECURRENT);
  let size = params.batch * $(UNITS)u;
  let start = tape_before(step_at(0u), size);
  var rows: Rows;
#for r in 0..ROWS
  let row_$(r) = min(group.x * $(ROWS)u + $(r)u, params.batch - 1u);
  let is_row_$(r) = group.x * $(ROWS)u + $(r)u < params.batch;
  let at_$(r) = row_$(r) * $(UNITS)u + unit;
  var state_$(r) = initial(at_$(r));
#if ROWS == 1
  rows = state_$(r).h;
#else
  rows[$(r)] = state_$(r).h;
#end
  if (is_row_$(r)) {
    store(start + at_$(r), state_$(r));
  }
#end
  h[unit] = rows;
  for (var walked = 0u; walked < params.steps; walked++) {
    let step = step_at(walked);
    let after = tape_after(step, size);
    let old = (walked % 2u) * $(UNITS)u;
    let next = $(UNITS)u - old;
#for r in 0..ROWS
    var input_$(r) = input_at(step * size + at_$(r), unit);
#end
#for p in 0..PRODUCTS
#if p
#for r in 0..ROWS
#if ROWS == 1
    rows = operand(unit, input_$(r), state_$(r));
#else
    rows[$(r)] = operand(unit, input_$(r), state_$(r));
#end
#end
    operands[unit] = rows;
    // All of them are written; they are read no more behind the first barrier of the next step.
#else
    // All of the last step's h is written. Its half is overwritten only after the next barrier, when nobody reads it.
#end
    workgroupBarrier();
    for (var k = 0u; k < $(UNITS)u; k += $(UNROLL)u) {
#for s in 0..UNROLL
      let w_$(s) = weight_$(p)(begin, (k + $(s)u) * $(UNITS)u + unit);
#if p
      let x_$(s) = operands[k + $(s)u];
#else
      let x_$(s) = h[old + k + $(s)u];
#end
#for r in 0..ROWS
#if ROWS == 1
      input_$(r).sums_$(p) = add_product_$(p)(input_$(r).sums_$(p), x_$(s), w_$(s));
#else
      input_$(r).sums_$(p) = add_product_$(p)(input_$(r).sums_$(p), x_$(s)[$(r)], w_$(s));
#end
#end
#end
    }
#end
#for r in 0..ROWS
    if (is_row_$(r)) {
      state_$(r) = advance(step * size + at_$(r), unit, input_$(r), state_$(r), is_live(step, row_$(r)));
      store(after + at_$(r), state_$(r));
    }
#if ROWS == 1
    rows = state_$(r).h;
#else
    rows[$(r)] = state_$(r).h;
#end
#end
    h[next + unit] = rows;
  }
}
