// Copies x into the middle of out and writes zeros around it.
//
// Bindings: x [in_0, …], out [out_0, …], as 32-bit words, contiguous.
// Constants: RANK ≥ 1; THREADS.
// Mapping: an invocation for each element of out; a line of workgroups.

struct Params {
  count: u32,
#for d in 0..RANK
  in_$(d): u32,
  out_$(d): u32,
  before_$(d): u32,
#end
}

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size($(THREADS))
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {
  let i = id.x + id.y * workgroups.x * $(THREADS)u;
  if (i >= params.count) {
    return;
  }
  var rest = i;
  var first = 0u;
  var stride = 1u;
  var is_inside = true;
#for r in 1..RANK + 1
  {
    // Before the start the difference wraps to a large number: one comparison covers both ends.
    let at = rest % params.out_$(RANK - r) - params.before_$(RANK - r);
    is_inside = is_inside && at < params.in_$(RANK - r);
    rest = rest / params.out_$(RANK - r);
    first += at * stride;
    stride *= params.in_$(RANK - r);
  }
#end
  var value = 0u;
  if (is_inside) {
    value = x[first];
  }
  out[i] = value;
}
