// One step of the gradients of a recurrent layer, for large U: a workgroup computes dh = da · Rᵀ of the step walked
// before, for 32 rows × ACROSS · EACH units with the columns of the sum staged in workgroup memory, then the gradients of
// this step. What goes on to the states is carried in g_initial and by store_carry. The dispatch behind the last step only
// completes g_initial. Of STACKED layers each also takes da · Wᵀ of this step from the one above it, which has walked it a
// dispatch before.
//
// A step of two PRODUCTS is two dispatches, from the second product to the first. What is made of the step walked before
// completes the carry, which is then kept, and so are the gradients of the second product's sums, in scratch memory.
//
// Names of the includer: lib/recurrent; Sums0 and Sums1, Carry with `h: f32`, Back; weight_0, accumulate_0, gradient_at_0 and
//   those of a second product, carry_at, store_carry, retreat; gradient_above where STACKED; retreat_between, set_aside and
//   `scratch` where there are two products; `g_initial`.
// Constants: PRODUCTS 1 or 2, PRODUCT whose gradient this dispatch sends back. ACROSS invocations along units, EACH units of one, DEPTH columns staged, 8, 16 or 32; UNROLL of
//   them unrolled, a divisor; CARRIES 1 where a part of dh does not go through the weights; LAYERS, STACKED.
// Mapping: workgroup_id.x is a block of ACROSS · EACH units, y of 32 rows, z a layer; invocation (x, y) owns units x,
//   x + ACROSS, … and rows 4·y + 0…3.

// da as [DEPTH units][32 rows], weights as [DEPTH units][ACROSS · EACH units].
var<workgroup> da: array<Sums$(PRODUCT), $(32 * DEPTH)>;
var<workgroup> w: array<Sums$(PRODUCT), $(DEPTH * ACROSS * EACH)>;

fn gradient_of(is_above: bool, walked: u32, row: u32, k: u32) -> Sums$(PRODUCT) {
#if PRODUCT
  let at = min(row, params.batch - 1u) * params.units + min(k, params.units - 1u);
#else
  let step = step_at(select(walked, walked - 1u, is_above)) * params.batch;
  let at = (step + min(row, params.batch - 1u)) * params.units + min(k, params.units - 1u);
#if STACKED
  if (is_above) {
    return sums_where_0(k < params.units, gradient_above(at));
  }
#end
#end
  return sums_where_$(PRODUCT)(k < params.units, gradient_at_$(PRODUCT)(at));
}

fn weight_of(begin: u32, k: u32, unit: u32) -> Sums$(PRODUCT) {
  let value = weight_$(PRODUCT)(begin, min(unit, params.units - 1u) * params.units + min(k, params.units - 1u));
  return sums_where_$(PRODUCT)(k < params.units, value);
}

@compute @workgroup_size($(ACROSS), 8)
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
  if (walked > params.steps) {
    return;
  }
  let first_unit = group.x * $(ACROSS * EACH)u;
  let first_row = group.y * 32u + 4u * local.y;
#for u in 0..EACH
#for r in 0..4
  var dh_$(u)_$(r) = 0.0;
#end
#end
#if STACKED
  let is_topmost = group.z == $(LAYERS - 1)u;
  for (var part = select(0u, 1u, walked == params.steps); part < select(2u, 1u, is_topmost || walked == 0u); part++) {
    let is_above = part == 1u;
    var begin = first(RECURRENT);
    if (is_above) {
      begin = first_of(layer + 1u, INPUT);
    }
#else
#if PRODUCT
  {
#else
  if (walked < params.steps) {
#end
    let is_above = false;
    let begin = first(RECURRENT);
#end
    let k_of = thread % $(DEPTH)u;
    let row_of = thread / $(DEPTH)u;
    for (var k = 0u; k < params.units; k += $(DEPTH)u) {
#for i in 0..(4 * DEPTH / ACROSS)
      let x_$(i) = gradient_of(is_above, walked, group.y * 32u + row_of + $(i * (8 * ACROSS / DEPTH))u, k + k_of);
#end
#for i in 0..(DEPTH * EACH / 8)
      let y_$(i) = weight_of(begin, k + k_of, first_unit + row_of + $(i * (8 * ACROSS / DEPTH))u);
#end
      // The tile before this one is read no more.
      workgroupBarrier();
#for i in 0..(4 * DEPTH / ACROSS)
      da[k_of * 32u + row_of + $(i * (8 * ACROSS / DEPTH))u] = x_$(i);
#end
#for i in 0..(DEPTH * EACH / 8)
      w[k_of * $(ACROSS * EACH)u + row_of + $(i * (8 * ACROSS / DEPTH))u] = y_$(i);
#end
      // The tile is complete.
      workgroupBarrier();
#if UNROLL < DEPTH
      for (var s = 0u; s < $(DEPTH)u; s += $(UNROLL)u) {
        let w_at = $(ACROSS * EACH)u * s + local.x;
        let d_at = 32u * s + 4u * local.y;
#else
      {
        let w_at = local.x;
        let d_at = 4u * local.y;
#end
#for s in 0..UNROLL
#for u in 0..EACH
        let v_$(s)_$(u) = w[w_at + $(ACROSS * EACH * s + ACROSS * u)u];
#end
#for r in 0..4
        let d_$(s)_$(r) = da[d_at + $(32 * s + r)u];
#for u in 0..EACH
        dh_$(u)_$(r) = accumulate_$(PRODUCT)(dh_$(u)_$(r), d_$(s)_$(r), v_$(s)_$(u));
#end
#end
#end
      }
    }
  }
  let size = params.batch * params.units;
#for u in 0..EACH
  let unit_$(u) = first_unit + $(ACROSS * u)u + local.x;
#for r in 0..4
  if (unit_$(u) < params.units && first_row + $(r)u < params.batch) {
    let row = first_row + $(r)u;
    let at = row * params.units + unit_$(u);
#if PRODUCT
    let later = carry_at(at, g_initial[first(G_INITIAL_0) + at]);
    let step = step_at(walked - 1u);
    let back = retreat(
      step * size + at, unit_$(u), tape_before(step, size) + at, tape_after(step, size) + at, later, dh_$(u)_$(r), is_live(step, row));
    store_carry(at, back.carry);
#if CARRIES
    g_initial[first(G_INITIAL_0) + at] = back.carry.h;
#end
#else
    var dh = dh_$(u)_$(r);
#if CARRIES
    if (walked < params.steps) {
      dh += g_initial[first(G_INITIAL_0) + at];
    }
#end
    if (walked == 0u) {
      g_initial[first(G_INITIAL_0) + at] = dh;
    } else {
      var later = Carry();
      later.h = dh;
      if (walked < params.steps) {
        later = carry_at(at, dh);
      }
      let step = step_at(walked - 1u);
#if PRODUCTS > 1
      set_aside(at, retreat_between(
        step * size + at, unit_$(u), tape_before(step, size) + at, tape_after(step, size) + at, later, is_live(step, row)));
      store_carry(at, later);
      g_initial[first(G_INITIAL_0) + at] = later.h;
#else
      let back = retreat(
        step * size + at, unit_$(u), tape_before(step, size) + at, tape_after(step, size) + at, later, 0.0, is_live(step, row));
      store_carry(at, back.carry);
#if CARRIES
      g_initial[first(G_INITIAL_0) + at] = back.carry.h;
#end
#end
    }
#end
  }
#end
#end
}
