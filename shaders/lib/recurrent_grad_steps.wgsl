// Gradients of a recurrent layer through a whole sequence in one dispatch, for small U: the mirror image of
// recurrent_steps. dh = da · Rᵀ runs along the rows of R, so SLICES neighbouring invocations share a row and read
// neighbouring vectors of it.
//
// Names of the includer: lib/recurrent; Sums0 and Sums1, Carry with `h: f32`, Back; weight_0 and weight_1, accumulate_0 and
//   accumulate_1, store_carry, see, retreat; retreat_between where there are two products; `g_initial`.
// Constants: PRODUCTS 1 or 2, walked from the last. UNITS = U; ROWS 1, 2 or 4 rows of a workgroup; EACH, SLICES, LENGTH, KEPT,
//   HELD, UNROLL as in recurrent_steps, of the columns of a row.
// Mapping: workgroup_id.x owns rows ROWS · x + 0…. Invocation i makes parts of the products of units c, c + U/EACH, … where
//   c = i / SLICES, over columns s, s + SLICES, … where s = i % SLICES; the first U add up the parts of a unit, s
//   ascending, and own its cells. Rows beyond the batch have a da of 0 and store nothing.

// Gradients of the gates' arguments for each product, [ROWS][units], 0 beyond U.
#for p in 0..PRODUCTS
var<workgroup> da_$(p): array<Sums$(p), $(ROWS * SLICES * LENGTH)>;
#if HELD
var<workgroup> held_$(p): array<Sums$(p), $(HELD * SLICES * UNITS)>;
#end

fn weight_of_$(p)(begin: u32, unit: u32, k: u32) -> Sums$(p) {
#if UNITS % SLICES
  return sums_where_$(p)(k < $(UNITS)u, weight_$(p)(begin, unit * $(UNITS)u + min(k, $(UNITS - 1)u)));
#else
  return weight_$(p)(begin, unit * $(UNITS)u + k);
#end
}
#end
// Parts of a product, [EACH][ROWS][U/EACH][SLICES + 1]: neighbours that read write to different banks too.
var<workgroup> parts: array<f32, $(ROWS * UNITS * (SLICES + 1))>;

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
  let slice = thread % $(SLICES)u;
  let column = thread / $(SLICES)u;
  let is_cell = thread < $(UNITS)u;
  let unit = min(thread, $(UNITS - 1)u);
  let own_parts = (unit / $(UNITS / EACH)u) * $(ROWS * (UNITS / EACH) * (SLICES + 1))u + (unit % $(UNITS / EACH)u) * $(SLICES + 1)u;
#for p in 0..PRODUCTS
#for i in 0..KEPT
#for e in 0..EACH
  let kept_$(p)_$(i)_$(e) = weight_of_$(p)(begin, column + $(e * (UNITS / EACH))u, slice + $(i * SLICES)u);
#end
#end
#for i in 0..HELD
#for e in 0..EACH
  held_$(p)[$((i * EACH + e) * (UNITS / EACH * SLICES))u + thread] =
    weight_of_$(p)(begin, column + $(e * (UNITS / EACH))u, slice + $((KEPT + i) * SLICES)u);
#end
#end
#end
#for r in 0..ROWS
  let row_$(r) = group.x * $(ROWS)u + $(r)u;
  let is_cell_$(r) = is_cell && row_$(r) < params.batch;
  let at_$(r) = row_$(r) * $(UNITS)u + unit;
  var carry_$(r) = Carry();
  var seen_$(r) = Seen();
  if (is_cell_$(r)) {
    let step = step_at(params.steps - 1u);
    seen_$(r) = see(step * size + at_$(r), tape_before(step, size) + at_$(r), tape_after(step, size) + at_$(r));
  }
