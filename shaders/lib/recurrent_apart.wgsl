// A recurrent layer without a product of its states over a whole sequence in one dispatch: units do not see each other, so
// that an invocation walks alone.
//
// Names of the includer: lib/recurrent; Input, State; input_at, initial, store, advance.
// Constants: THREADS.
// Mapping: invocation i owns unit i % U of row i / U; a line of workgroups, of layer z.

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
  var state = initial(at);
  store(tape_before(step_at(0u), size) + at, state);
  for (var walked = 0u; walked < params.steps; walked++) {
    let step = step_at(walked);
    let here = step * size + at;
    state = advance(here, unit, input_at(here, unit), state, is_live(step, at / params.units));
    store(tape_after(step, size) + at, state);
  }
}
