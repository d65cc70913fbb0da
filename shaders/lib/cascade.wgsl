// What an invocation adds up (or finds to be the largest, smallest) of the elements first, first + LANES … below end. Sixteen
// terms are a block, sixteen blocks are combined before they join the others, and sixteen of those again: a sum of n equal
// or random terms errs by a few 2⁻²⁴ of its size where one after the other they would lose n · 2⁻²⁵. No compensation: a
// compiler of WGSL may reassociate it away. plain_s is for totals that no rounding touches.
// Names of the includer: s; Totals_s, neutral_s(), combine_s(a, b), load_s(known, k), term_s(known, element); Known, what
// these need besides. Constants: LANES; UNROLL.

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
