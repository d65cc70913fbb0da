// Gradients of a recurrent layer through a whole sequence in one dispatch, for small U: the mirror image of
// recurrent_steps. dh = da · Rᵀ runs along the rows of R, so SPLIT neighbouring invocations share a row: they read
// neighbouring vectors, each for SPLIT units, and what is read of da serves SPLIT sums. Their parts are added through
// workgroup memory.
//
// Names of the includer: lib/recurrent; Sums0 and Sums1, Carry with `h: f32`, Back; weight_0 and weight_1, accumulate_0 and
//   accumulate_1, store_carry, retreat; retreat_between where there are two products; `g_initial`.
// Constants: PRODUCTS 1 or 2, walked from the last. UNITS = U; ROWS 1, 2 or 4 rows of a workgroup; SPLIT invocations of a row, a power of two; PADDED the
//   multiple of SPLIT from U on; UNROLL columns of an invocation unrolled, a divisor of PADDED / SPLIT.
// Mapping: workgroup_id.x owns rows ROWS · x + 0…. Invocation i owns the cells of unit i in all these rows, and of the
//   product columns i % SPLIT, + SPLIT, … for units i - i % SPLIT + 0…SPLIT-1. There are PADDED
//   of them; those beyond U, and rows beyond the batch, have a da of 0 and store nothing.

// Gradients of the gates' arguments, [units][ROWS], for each product, and parts of the products, [SPLIT][units][ROWS].
#for p in 0..PRODUCTS
var<workgroup> da_$(p): array<Sums$(p), $(PADDED * ROWS)>;
#end
var<workgroup> parts: array<f32, $(PADDED * ROWS * SPLIT)>;

@compute @workgroup_size($(PADDED))
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_index) unit: u32,
) {
#if LAYERS > 1
  layer = group.z;
#end
  let begin = first(RECURRENT);
  let size = params.batch * $(UNITS)u;
  let part = unit % $(SPLIT)u;
#for u in 0..SPLIT
#if UNITS % SPLIT
  let weights_$(u) = min(unit - part + $(u)u, $(UNITS - 1)u) * $(UNITS)u;
#else
  let weights_$(u) = (unit - part + $(u)u) * $(UNITS)u;
#end
#end
#for r in 0..ROWS
  let row_$(r) = group.x * $(ROWS)u + $(r)u;
#if UNITS % SPLIT
  let is_cell_$(r) = row_$(r) < params.batch && unit < $(UNITS)u;
#else
  let is_cell_$(r) = row_$(r) < params.batch;
#end
  let at_$(r) = row_$(r) * $(UNITS)u + unit;
  var carry_$(r) = Carry();
#end
  for (var left = params.steps; left > 0u; left--) {
    let step = step_at(left - 1u);
    let before = tape_before(step, size);
    let after = tape_after(step, size);
#for r in 0..ROWS
    var g_between_$(r) = 0.0;
#end
#for q in 0..PRODUCTS
#for r in 0..ROWS
#if q + 1 < PRODUCTS
    var late_$(r) = Sums1();
    if (is_cell_$(r)) {
      late_$(r) = retreat_between(
        step * size + at_$(r), unit, before + at_$(r), after + at_$(r), carry_$(r), is_live(step, row_$(r)));
    }
    da_1[unit * $(ROWS)u + $(r)u] = late_$(r);
#else
    var back_$(r) = Back();
    if (is_cell_$(r)) {
      back_$(r) = retreat(
        step * size + at_$(r), unit, before + at_$(r), after + at_$(r), carry_$(r), g_between_$(r), is_live(step, row_$(r)));
    }
    carry_$(r) = back_$(r).carry;
    da_0[unit * $(ROWS)u + $(r)u] = back_$(r).sums_0;
#end
#for u in 0..SPLIT
#if q
    dh_$(u)_$(r) = 0.0;
#else
    var dh_$(u)_$(r) = 0.0;
#end
#end
#end
    // All gradients of this step are written; the parts of the product before it are read no more.
    workgroupBarrier();
    for (var k = part; k < $(PADDED)u; k += $(SPLIT * UNROLL)u) {
#for s in 0..UNROLL
#for r in 0..ROWS
      let x_$(s)_$(r) = da_$(PRODUCTS - 1 - q)[(k + $(s * SPLIT)u) * $(ROWS)u + $(r)u];
#end
#for u in 0..SPLIT
#if UNITS % SPLIT
      let w_$(s)_$(u) = weight_$(PRODUCTS - 1 - q)(begin, weights_$(u) + min(k + $(s * SPLIT)u, $(UNITS - 1)u));
#else
      let w_$(s)_$(u) = weight_$(PRODUCTS - 1 - q)(begin, weights_$(u) + k + $(s * SPLIT)u);
#end
#for r in 0..ROWS
      dh_$(u)_$(r) = accumulate_$(PRODUCTS - 1 - q)(dh_$(u)_$(r), x_$(s)_$(r), w_$(s)_$(u));
#end
#end
#end
    }
    // Exchanged within SPLIT units, so that neighbours write to different banks.
#for u in 0..SPLIT
#for r in 0..ROWS
    parts[(part * $(PADDED)u + unit - part + ($(u)u ^ part)) * $(ROWS)u + $(r)u] = dh_$(u)_$(r);
#end
#end
    // All parts are written; da is read no more.
    workgroupBarrier();
#for i in 0..SPLIT
#for r in 0..ROWS
#if q + 1 < PRODUCTS
    g_between_$(r) += parts[($(i * PADDED)u + (unit ^ $(i)u)) * $(ROWS)u + $(r)u];
#else
    carry_$(r).h += parts[($(i * PADDED)u + (unit ^ $(i)u)) * $(ROWS)u + $(r)u];
#end
#end
#end
#end
  }
#for r in 0..ROWS
  if (is_cell_$(r)) {
    g_initial[first(G_INITIAL_0) + at_$(r)] = carry_$(r).h;
    store_carry(at_$(r), carry_$(r));
  }
#end
}
