// One step of the gradients of a recurrent layer, for large U: a workgroup computes dh = da · Rᵀ of the step walked
// before, for 4 · GROUPS rows × ACROSS · EACH units, with the columns of the sum shared out to SLICES neighbouring invocations
// and da staged in workgroup memory, then the gradients of this step. What goes on to the states is carried in g_initial and
// by store_carry. The dispatch behind the last step only completes g_initial. Of STACKED layers each also takes da · Wᵀ of
// this step from the one above it, which has walked it a dispatch before.
//
// A step of two PRODUCTS is two dispatches, from the second product to the first. What is made of the step walked before
// completes the carry, which is then kept, and so are the gradients of the second product's sums, in scratch memory.
//
// Names of the includer: lib/recurrent; Sums0 and Sums1, Carry with `h: f32`, Back; weight_0, accumulate_0, gradient_at_0 and
//   those of a second product, carry_at, store_carry, see, retreat; gradient_above where STACKED; retreat_between, set_aside
//   and `scratch` where there are two products; `g_initial`.
// Constants: PRODUCTS 1 or 2, PRODUCT whose gradient this dispatch sends back. ACROSS, EACH, GROUPS, SLICES; DEPTH columns
//   staged, a multiple of SLICES; UNROLL of those of an invocation unrolled, a divisor of DEPTH / SLICES; RAGGED 1 where U is no
//   multiple of DEPTH; CARRIES 1 where a part of dh does not go through the weights; LAYERS, STACKED.
// Mapping: workgroup_id.x is a block of ACROSS · EACH units, y of 4 · GROUPS rows, z a layer. Invocation i makes parts for
//   units a, a + ACROSS, …, where a = i / SLICES % ACROSS, and rows 4·g + 0…3, where g = i / (SLICES · ACROSS), over columns s,
//   s + SLICES, …, where s = i % SLICES. Cells as in recurrent_step.

// da as [4 · GROUPS rows][DEPTH columns].
var<workgroup> da: array<Sums$(PRODUCT), $(4 * GROUPS * DEPTH)>;
// Parts of dh, [EACH][4 rows][GROUPS][ACROSS][SLICES + 1]: neighbours that read write to different banks too.
var<workgroup> parts: array<f32, $(4 * EACH * ACROSS * GROUPS * (SLICES + 1))>;

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
#if RAGGED
  let value = weight_$(PRODUCT)(begin, unit * params.units + min(k, params.units - 1u));
  return sums_where_$(PRODUCT)(k < params.units, value);
#else
  return weight_$(PRODUCT)(begin, unit * params.units + k);
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
  if (walked > params.steps) {
    return;
  }
  let size = params.batch * params.units;
  let slice = thread % $(SLICES)u;
  let rows = thread / $(SLICES * ACROSS)u;
  let step = step_at(max(walked, 1u) - 1u);
  // The cells' own, under way while the product is made.
#for q in 0..CELLS
  let cell_$(q) = min(thread + $(q * ACROSS * GROUPS * SLICES)u, $(4 * EACH * ACROSS * GROUPS - 1)u);
  let place_$(q) = cell_$(q) % $(ACROSS * GROUPS)u;
  let of_$(q) = cell_$(q) / $(ACROSS * GROUPS)u;
  let unit_$(q) = group.x * $(ACROSS * EACH)u + (of_$(q) / 4u) * $(ACROSS)u + place_$(q) % $(ACROSS)u;
  let row_$(q) = group.y * $(4 * GROUPS)u + place_$(q) / $(ACROSS)u * 4u + of_$(q) % 4u;
  let is_cell_$(q) = unit_$(q) < params.units && row_$(q) < params.batch && thread + $(q * ACROSS * GROUPS * SLICES)u < $(4 * EACH * ACROSS * GROUPS)u;
  let at_$(q) = row_$(q) * params.units + unit_$(q);
  var dh_$(q) = 0.0;
  var later_$(q) = Carry();
  var seen_$(q) = Seen();
  if (is_cell_$(q)) {
#if PRODUCT
    later_$(q) = carry_at(at_$(q), g_initial[first(G_INITIAL_0) + at_$(q)]);
    seen_$(q) = see(step * size + at_$(q), tape_before(step, size) + at_$(q), tape_after(step, size) + at_$(q));
#else
    if (walked < params.steps) {
      later_$(q) = carry_at(at_$(q), 0.0);
#if CARRIES
      dh_$(q) = g_initial[first(G_INITIAL_0) + at_$(q)];
#end
    }
    if (walked > 0u) {
      seen_$(q) = see(step * size + at_$(q), tape_before(step, size) + at_$(q), tape_after(step, size) + at_$(q));
    }
#end
  }
