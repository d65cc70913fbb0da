// A recurrent layer without a product of its states over a whole sequence in one dispatch, or its gradients back through it:
// units do not see each other, so that an invocation walks alone.
//
// Names of the includer: lib/recurrent; forwards Input, State; input_at, initial, store, advance. Backwards Carry with
//   `h: f32`, Back; store_carry, see, retreat; `g_initial`.
// Constants: BACKWARD 0 or 1; THREADS.
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
#if BACKWARD
  var carry = Carry();
#else
  var state = initial(at);
  store(tape_before(step_at(0u), size) + at, state);
#end
  for (var done = 0u; done < params.steps; done++) {
#if BACKWARD
    let step = step_at(params.steps - 1u - done);
    let seen = see(step * size + at, tape_before(step, size) + at, tape_after(step, size) + at);
    carry = retreat(step * size + at, unit, seen, carry, 0.0, is_live(step, at / params.units)).carry;
#else
    let step = step_at(done);
    let here = step * size + at;
    state = advance(here, unit, input_at(here, unit), state, is_live(step, at / params.units));
    store(tape_after(step, size) + at, state);
#end
  }
#if BACKWARD
  g_initial[first(G_INITIAL_0) + at] = carry.h;
  store_carry(at, carry);
#end
}
