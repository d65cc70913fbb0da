// One step of a recurrent layer, for large U: a workgroup computes all gates of 4 · GROUPS rows × ACROSS · EACH units, with k
// shared out to SLICES invocations and h staged in workgroup memory, then the cells. The first step of the walk reads the
// initial states and copies them to the tape.
// Of STACKED layers each also multiplies the states of the one below it, which has taken this step a dispatch before.
// A step of two PRODUCTS is two dispatches. The first one leaves its sums, and what the second one multiplies, in scratch.
//
// Names of the includer: lib/recurrent; Input with `sums_0: Sums0` and `sums_1`, State with `h: f32`; input_at, weight_0 and
//   weight_1, initial, state_at, store, advance; projected_input where STACKED; operand, set_aside, taken_up and `scratch`
//   where there are two products; `initials`, `states`.
// Constants: PRODUCTS 1 or 2, PRODUCT 0 or 1 which this dispatch makes. ACROSS, EACH, GROUPS, SLICES; DEPTH k staged at a
//   time, a multiple of SLICES; UNROLL of those of an invocation unrolled, a divisor of DEPTH / SLICES; RAGGED 1 where U is no
//   multiple of DEPTH; LAYERS, STACKED, which is 0 where there are two products.
// Mapping: workgroup_id.x is a block of ACROSS · EACH units, y of 4 · GROUPS rows, z a layer. Invocation i makes parts of the
//   sums of units i % ACROSS, + ACROSS, … and rows 4·g + 0…3, where g = i / ACROSS % GROUPS, over k = s, s + SLICES, …, where
//   s = i / (ACROSS · GROUPS). Cell c, and c + invocations, …, is unit c % ACROSS and row 4·g + 0, …, then row 4·g + 1.
//   Rows and units beyond the edge repeat the last one and are not stored.

// h before the step as [GROUPS][DEPTH + 1] of 4 rows: neighbours that read or write differ in their banks.
var<workgroup> h: array<vec4<f32>, $((DEPTH + 1) * GROUPS)>;
// Parts of the sums, [EACH][4 rows][invocations].
var<workgroup> parts: array<Sums$(PRODUCT), $(4 * EACH * ACROSS * GROUPS * SLICES)>;

