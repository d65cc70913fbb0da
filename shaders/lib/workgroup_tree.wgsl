// combine over a value of every invocation of a workgroup, by a fixed tree; the result is invocation 0's.
// Names of the includer: Term, the type of the values; combine(a, b). Constants: THREADS, a power of two.

var<workgroup> totals: array<Term, $(THREADS)>;

fn over_workgroup(value: Term, lane: u32) -> Term {
  totals[lane] = value;
  for (var distance = $(THREADS / 2)u; distance > 0u; distance /= 2u) {
    // The values of the round before must be there.
    workgroupBarrier();
    if (lane < distance) {
      totals[lane] = combine(totals[lane], totals[lane + distance]);
    }
  }
  return totals[0];
}
