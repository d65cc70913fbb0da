// A recurrent layer over a whole sequence in one dispatch, for small U: a workgroup owns ROWS rows of the batch and all
// units, so that h stays in workgroup memory and no workgroup ever waits for another one. The weights are the same at
// every step: an invocation keeps the first KEPT of its slice of k in registers and the next HELD in workgroup memory;
// the others stream from the cache.
//
// Names of the includer: lib/recurrent; Input with `sums_0: Sums0` and `sums_1`, State with `h: f32`; input_at, weight_0 and
//   weight_1, initial, store, advance; operand where there are two products.
// Constants: PRODUCTS 1 or 2. UNITS = U; ROWS 1, 2 or 4 rows of a workgroup; EACH units of an invocation, a divisor of U;
//   SLICES ≥ EACH of k; LENGTH k of a slice, U / SLICES rounded up; KEPT, HELD; UNROLL of the others unrolled, a divisor of
//   their number; LAYERS.
// Mapping: workgroup_id.x owns rows ROWS · x + 0… of layer z. Invocation i makes parts of the sums of units c, c + U/EACH, …
//   where c = i % (U/EACH), over k = s, s + SLICES, … where s = i / (U/EACH); the first U add up the parts of a unit,
//   s ascending, and own its cells. Rows beyond the batch repeat the last one and are not stored.

#if ROWS == 1
alias Rows = f32;
#else
alias Rows = vec$(ROWS)<f32>;
#end
// 0 beyond U.
var<workgroup> h: array<Rows, $(SLICES * LENGTH)>;
#if PRODUCTS > 1
// What the second product multiplies.
var<workgroup> operands: array<Rows, $(SLICES * LENGTH)>;
#end
#for p in 0..PRODUCTS
// Parts of the sums, [SLICES][ROWS][U], and weights, [HELD][EACH][invocations].
var<workgroup> parts_$(p): array<Sums$(p), $(SLICES * ROWS * UNITS)>;
#if HELD
var<workgroup> held_$(p): array<Sums$(p), $(HELD * SLICES * UNITS)>;
#end

fn weight_of_$(p)(begin: u32, k: u32, unit: u32) -> Sums$(p) {
#if UNITS % SLICES
  return sums_where_$(p)(k < $(UNITS)u, weight_$(p)(begin, min(k, $(UNITS - 1)u) * $(UNITS)u + unit));
#else
  return weight_$(p)(begin, k * $(UNITS)u + unit);
#end
}
#end

@compute @workgroup_size($(UNITS / EACH * SLICES))
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
#if LAYERS > 1
  layer = group.z;
#end
  let begin = first(RECURRENT);
  let size = params.batch * $(UNITS)u;
  let start = tape_before(step_at(0u), size);
  let slice = thread / $(UNITS / EACH)u;
  let column = thread % $(UNITS / EACH)u;
  let is_cell = thread < $(UNITS)u;
  let unit = min(thread, $(UNITS - 1)u);
#for p in 0..PRODUCTS
#for i in 0..KEPT
#for e in 0..EACH
  let kept_$(p)_$(i)_$(e) = weight_of_$(p)(begin, slice + $(i * SLICES)u, column + $(e * (UNITS / EACH))u);
#end
#end
#for i in 0..HELD
#for e in 0..EACH
  held_$(p)[$((i * EACH + e) * (UNITS / EACH * SLICES))u + thread] =
    weight_of_$(p)(begin, slice + $((KEPT + i) * SLICES)u, column + $(e * (UNITS / EACH))u);
#end
#end
#end
  var rows: Rows;