// What is multiplied: the layer's own states before the step, or where it `is_below` those below it behind the step.
fn h_of(walked: u32, is_below: bool, row: u32, k: u32) -> f32 {
  let at = min(row, params.batch - 1u) * params.units + min(k, params.units - 1u);
  let size = params.batch * params.units;
  var value: f32;
#if PRODUCT
  value = scratch[scratch_place(0u, at)];
#else
#if STACKED
  if (is_below) {
    value = states[first_of(layer - 1u, STATE_0) + tape_after(step_at(walked), size) + at];
  } else if (walked == 0u) {
#else
  if (walked == 0u) {
#end
    value = initials[first(INITIAL_0) + at];
  } else {
    value = states[first(STATE_0) + tape_before(step_at(walked), size) + at];
  }
#end
  return select(0.0, value, k < params.units);
}

fn rows_of(walked: u32, is_below: bool, row: u32, k: u32) -> vec4<f32> {
  return vec4<f32>(
    h_of(walked, is_below, row, k), h_of(walked, is_below, row + 1u, k),
    h_of(walked, is_below, row + 2u, k), h_of(walked, is_below, row + 3u, k));
}

fn state_before(walked: u32, at: u32, before: u32) -> State {
  if (walked == 0u) {
    return initial(at);
  }
  return state_at(before + at);
}

fn weight_of(begin: u32, k: u32, unit: u32) -> Sums$(PRODUCT) {
#if RAGGED
  let value = weight_$(PRODUCT)(begin, min(k, params.units - 1u) * params.units + unit);
  return sums_where_$(PRODUCT)(k < params.units, value);
#else
  return weight_$(PRODUCT)(begin, k * params.units + unit);
#end
}

@compute @workgroup_size($(ACROSS * GROUPS * SLICES))
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
#if LAYERS > 1
  layer = group.z;
#end
  let walked = params.walked - $(STACKED)u * group.z;
  // Before 0 is far above.
  if (walked >= params.steps) {
    return;
  }
  let step = step_at(walked);
  let size = params.batch * params.units;
  let before = tape_before(step, size);
  let after = tape_after(step, size);
  let slice = thread / $(ACROSS * GROUPS)u;
  let rows = thread / $(ACROSS)u % $(GROUPS)u;
  // The cells' own, under way while the products are made.
#for q in 0..CELLS
  let cell_$(q) = min(thread + $(q * ACROSS * GROUPS * SLICES)u, $(4 * EACH * ACROSS * GROUPS - 1)u);
  let place_$(q) = cell_$(q) % $(ACROSS * GROUPS)u;
  let of_$(q) = cell_$(q) / $(ACROSS * GROUPS)u;
  let unit_$(q) = group.x * $(ACROSS * EACH)u + (of_$(q) / 4u) * $(ACROSS)u + place_$(q) % $(ACROSS)u;
  let row_$(q) = group.y * $(4 * GROUPS)u + place_$(q) / $(ACROSS)u * 4u + of_$(q) % 4u;
  let is_cell_$(q) = unit_$(q) < params.units && row_$(q) < params.batch && thread + $(q * ACROSS * GROUPS * SLICES)u < $(4 * EACH * ACROSS * GROUPS)u;
  let at_$(q) = row_$(q) * params.units + unit_$(q);
  var input_$(q): Input;
  var state_$(q): State;
  if (is_cell_$(q)) {
    input_$(q) = input_at(step * size + at_$(q), unit_$(q));
#if PRODUCT
    input_$(q) = taken_up(at_$(q), input_$(q));
#end
    state_$(q) = state_before(walked, at_$(q), before);
  }
#end
#for u in 0..EACH
  let column_$(u) = min(group.x * $(ACROSS * EACH)u + $(ACROSS * u)u + thread % $(ACROSS)u, params.units - 1u);
#end
#if STACKED
  for (var part = select(0u, 1u, group.z == 0u); part < 2u; part++) {
    let is_below = part == 0u;
    let begin = first(select(RECURRENT, INPUT, is_below));
#else
  {
    let is_below = false;
    let begin = first(RECURRENT);
#end
#for u in 0..EACH
#for r in 0..4
    var sums_$(u)_$(r) = Sums$(PRODUCT)();
#end
#end
#for i in 0..STAGED
#if (i + 1) * ACROSS * GROUPS * SLICES <= DEPTH * GROUPS
    let h_at_$(i) = thread + $(i * ACROSS * GROUPS * SLICES)u;
#else
    let h_at_$(i) = min(thread + $(i * ACROSS * GROUPS * SLICES)u, $(DEPTH * GROUPS - 1)u);
#end
    let h_k_$(i) = h_at_$(i) % $(DEPTH)u;
    let h_row_$(i) = group.y * $(4 * GROUPS)u + 4u * (h_at_$(i) / $(DEPTH)u);
    var h_rows_$(i) = rows_of(walked, is_below, h_row_$(i), h_k_$(i));
#end
    for (var k = 0u; k < params.units; k += $(DEPTH)u) {
#for s in 0..UNROLL
#for u in 0..EACH
      var w_$(s)_$(u) = weight_of(begin, k + slice + $(s * SLICES)u, column_$(u));
#end
#end
      // What is staged from before is read no more.
      workgroupBarrier();
#for i in 0..STAGED
      h[h_at_$(i) + h_at_$(i) / $(DEPTH)u] = h_rows_$(i);
#end
      // All of h's part is there. The next one is under way while this one is multiplied.
      workgroupBarrier();
      if (k + $(DEPTH)u < params.units) {
#for i in 0..STAGED
        h_rows_$(i) = rows_of(walked, is_below, h_row_$(i), k + $(DEPTH)u + h_k_$(i));
#end
      }
#if UNROLL * SLICES < DEPTH
      for (var s = 0u; s < $(DEPTH)u; s += $(UNROLL * SLICES)u) {
        if (s > 0u) {
#for s in 0..UNROLL
#for u in 0..EACH
          w_$(s)_$(u) = weight_of(begin, k + s + slice + $(s * SLICES)u, column_$(u));
#end
#end
        }
        let h_at = rows * $(DEPTH + 1)u + slice + s;
#else
      {
        let h_at = rows * $(DEPTH + 1)u + slice;
#end
#for s in 0..UNROLL
        let x_$(s) = h[h_at + $(s * SLICES)u];
#for u in 0..EACH
#for r in 0..4
        sums_$(u)_$(r) = add_product_$(PRODUCT)(sums_$(u)_$(r), x_$(s)[$(r)], w_$(s)_$(u));
#end
#end
#end
      }
    }
#for u in 0..EACH
#for r in 0..4
    parts[$((4 * u + r) * ACROSS * GROUPS * SLICES)u + thread] = sums_$(u)_$(r);
#end
#end
    // All parts are written.
    workgroupBarrier();
#for q in 0..CELLS
    for (var s = 0u; s < $(SLICES)u; s++) {
      input_$(q).sums_$(PRODUCT) = add_product_$(PRODUCT)(
        input_$(q).sums_$(PRODUCT), 1.0, parts[of_$(q) * $(ACROSS * GROUPS * SLICES)u + s * $(ACROSS * GROUPS)u + place_$(q)]);
    }
#if STACKED
    if (is_below) {
      input_$(q) = projected_input(input_$(q), min(unit_$(q), params.units - 1u));
    }
#end
#end
  }
#for q in 0..CELLS
  if (is_cell_$(q)) {
#if PRODUCT + 1 < PRODUCTS
    set_aside(at_$(q), input_$(q));
    scratch[scratch_place(0u, at_$(q))] = operand(unit_$(q), input_$(q), state_$(q));
#else
    if (walked == 0u) {
      store(before + at_$(q), state_$(q));
    }
    store(after + at_$(q), advance(step * size + at_$(q), unit_$(q), input_$(q), state_$(q), is_live(step, row_$(q))));
#end
  }
#end
}
