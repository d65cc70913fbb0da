// The totals of stage s of a row. Sixteen terms are a block, sixteen blocks are combined before they join the others,
// and sixteen of those again; a fixed tree joins what the lanes have: a sum of n equal or random terms errs by a few
// 2⁻²⁴ of its size where one after the other they would lose n · 2⁻²⁵. No compensation: a compiler of WGSL may
// reassociate it away.
// plain_s is for totals that no rounding touches.
// Names of the includer: s; Totals_s, neutral_s(), combine_s(a, b), term_s(known, element); Element, Held, or Element_s
// and load_s(known, k). Constants: LANES, ROWS, ACROSS, HELD, UNROLL of group/rows.

#if HELD
fn own_$(s)(known: Known, held: Held, first: u32, end: u32) -> Totals_$(s) {
  var total = neutral_$(s)();
#for h in 0..HELD
  if (first + $(h * LANES)u < end) {
    total = combine_$(s)(total, term_$(s)(known, held.e$(h)));
  }
#end
  return total;
}
#else
// One after the other, four at a time where an element is one word: a loop costs as much as a term.
fn plain_$(s)(known: Known, first: u32, end: u32) -> Totals_$(s) {
  var total = neutral_$(s)();
  var k = first;
#if UNROLL
  for (; k + $(3 * LANES)u < end; k += $(4 * LANES)u) {
#for u in 0..4
    let t_$(u) = term_$(s)(known, load_$(s)(known, k + $(u * LANES)u));
#end
    let left = combine_$(s)(t_0, t_1);
    total = combine_$(s)(total, combine_$(s)(left, combine_$(s)(t_2, t_3)));
  }
#end
  for (; k < end; k += $(LANES)u) {
    total = combine_$(s)(total, term_$(s)(known, load_$(s)(known, k)));
  }
  return total;
}

fn own_$(s)(known: Known, first: u32, end: u32) -> Totals_$(s) {
  var blocks = 0u;
  var some = neutral_$(s)();
  var more = neutral_$(s)();
  var most = neutral_$(s)();
  for (var block = first; block < end; block += $(16 * LANES)u) {
    some = combine_$(s)(some, plain_$(s)(known, block, min(end, block + $(16 * LANES)u)));
    blocks++;
    if ((blocks & 15u) == 0u) {
      more = combine_$(s)(more, some);
      some = neutral_$(s)();
      if ((blocks & 255u) == 0u) {
        most = combine_$(s)(most, more);
        more = neutral_$(s)();
      }
    }
  }
  return combine_$(s)(most, combine_$(s)(more, some));
}
#end

#if LANES == 1
fn total_$(s)(own: Totals_$(s), lane: u32, local: u32) -> Totals_$(s) {
  return own;
}
#else
var<workgroup> shared_$(s): array<Totals_$(s), $(LANES * ROWS)>;

// Four at a time of `count` totals that lie `step` apart.
fn join_$(s)(first: u32, count: u32, step: u32) -> Totals_$(s) {
  var total = neutral_$(s)();
  for (var i = 0u; i < count; i += 4u) {
    let at = first + i * step;
    let left = combine_$(s)(shared_$(s)[at], shared_$(s)[at + step]);
    let right = combine_$(s)(shared_$(s)[at + 2u * step], shared_$(s)[at + 3u * step]);
    total = combine_$(s)(total, combine_$(s)(left, right));
  }
  return total;
}

// What the lanes of a row have together, for all of them.
fn total_$(s)(own: Totals_$(s), lane: u32, local: u32) -> Totals_$(s) {
  shared_$(s)[local] = own;
  // The totals of all lanes must be there.
  workgroupBarrier();
#if ACROSS
  let step = $(ROWS)u;
#else
  let step = 1u;
#end
  let start = local - lane * step;
#if LANES > JOINED
  if (lane < $(JOINED)u) {
    shared_$(s)[local] = join_$(s)(local, $(LANES / JOINED)u, $(JOINED)u * step);
  }
  // The totals of so many lanes must be there.
  workgroupBarrier();
#end
  return join_$(s)(start, $(JOINED)u, step);
}
#end
