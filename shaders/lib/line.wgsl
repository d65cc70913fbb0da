// main of a kernel over a line of elements: an invocation for each, in workgroups of THREADS.
// Given: count, how many there are, as WGSL. Constants: THREADS. Names of the includer: element(i).

@compute @workgroup_size($(THREADS))
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {
  let i = id.x + id.y * workgroups.x * $(THREADS)u;
  if (i < $(count)) {
    element(i);
  }
}