#end
#for u in 0..EACH
  let column_$(u) = min(group.x * $(ACROSS * EACH)u + $(ACROSS * u)u + thread / $(SLICES)u % $(ACROSS)u, params.units - 1u);
#for r in 0..4
  var sums_$(u)_$(r) = 0.0;
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
#for i in 0..STAGED
#if (i + 1) * ACROSS * GROUPS * SLICES <= 4 * GROUPS * DEPTH
    let d_at_$(i) = thread + $(i * ACROSS * GROUPS * SLICES)u;
#else
    let d_at_$(i) = min(thread + $(i * ACROSS * GROUPS * SLICES)u, $(4 * GROUPS * DEPTH - 1)u);
#end
    let d_k_$(i) = d_at_$(i) % $(DEPTH)u;
    let d_row_$(i) = group.y * $(4 * GROUPS)u + d_at_$(i) / $(DEPTH)u;
    var d_$(i) = gradient_of(is_above, walked, d_row_$(i), d_k_$(i));
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
      da[d_at_$(i)] = d_$(i);
#end
      // All of da's part is there. The next one is under way while this one is multiplied.
      workgroupBarrier();
      if (k + $(DEPTH)u < params.units) {
#for i in 0..STAGED
        d_$(i) = gradient_of(is_above, walked, d_row_$(i), k + $(DEPTH)u + d_k_$(i));
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
        let d_at = rows * $(4 * DEPTH)u + slice + s;
#else
      {
        let d_at = rows * $(4 * DEPTH)u + slice;
#end
#for s in 0..UNROLL
#for r in 0..4
        let x_$(s)_$(r) = da[d_at + $(r * DEPTH + s * SLICES)u];
#for u in 0..EACH
        sums_$(u)_$(r) = accumulate_$(PRODUCT)(sums_$(u)_$(r), x_$(s)_$(r), w_$(s)_$(u));
#end
#end
#end
      }
    }
  }
#for u in 0..EACH
#for r in 0..4
  parts[($((4 * u + r) * ACROSS * GROUPS)u + thread / $(SLICES)u) * $(SLICES + 1)u + slice] = sums_$(u)_$(r);
#end
#end
  // All parts are written.
  workgroupBarrier();
#for q in 0..CELLS
  if (is_cell_$(q)) {
    var dh = dh_$(q);
    for (var s = 0u; s < $(SLICES)u; s++) {
      dh += parts[(of_$(q) * $(ACROSS * GROUPS)u + place_$(q)) * $(SLICES + 1)u + s];
    }
    let at = at_$(q);
#if PRODUCT
    let back = retreat(step * size + at, unit_$(q), seen_$(q), later_$(q), dh, is_live(step, row_$(q)));
    store_carry(at, back.carry);
#if CARRIES
    g_initial[first(G_INITIAL_0) + at] = back.carry.h;
#end
#else
    if (walked == 0u) {
      g_initial[first(G_INITIAL_0) + at] = dh;
    } else {
      var later = later_$(q);
      later.h = dh;
#if PRODUCTS > 1
      set_aside(at, retreat_between(step * size + at, unit_$(q), seen_$(q), later, is_live(step, row_$(q))));
      store_carry(at, later);
      g_initial[first(G_INITIAL_0) + at] = later.h;
#else
      let back = retreat(step * size + at, unit_$(q), seen_$(q), later, 0.0, is_live(step, row_$(q)));
      store_carry(at, back.carry);
#if CARRIES
      g_initial[first(G_INITIAL_0) + at] = back.carry.h;
#end
#end
    }
#end
  }
#end
}
