// In the body of a loop: copies between a slice and the part of a whole sequence that is the present step.
//
// Bindings: x, out: a slice of `count` elements and the whole it is a part of, or the other way round; 32-bit words.
// Constants: VALUE, the type of one or four words; TO_WHOLE 1 where out is the whole; THREADS.
// Mapping: an invocation for each VALUE; a line of workgroups. Sizes in units of it.

struct Params {
  count: u32,
  base: u32,
}

@group(0) @binding(0) var<storage, read> x: array<$(VALUE)>;
@group(0) @binding(1) var<storage, read_write> out: array<$(VALUE)>;
@group(0) @binding(2) var<uniform> params: Params;

fn element(i: u32) {
#if TO_WHOLE
  out[params.base + i] = x[i];
#else
  out[i] = x[params.base + i];
#end
}

#include lib/line with count = "params.count"
