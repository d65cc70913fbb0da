// What all recurrent kernels share: parameters, and the places of a step in the tapes.
// Names of the includer: `params`; `lengths` where LENGTHS, which says for each row how many steps it lives.
// Constants: LAYERS layers that are walked together, 0 where a dispatch walks one; STACKED 1 where they stand one above
//   the other, each a step behind the one before it.
//
// A tape is [T + 1, B, U]. The walk goes from step 0 upwards, or from step T - 1 downwards where it is in reverse; step t
// lies between the tape's rows t and t + 1.

struct Params {
  steps: u32,
  batch: u32,
  units: u32,
  // 1 where the walk is in reverse; of LAYERS one bit each.
  reverse: u32,
  // Steps of the walk before this dispatch's, of the lowest layer; 0 where one dispatch walks them all.
  walked: u32,
#if LAYERS
  // Where the tensors of each layer begin in their bindings: 16 slots.
  places: array<vec4<u32>, $(4 * LAYERS)>,
#end
}

// Slots.
const RECURRENT = 0u;
const INPUT = 1u;
const BIAS = 2u;
const CANDIDATE_BIAS = 3u;
const PROJECTED = 4u;
const GATES = 5u;
const STATES = 6u;
const CELLS = 7u;
const H = 8u;
const C = 9u;
const G_STATES = 10u;
const G_CELLS = 11u;
const G_SUMS = 12u;
// In the slot of a tensor that a layer has not.
const NONE = 0xffffffffu;

#if LAYERS
// The layer of this workgroup. It decides addresses only: control flow around barriers has to come from workgroup_id.
var<private> layer: u32;
#end

// The first element of a layer's tensor in its binding.
fn first_of(of_layer: u32, slot: u32) -> u32 {
#if LAYERS
  return params.places[4u * of_layer + slot / 4u][slot % 4u];
#else
  return 0u;
#end
}

fn first(slot: u32) -> u32 {
#if LAYERS
  return first_of(layer, slot);
#else
  return 0u;
#end
}

fn is_reverse() -> u32 {
#if LAYERS
  return (params.reverse >> layer) & 1u;
#else
  return params.reverse;
#end
}

// The step after `walked` others.
fn step_at(walked: u32) -> u32 {
  return select(walked, params.steps - 1u - walked, is_reverse() == 1u);
}

// Elements of a tape before the states that a step begins with, and before those that it makes.
fn tape_before(step: u32, size: u32) -> u32 {
  return (step + is_reverse()) * size;
}
fn tape_after(step: u32, size: u32) -> u32 {
  return (step + 1u - is_reverse()) * size;
}

fn is_live(step: u32, row: u32) -> bool {
#if LENGTHS
  return i32(step) < lengths[row];
#else
  return true;
#end
}