#end
  for (var left = params.steps; left > 0u; left--) {
    let step = step_at(left - 1u);
#for r in 0..ROWS
    var g_between_$(r) = 0.0;
#end
#for q in 0..PRODUCTS
#for r in 0..ROWS
    if (is_cell_$(r)) {
#if q + 1 < PRODUCTS
      da_1[$(r * SLICES * LENGTH)u + unit] =
        retreat_between(step * size + at_$(r), unit, seen_$(r), carry_$(r), is_live(step, row_$(r)));
#else
      let back = retreat(
        step * size + at_$(r), unit, seen_$(r), carry_$(r), g_between_$(r), is_live(step, row_$(r)));
      carry_$(r) = back.carry;
      da_0[$(r * SLICES * LENGTH)u + unit] = back.sums_0;
      // The next step's numbers are under way while the product is made.
      if (left > 1u) {
        let next = step_at(left - 2u);
        seen_$(r) = see(next * size + at_$(r), tape_before(next, size) + at_$(r), tape_after(next, size) + at_$(r));
      }
#end
    }
#end
#if KEPT + HELD < LENGTH
#for s in 0..UNROLL
#for e in 0..EACH
    let early_$(q)_$(s)_$(e) =
      weight_of_$(PRODUCTS - 1 - q)(begin, column + $(e * (UNITS / EACH))u, slice + $((KEPT + HELD + s) * SLICES)u);
#end
#end
#end
#for e in 0..EACH
#for r in 0..ROWS
    var dh_$(q)_$(e)_$(r) = 0.0;
#end
#end
    // All gradients of this step are written; the parts of the product before it are read no more.
    workgroupBarrier();
#for i in 0..LENGTH
#if i < KEPT + HELD + UNROLL
#for r in 0..ROWS
    let x_$(q)_$(i)_$(r) = da_$(PRODUCTS - 1 - q)[slice + $(r * SLICES * LENGTH + i * SLICES)u];
#end
#for e in 0..EACH
#if i < KEPT
    let w_$(q)_$(i)_$(e) = kept_$(PRODUCTS - 1 - q)_$(i)_$(e);
#else
#if i < KEPT + HELD
    let w_$(q)_$(i)_$(e) = held_$(PRODUCTS - 1 - q)[$(((i - KEPT) * EACH + e) * (UNITS / EACH * SLICES))u + thread];
#else
    let w_$(q)_$(i)_$(e) = early_$(q)_$(i - KEPT - HELD)_$(e);
#end
#end
#for r in 0..ROWS
    dh_$(q)_$(e)_$(r) = accumulate_$(PRODUCTS - 1 - q)(dh_$(q)_$(e)_$(r), x_$(q)_$(i)_$(r), w_$(q)_$(i)_$(e));
#end
#end
#end
#end
#if KEPT + HELD + UNROLL < LENGTH
    for (var k = slice + $((KEPT + HELD + UNROLL) * SLICES)u; k < $(LENGTH * SLICES)u; k += $(UNROLL * SLICES)u) {
#for s in 0..UNROLL
#for e in 0..EACH
      let v_$(s)_$(e) = weight_of_$(PRODUCTS - 1 - q)(begin, column + $(e * (UNITS / EACH))u, k + $(s * SLICES)u);
#end
#end
#for s in 0..UNROLL
#for r in 0..ROWS
      let y_$(s)_$(r) = da_$(PRODUCTS - 1 - q)[k + $(r * SLICES * LENGTH + s * SLICES)u];
#for e in 0..EACH
      dh_$(q)_$(e)_$(r) = accumulate_$(PRODUCTS - 1 - q)(dh_$(q)_$(e)_$(r), y_$(s)_$(r), v_$(s)_$(e));
#end
#end
#end
    }
#end
#for e in 0..EACH
#for r in 0..ROWS
    parts[$((e * ROWS + r) * (UNITS / EACH) * (SLICES + 1))u + column * $(SLICES + 1)u + slice] = dh_$(q)_$(e)_$(r);
#end
#end
    // All parts are written; da is read no more.
    workgroupBarrier();
    if (is_cell) {
#for s in 0..SLICES
#for r in 0..ROWS
#if q + 1 < PRODUCTS
      g_between_$(r) += parts[own_parts + $(r * (UNITS / EACH) * (SLICES + 1) + s)u];
#else
      carry_$(r).h += parts[own_parts + $(r * (UNITS / EACH) * (SLICES + 1) + s)u];
#end
#end
#end
    }
#end
  }
#for r in 0..ROWS
  if (is_cell_$(r)) {
    g_initial[first(G_INITIAL_0) + at_$(r)] = carry_$(r).h;
    store_carry(at_$(r), carry_$(r));
  }
#end
}
