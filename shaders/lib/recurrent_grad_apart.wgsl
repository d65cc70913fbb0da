// Gradients of a recurrent layer without a product of its states through a whole sequence in one dispatch: the mirror
// image of recurrent_apart.
//
// Names of the includer: lib/recurrent; Carry with `h: f32`, Back; store_carry, see, retreat; `g_initial`.
// Constants: THREADS.
// Mapping: as in recurrent_apart.

@compute @workgroup_size($(THREADS))
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {
  let at = id.x + id.y * workgroups.x * $(THREADS)u;
  let size = params.batch * params.units;
  if (at >= size) {
    return;
  }
#if LAYERS > 1
  layer = id.z;
#end
  let unit = at % params.units;
  var carry = Carry();
  for (var left = params.steps; left > 0u; left--) {
    let step = step_at(left - 1u);
    let before = tape_before(step, size) + at;
    let after = tape_after(step, size) + at;
    carry = retreat(
      step * size + at, unit, see(step * size + at, before, after), carry, 0.0, is_live(step, at / params.units)).carry;
  }
  g_initial[first(G_INITIAL_0) + at] = carry.h;
  store_carry(at, carry);
}
