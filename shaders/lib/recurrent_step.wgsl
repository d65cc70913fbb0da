// One step of a recurrent layer or of its gradients, for large U: a workgroup makes the sums of 4 · GROUPS rows × ACROSS · EACH
// units, shared out over k to SLICES invocations each, with what is multiplied staged in workgroup memory: h, or backwards da,
// of which dh = da · Rᵀ is made for the step walked before. Backwards slices are neighbours, since they read neighbouring
// vectors of R's rows; what goes on to the states is carried in g_initial and by store_carry, and the dispatch behind the last
// step only completes g_initial. Of STACKED layers each begins with what the one below has made of this step, h · W + b, and
// backwards also takes da · Wᵀ of this step from the one above it, which has walked it a dispatch before.
//
// A step of two PRODUCTS is two dispatches, backwards from the second product to the first. What the first sums are, and what
// they make for the second product, is in scratch memory in between; backwards what is made of the step walked before
// completes the carry, which is then kept, and so are the gradients of the second product's sums.
//
// Names of the includer: lib/recurrent; Sums0 and Sums1; weight_0, add_product_0, sums_where_0 and those of a second product.
//   Forwards Input with `sums_0` and `sums_1`, State with `h: f32`; input_at, initial, state_at, store, advance; `states`,
//   `initials`; projected_input where STACKED; operand, set_aside, taken_up and `scratch` where there are two products.
//   Backwards Carry with `h: f32`, Back; gradient_at_0 and that of a second product, carry_at, store_carry, see, retreat;
//   gradient_above where STACKED; retreat_between, set_aside and `scratch` where there are two products; `g_initial`.
// Constants: BACKWARD 0 or 1; PRODUCTS 1 or 2, PRODUCT of them that this dispatch makes. ACROSS, EACH, GROUPS, SLICES; DEPTH of k
//   staged, a multiple of SLICES; STAGED elements of that an invocation stages, CELLS that it computes; UNROLL of k unrolled, a
//   divisor of DEPTH / SLICES; RAGGED 1 where U is no multiple of DEPTH; CARRIES 1 where a part of dh does not go through the
//   weights; LAYERS, STACKED.
// Mapping: workgroup_id.x is a block of ACROSS · EACH units, y of 4 · GROUPS rows, z a layer. Invocation i makes parts for units a,
//   a + ACROSS, … and rows 4·g + 0…3, over k = s, s + SLICES, …, where s = i / (ACROSS · GROUPS) and g · ACROSS + a =
//   i % (ACROSS · GROUPS), or backwards s = i % SLICES and g · ACROSS + a = i / SLICES. Cell c, and c + invocations, …, is unit
//   c % ACROSS and row 4·g + 0, …, then row 4·g + 1. Rows and units beyond the edge repeat the last one and are not stored.

#if BACKWARD
alias Staged = Sums$(PRODUCT);
alias Sum = f32;
// da as [4 · GROUPS rows][DEPTH].
var<workgroup> multiplied: array<Staged, $(4 * GROUPS * DEPTH)>;
#else
alias Staged = vec4<f32>;
alias Sum = Sums$(PRODUCT);
// h before the step as [GROUPS][DEPTH + 1] of 4 rows: neighbours that read or write differ in their banks.
var<workgroup> multiplied: array<Staged, $((DEPTH + 1) * GROUPS)>;
#end
// Parts of the sums, [EACH][4 rows][invocations]; backwards [EACH][4 rows][GROUPS][ACROSS][SLICES + 1], for the banks.
var<workgroup> parts: array<Sum, $(4 * EACH * ACROSS * GROUPS * (SLICES + BACKWARD))>;

fn weight_of(begin: u32, k: u32, unit: u32) -> Sums$(PRODUCT) {
#if RAGGED
  let there = min(k, params.units - 1u);
#else
  let there = k;
#end
#if BACKWARD
  let weight = weight_$(PRODUCT)(begin, unit * params.units + there);
#else
  let weight = weight_$(PRODUCT)(begin, there * params.units + unit);
#end
#if RAGGED
  return sums_where_$(PRODUCT)(k < params.units, weight);
#else
  return weight;
#end
}

// Then: what is multiplied, `is_other` where that is another layer's; what a cell has of its own, and what is done with its sum.
#if BACKWARD
fn staged(walked: u32, is_other: bool, row: u32, k: u32) -> Staged {
#if PRODUCT
  let at = min(row, params.batch - 1u) * params.units + min(k, params.units - 1u);
#else
  let step = step_at(select(walked, walked - 1u, is_other)) * params.batch;
  let at = (step + min(row, params.batch - 1u)) * params.units + min(k, params.units - 1u);
#if STACKED
  if (is_other) {
    return sums_where_0(k < params.units, gradient_above(at));
  }
#end
#end
  return sums_where_$(PRODUCT)(k < params.units, gradient_at_$(PRODUCT)(at));
}