#for r in 0..ROWS
  let row_$(r) = min(group.x * $(ROWS)u + $(r)u, params.batch - 1u);
  let is_row_$(r) = is_cell && group.x * $(ROWS)u + $(r)u < params.batch;
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
  if (is_cell) {
    h[unit] = rows;
  }
  for (var walked = 0u; walked < params.steps; walked++) {
    let step = step_at(walked);
    let after = tape_after(step, size);
    // Under way while the products are made.
#for r in 0..ROWS
    var input_$(r): Input;
    if (is_cell) {
      input_$(r) = input_at(step * size + at_$(r), unit);
    }
#end
#for p in 0..PRODUCTS
#if KEPT + HELD < LENGTH
#for s in 0..UNROLL
#for e in 0..EACH
    let early_$(p)_$(s)_$(e) = weight_of_$(p)(begin, slice + $((KEPT + HELD + s) * SLICES)u, column + $(e * (UNITS / EACH))u);
#end
#end
#end
#for e in 0..EACH
#for r in 0..ROWS
    var sums_$(p)_$(e)_$(r) = Sums$(p)();
#end
#end
    // All of what is multiplied is written; the parts of the product before it are read no more.
    workgroupBarrier();
#for i in 0..LENGTH
#if i < KEPT + HELD + UNROLL
#if p
    let x_$(p)_$(i) = operands[slice + $(i * SLICES)u];
#else
    let x_$(p)_$(i) = h[slice + $(i * SLICES)u];
#end
#for e in 0..EACH
#if i < KEPT
    let w_$(p)_$(i)_$(e) = kept_$(p)_$(i)_$(e);
#else
#if i < KEPT + HELD
    let w_$(p)_$(i)_$(e) = held_$(p)[$(((i - KEPT) * EACH + e) * (UNITS / EACH * SLICES))u + thread];
#else
    let w_$(p)_$(i)_$(e) = early_$(p)_$(i - KEPT - HELD)_$(e);
#end
#end
#for r in 0..ROWS
#if ROWS == 1
    sums_$(p)_$(e)_$(r) = add_product_$(p)(sums_$(p)_$(e)_$(r), x_$(p)_$(i), w_$(p)_$(i)_$(e));
#else
    sums_$(p)_$(e)_$(r) = add_product_$(p)(sums_$(p)_$(e)_$(r), x_$(p)_$(i)[$(r)], w_$(p)_$(i)_$(e));
#end
#end
#end
#end
#end
#if KEPT + HELD + UNROLL < LENGTH
    for (var k = slice + $((KEPT + HELD + UNROLL) * SLICES)u; k < $(LENGTH * SLICES)u; k += $(UNROLL * SLICES)u) {
#for s in 0..UNROLL
#for e in 0..EACH
      let v_$(s)_$(e) = weight_of_$(p)(begin, k + $(s * SLICES)u, column + $(e * (UNITS / EACH))u);
#end
#end
#for s in 0..UNROLL
#if p
      let y_$(s) = operands[k + $(s * SLICES)u];
#else
      let y_$(s) = h[k + $(s * SLICES)u];
#end
#for e in 0..EACH
#for r in 0..ROWS
#if ROWS == 1
      sums_$(p)_$(e)_$(r) = add_product_$(p)(sums_$(p)_$(e)_$(r), y_$(s), v_$(s)_$(e));
#else
      sums_$(p)_$(e)_$(r) = add_product_$(p)(sums_$(p)_$(e)_$(r), y_$(s)[$(r)], v_$(s)_$(e));
#end
#end
#end
#end
    }
#end
#for e in 0..EACH
#for r in 0..ROWS
    parts_$(p)[(slice * $(ROWS)u + $(r)u) * $(UNITS)u + column + $(e * (UNITS / EACH))u] = sums_$(p)_$(e)_$(r);
#end
#end
    // All parts are written; what is multiplied is read no more.
    workgroupBarrier();
    if (is_cell) {
#for s in 0..SLICES
#for r in 0..ROWS
      input_$(r).sums_$(p) = add_product_$(p)(input_$(r).sums_$(p), 1.0, parts_$(p)[$((s * ROWS + r) * UNITS)u + unit]);
#end
#end
#for r in 0..ROWS
#if p + 1 < PRODUCTS
#if ROWS == 1
      rows = operand(unit, input_$(r), state_$(r));
#else
      rows[$(r)] = operand(unit, input_$(r), state_$(r));
#end
#else
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
#end
#if p + 1 < PRODUCTS
      operands[unit] = rows;
#else
      h[unit] = rows;
#end
    }
#end
  }
}
