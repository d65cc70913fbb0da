// A recurrent layer over a whole sequence in one dispatch, or its gradients back through it, for small U: a workgroup owns
// ROWS rows of the batch and all units, so that what is multiplied stays in workgroup memory and no workgroup ever waits for
// another one. The weights are the same at every step: an invocation keeps the first KEPT of its slice of k in registers and
// the next HELD in workgroup memory; the others stream from the cache. Forwards h · R runs down the columns of R. Backwards
// da · Rᵀ runs along its rows, so SLICES neighbouring invocations share a row and read neighbouring vectors of it.
//
// Names of the includer: lib/recurrent; weight_0, weight_1. Forwards Input with `sums_0: Sums0` and `sums_1`, State with
//   `h: f32`; input_at, add_product_0, add_product_1, initial, store, advance; operand where there are two products. Backwards Carry
//   with `h: f32`, Back; add_product_0, add_product_1, store_carry, see, retreat; retreat_between where there are two products;
//   `g_initial`.
// Constants: BACKWARD 0 or 1; PRODUCTS 1 or 2, backwards walked from the last. UNITS = U; ROWS 1, 2 or 4 rows of a workgroup;
//   EACH units of an invocation, a divisor of U; SLICES ≥ EACH of k; LENGTH k of a slice, U / SLICES rounded up; KEPT, HELD;
//   UNROLL of the others unrolled, a divisor of their number; LAYERS.
// Mapping: workgroup_id.x owns rows ROWS · x + 0… of layer z. Invocation i makes parts of the sums of units c, c + U/EACH, …
//   over k = s, s + SLICES, … where c = i % (U/EACH) and s = i / (U/EACH), backwards c = i / SLICES and s = i % SLICES; the
//   first U add up the parts of a unit, s ascending, and own its cells. Rows beyond the batch repeat the last one, or have a
//   da of 0, and are not stored.

#if BACKWARD || ROWS == 1
alias Rows = f32;
#else
alias Rows = vec$(ROWS)<f32>;
#end
// What a product multiplies, 0 beyond U; backwards [ROWS][units].
#for p in 0..PRODUCTS
#if BACKWARD
var<workgroup> multiplied_$(p): array<Sums$(p), $(ROWS * SLICES * LENGTH)>;
#else
var<workgroup> multiplied_$(p): array<Rows, $(SLICES * LENGTH)>;
#end
#end
// Parts of the sums, [SLICES][ROWS][U], and weights, [HELD][EACH][invocations].
#for p in 0..PRODUCTS
#if !BACKWARD
var<workgroup> parts_$(p): array<Sums$(p), $(SLICES * ROWS * UNITS)>;
#end
#if HELD
var<workgroup> held_$(p): array<Sums$(p), $(HELD * SLICES * UNITS)>;
#end

fn weight_of_$(p)(begin: u32, k: u32, unit: u32) -> Sums$(p) {
#if UNITS % SLICES
  let there = min(k, $(UNITS - 1)u);
#else
  let there = k;
#end
#if BACKWARD
  let weight = weight_$(p)(begin, unit * $(UNITS)u + there);
#else
  let weight = weight_$(p)(begin, there * $(UNITS)u + unit);
#end
#if UNITS % SLICES
  return sums_where_$(p)(k < $(UNITS)u, weight);
#else
  return weight;
#end
}
#end
#if BACKWARD
// Of either product, [EACH][ROWS][U/EACH][SLICES + 1]: neighbours that read write to different banks too.
var<workgroup> parts: array<f32, $(ROWS * UNITS * (SLICES + 1))>;
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
#if BACKWARD
  let slice = thread % $(SLICES)u;
  let column = thread / $(SLICES)u;
#else
  let slice = thread / $(UNITS / EACH)u;
  let column = thread % $(UNITS / EACH)u;
#end
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
#if BACKWARD
  let own_parts = (unit / $(UNITS / EACH)u) * $(ROWS * (UNITS / EACH) * (SLICES + 1))u + (unit % $(UNITS / EACH)u) * $(SLICES + 1)u;
#else
  let start = tape_before(step_at(0u), size);
  var rows: Rows;
#end
#for r in 0..ROWS
#if BACKWARD
  let row_$(r) = group.x * $(ROWS)u + $(r)u;
  let is_row_$(r) = is_cell && row_$(r) < params.batch;
  let at_$(r) = row_$(r) * $(UNITS)u + unit;
  var carry_$(r) = Carry();
  var seen_$(r) = Seen();
  if (is_row_$(r)) {
    let step = step_at(params.steps - 1u);
    seen_$(r) = see(step * size + at_$(r), tape_before(step, size) + at_$(r), tape_after(step, size) + at_$(r));
  }
#else
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
#end
#if !BACKWARD
  if (is_cell) {
    multiplied_0[unit] = rows;
  }
