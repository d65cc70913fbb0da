// The totals of stage s of a row: those of each lane (lib/cascade), which a fixed tree joins.
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
#include lib/cascade
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