struct Own {
  sum: f32,
  later: Carry,
  seen: Seen,
}

fn own_of(walked: u32, step: u32, at: u32, unit: u32) -> Own {
  var own = Own();
  let size = params.batch * params.units;
#if PRODUCT
  own.later = carry_at(at, g_initial[first(G_INITIAL_0) + at]);
#else
  if (walked < params.steps) {
    own.later = carry_at(at, 0.0);
#if CARRIES
    own.sum = g_initial[first(G_INITIAL_0) + at];
#end
  }
  if (walked == 0u) {
    return own;
  }
#end
  own.seen = see(step * size + at, tape_before(step, size) + at, tape_after(step, size) + at);
  return own;
}

fn finish(walked: u32, step: u32, at: u32, unit: u32, row: u32, own: Own) {
  let here = step * (params.batch * params.units) + at;
  let live = is_live(step, row);
#if PRODUCT
  let back = retreat(here, unit, own.seen, own.later, own.sum, live);
#else
  if (walked == 0u) {
    g_initial[first(G_INITIAL_0) + at] = own.sum;
    return;
  }
  var later = own.later;
  later.h = own.sum;
#if PRODUCTS > 1
  set_aside(at, retreat_between(here, unit, own.seen, later, live));
  store_carry(at, later);
  g_initial[first(G_INITIAL_0) + at] = later.h;
#else
  let back = retreat(here, unit, own.seen, later, 0.0, live);
#end
#end
#if PRODUCT + 1 == PRODUCTS
  store_carry(at, back.carry);
#if CARRIES
  g_initial[first(G_INITIAL_0) + at] = back.carry.h;
#end
#end
}
#else
fn h_of(walked: u32, is_other: bool, row: u32, k: u32) -> f32 {
  let at = min(row, params.batch - 1u) * params.units + min(k, params.units - 1u);
  let size = params.batch * params.units;
  var value: f32;
#if PRODUCT
  value = scratch[scratch_place(0u, at)];
#else
#if STACKED
  if (is_other) {
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

fn staged(walked: u32, is_other: bool, row: u32, k: u32) -> Staged {
  return vec4<f32>(
    h_of(walked, is_other, row, k), h_of(walked, is_other, row + 1u, k),
    h_of(walked, is_other, row + 2u, k), h_of(walked, is_other, row + 3u, k));
}

struct Own {
  input: Input,
  state: State,
}

fn own_of(walked: u32, step: u32, at: u32, unit: u32) -> Own {
  var own: Own;
  let size = params.batch * params.units;
  own.input = input_at(step * size + at, unit);
#if PRODUCT
  own.input = taken_up(at, own.input);
#end
  if (walked == 0u) {
    own.state = initial(at);
  } else {
    own.state = state_at(tape_before(step, size) + at);
  }
  return own;
}

// The first step of the walk copies the initial states to the tape.
fn finish(walked: u32, step: u32, at: u32, unit: u32, row: u32, own: Own) {
#if PRODUCT + 1 < PRODUCTS
  set_aside(at, own.input);
  scratch[scratch_place(0u, at)] = operand(unit, own.input, own.state);
#else
  let size = params.batch * params.units;
  if (walked == 0u) {
    store(tape_before(step, size) + at, own.state);
  }
  store(tape_after(step, size) + at, advance(step * size + at, unit, own.input, own.state, is_live(step, row)));
#end
}
#end

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
  if (walked >= params.steps + $(BACKWARD)u) {
    return;
  }
#if BACKWARD
  let step = step_at(max(walked, 1u) - 1u);
  let slice = thread % $(SLICES)u;
  let place = thread / $(SLICES)u;
#else
  let step = step_at(walked);
  let slice = thread / $(ACROSS * GROUPS)u;
  let place = thread % $(ACROSS * GROUPS)u;
#end
  // The cells' own, under way while the products are made.
#for q in 0..CELLS
  let cell_$(q) = min(thread + $(q * ACROSS * GROUPS * SLICES)u, $(4 * EACH * ACROSS * GROUPS - 1)u);
  let place_$(q) = cell_$(q) % $(ACROSS * GROUPS)u;
  let of_$(q) = cell_$(q) / $(ACROSS * GROUPS)u;
  let unit_$(q) = group.x * $(ACROSS * EACH)u + (of_$(q) / 4u) * $(ACROSS)u + place_$(q) % $(ACROSS)u;
  let row_$(q) = group.y * $(4 * GROUPS)u + place_$(q) / $(ACROSS)u * 4u + of_$(q) % 4u;
  let is_cell_$(q) = unit_$(q) < params.units && row_$(q) < params.batch && thread + $(q * ACROSS * GROUPS * SLICES)u < $(4 * EACH * ACROSS * GROUPS)u;
  let at_$(q) = row_$(q) * params.units + unit_$(q);
  var own_$(q): Own;
  if (is_cell_$(q)) {
    own_$(q) = own_of(walked, step, at_$(q), unit_$(q));
  }
#end
#for u in 0..EACH
  let column_$(u) = min(group.x * $(ACROSS * EACH)u + $(ACROSS * u)u + place % $(ACROSS)u, params.units - 1u);
#for r in 0..4
  var sums_$(u)_$(r) = Sum();
#end
#end
#if STACKED && BACKWARD
  let is_topmost = group.z == $(LAYERS - 1)u;
  for (var part = select(0u, 1u, walked == params.steps); part < select(2u, 1u, is_topmost || walked == 0u); part++) {
    let is_other = part == 1u;
    var begin = first(RECURRENT);
    if (is_other) {
      begin = first_of(layer + 1u, INPUT);
    }
#end
#if STACKED && !BACKWARD
  for (var part = select(0u, 1u, group.z == 0u); part < 2u; part++) {
    let is_other = part == 0u;
    let begin = first(select(RECURRENT, INPUT, is_other));
#for u in 0..EACH
#for r in 0..4
    sums_$(u)_$(r) = Sum();
#end
#end
#end
#if !STACKED
#if BACKWARD && !PRODUCT
  if (walked < params.steps) {
#else
  {
#end
    let is_other = false;
    let begin = first(RECURRENT);
#end
#for i in 0..STAGED
#if (i + 1) * ACROSS * GROUPS * SLICES <= (1 + 3 * BACKWARD) * GROUPS * DEPTH
    let to_$(i) = thread + $(i * ACROSS * GROUPS * SLICES)u;
#else
    let to_$(i) = min(thread + $(i * ACROSS * GROUPS * SLICES)u, $((1 + 3 * BACKWARD) * GROUPS * DEPTH - 1)u);
#end
    let to_k_$(i) = to_$(i) % $(DEPTH)u;
    let to_row_$(i) = group.y * $(4 * GROUPS)u + $(4 - 3 * BACKWARD)u * (to_$(i) / $(DEPTH)u);
    var next_$(i) = staged(walked, is_other, to_row_$(i), to_k_$(i));
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
#if BACKWARD
      multiplied[to_$(i)] = next_$(i);
#else
      multiplied[to_$(i) + to_$(i) / $(DEPTH)u] = next_$(i);
#end
#end
      // All of this part is there. The next one is under way while this one is multiplied.
      workgroupBarrier();
      if (k + $(DEPTH)u < params.units) {
#for i in 0..STAGED
        next_$(i) = staged(walked, is_other, to_row_$(i), k + $(DEPTH)u + to_k_$(i));
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
#else
      {
        let s = 0u;
#end
        let at = place / $(ACROSS)u * $((1 + 3 * BACKWARD) * DEPTH + 1 - BACKWARD)u + slice + s;
#for s in 0..UNROLL
#if !BACKWARD
        let x_$(s) = multiplied[at + $(s * SLICES)u];
#end
#for r in 0..4
#if BACKWARD
        let x_$(s)_$(r) = multiplied[at + $(r * DEPTH + s * SLICES)u];
#else
        let x_$(s)_$(r) = x_$(s)[$(r)];
#end
#for u in 0..EACH
        sums_$(u)_$(r) = add_product_$(PRODUCT)(sums_$(u)_$(r), x_$(s)_$(r), w_$(s)_$(u));
#end
#end
#end
      }
    }
#if BACKWARD || !STACKED
  }
#end
#for u in 0..EACH
#for r in 0..4
#if BACKWARD
  parts[($((4 * u + r) * ACROSS * GROUPS)u + place) * $(SLICES + 1)u + slice] = sums_$(u)_$(r);
#else
  parts[$((4 * u + r) * ACROSS * GROUPS * SLICES)u + thread] = sums_$(u)_$(r);
#end
#end
#end
  // All parts are written.
  workgroupBarrier();
#for q in 0..CELLS
  if (is_cell_$(q)) {
    for (var s = 0u; s < $(SLICES)u; s++) {
#if BACKWARD
      own_$(q).sum += parts[(of_$(q) * $(ACROSS * GROUPS)u + place_$(q)) * $(SLICES + 1)u + s];
#else
      own_$(q).input.sums_$(PRODUCT) = add_product_$(PRODUCT)(
        own_$(q).input.sums_$(PRODUCT), 1.0, parts[of_$(q) * $(ACROSS * GROUPS * SLICES)u + s * $(ACROSS * GROUPS)u + place_$(q)]);
#end
    }
#if STACKED && !BACKWARD
    if (is_other) {
      own_$(q).input = projected_input(own_$(q).input, unit_$(q));
    }
#else
    finish(walked, step, at_$(q), unit_$(q), row_$(q), own_$(q));
#end
  }
#end
#if STACKED && !BACKWARD
  }
#for q in 0..CELLS
  if (is_cell_$(q)) {
    finish(walked, step, at_$(q), unit_$(q), row_$(q), own_$(q));
  }
#end
#end
}
