// One step of a recurrent layer, for large U: a workgroup computes all gates of 32 rows × 16 · EACH units, with k staged
// in workgroup memory, then the cells. The first step of the walk reads the initial states and copies them to the tape.
// Of STACKED layers each also multiplies the states of the one below it, which has taken this step a dispatch before.
// A step of two PRODUCTS is two dispatches. The first one leaves its sums, and what the second one multiplies, in scratch.
//
// Names of the includer: lib/recurrent; Input with `sums_0: Sums0` and `sums_1`, State with `h: f32`; input_at, weight_0 and
//   weight_1, initial, state_at, store, advance; projected_input where STACKED; operand, set_aside, taken_up and `scratch`
//   where there are two products; `initials`, `states`.
// Constants: PRODUCTS 1 or 2, PRODUCT 0 or 1 which this dispatch makes. EACH units of an invocation; UNROLL steps of k
//   unrolled, a divisor of 16; LAYERS, STACKED, which is 0 where there are two products.
// Mapping: workgroup_id.x is a block of 16 · EACH units, y of 32 rows, z a layer; invocation (x, y) owns units x, x + 16,
//   … and rows 4·y + 0…3. Rows and units beyond the edge repeat the last one and are not stored.

// h before the step as [16 of k][8 × 4 rows], weights as [16 of k][16 · EACH units].
var<workgroup> h: array<vec4<f32>, 128>;
var<workgroup> w: array<Sums$(PRODUCT), $(256 * EACH)>;

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

fn state_before(walked: u32, at: u32, before: u32) -> State {
  if (walked == 0u) {
    return initial(at);
  }
  return state_at(before + at);
}

fn weight_of(begin: u32, k: u32, unit: u32) -> Sums$(PRODUCT) {
  let value = weight_$(PRODUCT)(begin, min(k, params.units - 1u) * params.units + min(unit, params.units - 1u));
  return sums_where_$(PRODUCT)(k < params.units, value);
}

@compute @workgroup_size(16, 8)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_id) local: vec3<u32>,
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
  let first_row = group.y * 32u + 4u * local.y;
  let step = step_at(walked);
  let size = params.batch * params.units;
  let before = tape_before(step, size);
  let after = tape_after(step, size);
#for u in 0..EACH
  let unit_$(u) = group.x * $(16 * EACH)u + $(16 * u)u + local.x;
#for r in 0..4
  let at_$(u)_$(r) = min(first_row + $(r)u, params.batch - 1u) * params.units + min(unit_$(u), params.units - 1u);
  var input_$(u)_$(r) = input_at(step * size + at_$(u)_$(r), min(unit_$(u), params.units - 1u));
#if PRODUCT
  input_$(u)_$(r) = taken_up(at_$(u)_$(r), input_$(u)_$(r));
#end
#end
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
    for (var k = 0u; k < params.units; k += 16u) {
      let h_k = k + thread % 16u;
      let h_row = group.y * 32u + 4u * (thread / 16u);
      let h_rows = vec4<f32>(
        h_of(walked, is_below, h_row, h_k), h_of(walked, is_below, h_row + 1u, h_k),
        h_of(walked, is_below, h_row + 2u, h_k), h_of(walked, is_below, h_row + 3u, h_k));
#for i in 0..2
#for u in 0..EACH
      let w_$(i)_$(u) = weight_of(begin, k + local.y + $(8 * i)u, unit_$(u));
#end
#end
      // The tile before this one is read no more.
      workgroupBarrier();
      h[(thread % 16u) * 8u + thread / 16u] = h_rows;
#for i in 0..2
#for u in 0..EACH
      w[(local.y + $(8 * i)u) * $(16 * EACH)u + $(16 * u)u + local.x] = w_$(i)_$(u);
#end
#end
      // The tile is complete.
      workgroupBarrier();
#if UNROLL < 16
      for (var s = 0u; s < 16u; s += $(UNROLL)u) {
        let h_at = 8u * s + local.y;
        let w_at = $(16 * EACH)u * s + local.x;
#else
      {
        let h_at = local.y;
        let w_at = local.x;
#end
#for s in 0..UNROLL
        let x_$(s) = h[h_at + $(8 * s)u];
#for u in 0..EACH
        let v_$(s)_$(u) = w[w_at + $(16 * EACH * s + 16 * u)u];
#for r in 0..4
        input_$(u)_$(r).sums_$(PRODUCT) = add_product_$(PRODUCT)(input_$(u)_$(r).sums_$(PRODUCT), x_$(s)[$(r)], v_$(s)_$(u));
#end
#end
#end
      }
    }
#if STACKED
    if (is_below) {
#for u in 0..EACH
#for r in 0..4
      input_$(u)_$(r) = projected_input(input_$(u)_$(r), min(unit_$(u), params.units - 1u));
#end
#end
    }
#end
  }
#for u in 0..EACH
#for r in 0..4
  if (unit_$(u) < params.units && first_row + $(r)u < params.batch) {
    let at = at_$(u)_$(r);
    let state = state_before(walked, at, before);
#if PRODUCT + 1 < PRODUCTS
    set_aside(at, input_$(u)_$(r));
    scratch[scratch_place(0u, at)] = operand(unit_$(u), input_$(u)_$(r), state);
#else
    if (walked == 0u) {
      store(before + at, state);
    }
    store(after + at, advance(step * size + at, unit_$(u), input_$(u)_$(r), state, is_live(step, first_row + $(r)u)));
#end
  }
#end
#end
}