#end
#if BACKWARD
  for (var left = params.steps; left > 0u; left--) {
    let step = step_at(left - 1u);
#for r in 0..ROWS
    var g_between_$(r) = 0.0;
#end
#else
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
#end
#for q in 0..PRODUCTS
#for p in q + BACKWARD * (PRODUCTS - 1 - 2 * q)..q + BACKWARD * (PRODUCTS - 1 - 2 * q) + 1
#if BACKWARD
#for r in 0..ROWS
    if (is_row_$(r)) {
#if p
      multiplied_1[$(r * SLICES * LENGTH)u + unit] =
        retreat_between(step * size + at_$(r), unit, seen_$(r), carry_$(r), is_live(step, row_$(r)));
#else
      let back = retreat(
        step * size + at_$(r), unit, seen_$(r), carry_$(r), g_between_$(r), is_live(step, row_$(r)));
      carry_$(r) = back.carry;
      multiplied_0[$(r * SLICES * LENGTH)u + unit] = back.sums_0;
      // The next step's numbers are under way while the product is made.
      if (left > 1u) {
        let next = step_at(left - 2u);
        seen_$(r) = see(next * size + at_$(r), tape_before(next, size) + at_$(r), tape_after(next, size) + at_$(r));
      }
#end
    }
#end
#end
#if KEPT + HELD < LENGTH
#for s in 0..UNROLL
#for e in 0..EACH
    let early_$(p)_$(s)_$(e) = weight_of_$(p)(begin, slice + $((KEPT + HELD + s) * SLICES)u, column + $(e * (UNITS / EACH))u);
#end
#end
#end
#for e in 0..EACH
#for r in 0..ROWS
#if BACKWARD
    var sums_$(p)_$(e)_$(r) = 0.0;
#else
    var sums_$(p)_$(e)_$(r) = Sums$(p)();
#end
#end
#end
    // All of what is multiplied is written; the parts of the product before it are read no more.
    workgroupBarrier();
#for i in 0..LENGTH
#if i < KEPT + HELD + UNROLL
#if BACKWARD || ROWS == 1
#for r in 0..ROWS
    let x_$(p)_$(i)_$(r) = multiplied_$(p)[slice + $((r * LENGTH + i) * SLICES)u];
#end
#else
    let x_$(p)_$(i) = multiplied_$(p)[slice + $(i * SLICES)u];
#for r in 0..ROWS
    let x_$(p)_$(i)_$(r) = x_$(p)_$(i)[$(r)];
#end
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
    sums_$(p)_$(e)_$(r) = add_product_$(p)(sums_$(p)_$(e)_$(r), x_$(p)_$(i)_$(r), w_$(p)_$(i)_$(e));
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
#if !(BACKWARD || ROWS == 1)
      let y_$(s) = multiplied_$(p)[k + $(s * SLICES)u];
#end
#for r in 0..ROWS
#if BACKWARD || ROWS == 1
      let y_$(s)_$(r) = multiplied_$(p)[k + $((r * LENGTH + s) * SLICES)u];
#else
      let y_$(s)_$(r) = y_$(s)[$(r)];
#end
#for e in 0..EACH
      sums_$(p)_$(e)_$(r) = add_product_$(p)(sums_$(p)_$(e)_$(r), y_$(s)_$(r), v_$(s)_$(e));
#end
#end
#end
    }
#end
#for e in 0..EACH
#for r in 0..ROWS
#if BACKWARD
    parts[$((e * ROWS + r) * (UNITS / EACH) * (SLICES + 1))u + column * $(SLICES + 1)u + slice] = sums_$(p)_$(e)_$(r);
#else
    parts_$(p)[(slice * $(ROWS)u + $(r)u) * $(UNITS)u + column + $(e * (UNITS / EACH))u] = sums_$(p)_$(e)_$(r);
#end
#end
#end
    // All parts are written; what is multiplied is read no more.
    workgroupBarrier();
    if (is_cell) {
#for s in 0..SLICES
#for r in 0..ROWS
#if BACKWARD && p
      g_between_$(r) += parts[own_parts + $(r * (UNITS / EACH) * (SLICES + 1) + s)u];
#end
#if BACKWARD && !p
      carry_$(r).h += parts[own_parts + $(r * (UNITS / EACH) * (SLICES + 1) + s)u];
#end
#if !BACKWARD
      input_$(r).sums_$(p) = add_product_$(p)(input_$(r).sums_$(p), 1.0, parts_$(p)[$((s * ROWS + r) * UNITS)u + unit]);
#end
#end
#end
#if !BACKWARD
#for r in 0..ROWS
#if p + 1 < PRODUCTS
      let next_$(r) = operand(unit, input_$(r), state_$(r));
#else
      if (is_row_$(r)) {
        state_$(r) = advance(step * size + at_$(r), unit, input_$(r), state_$(r), is_live(step, row_$(r)));
        store(after + at_$(r), state_$(r));
      }
      let next_$(r) = state_$(r).h;
#end
#if ROWS == 1
      rows = next_$(r);
#else
      rows[$(r)] = next_$(r);
#end
#end
      multiplied_$((p + 1) % PRODUCTS)[unit] = rows;
#end
    }
#end
#end
  }
#if BACKWARD
#for r in 0..ROWS
  if (is_row_$(r)) {
    g_initial[first(G_INITIAL_0) + at_$(r)] = carry_$(r).h;
    store_carry(at_$(r), carry_$(r));
  }
#end
#end
}
