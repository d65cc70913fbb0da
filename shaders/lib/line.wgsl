// main of a kernel over a line of elements: an invocation for each, in workgroups of THREADS. A software adapter takes up to a
// quarter longer where element is called within an if, or the place is counted by global_invocation_id (pool/max_grad).
// Given: count, how many there are, as WGSL. Constants: THREADS. Names of the includer: element(i).

@compute @workgroup_size($(THREADS))
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.x + group.y * groups.x) * $(THREADS)u + thread;
  if (i >= $(count)) {
    return;
  }
  element(i);
}
