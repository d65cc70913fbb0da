// combine over term(place, k) for k = first, first + step … below end. Sixteen terms are a block, combined four at a
// time; sixteen blocks are combined before they join the others, and sixteen of those again: a sum of n equal or random
// terms errs by a few 2⁻²⁴ of its size where one after the other they would lose n · 2⁻²⁵. No compensation: a compiler
// of WGSL may reassociate it away.
// Names of the includer: Term; combine(a, b); Place, what term needs besides k; term(place, k).

fn cascade(place: Place, first: u32, end: u32, step: u32, neutral: Term) -> Term {
  var blocks = 0u;
  var some = neutral;
  var more = neutral;
  var most = neutral;
  for (var block = first; block < end; block += 16u * step) {
    let stop = min(end, block + 16u * step);
    var total = neutral;
    var k = block;
    for (; k + 3u * step < stop; k += 4u * step) {
      let left = combine(term(place, k), term(place, k + step));
      let right = combine(term(place, k + 2u * step), term(place, k + 3u * step));
      total = combine(total, combine(left, right));
    }
    for (; k < stop; k += step) {
      total = combine(total, term(place, k));
    }
    some = combine(some, total);
    blocks++;
    if ((blocks & 15u) == 0u) {
      more = combine(more, some);
      some = neutral;
      if ((blocks & 255u) == 0u) {
        most = combine(most, more);
        more = neutral;
      }
    }
  }
  return combine(most, combine(more, some));
}
