// What both directions of a walk share: parameters, the places of a step in the tapes, and the walk itself by its MODE.
// Constants: PRODUCTS of a step, 0, 1 or 2: what the second one multiplies is computed from the sums of the first. LAYERS
//   layers that are walked together; STACKED 1 where they stand one above the other, each a step behind the one before it;
//   SLOTS tensors of a layer that begin where a table says, those of the slots below SLOTS; LENGTHS 1 where `lengths` say for
//   each row how many steps it lives.
//
// A tape is [T + 1, B, U]. The walk goes from step 0 upwards, or from step T - 1 downwards where it is in reverse; step t
// lies between the tape's rows t and t + 1.

$(BINDINGS)

alias Real = f32;
alias Word = u32;
#include lib/gates
#include lib/scalars

struct Params {
  steps: u32,
  batch: u32,
  units: u32,
  // 1 where the walk is in reverse; of several layers one bit each.
  reverse: u32,
  // Steps of the walk before this dispatch's, of the lowest layer; 0 where one dispatch walks them all.
  walked: u32,
#if SLOTS
  // Where the tensors of each layer begin in their bindings.
  places: array<vec4<u32>, $((SLOTS + 3) / 4 * LAYERS)>,
#end
}

#if LAYERS > 1
// The layer of this workgroup. It decides addresses only: control flow around barriers has to come from workgroup_id.
var<private> layer: u32;
#end

// The first element of a layer's tensor in its binding; 0 for what lies alone in it.
fn first_of(of_layer: u32, slot: u32) -> u32 {
#if SLOTS
  if (slot < $(SLOTS)u) {
    return params.places[$((SLOTS + 3) / 4)u * of_layer + slot / 4u][slot % 4u];
  }
#end
  return 0u;
}

fn first(slot: u32) -> u32 {
#if LAYERS > 1
  return first_of(layer, slot);
#else
  return first_of(0u, slot);
#end
}

#if PRODUCTS > 1
#if MODE == 1
// What a step's products need of each other is kept in the workgroup.
#else
// Number i of the unit of a row in a layer's scratch memory, where what a step's products need of each other is kept.
fn scratch_place(i: u32, at: u32) -> u32 {
  return first(SCRATCH) + i * params.batch * params.units + at;
}
#end
#end

fn is_reverse() -> u32 {
#if LAYERS > 1
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

$(CELL)

#if MODE == 0
#include lib/recurrent_step
#end
#if MODE == 1
#include lib/recurrent_steps
#end
#if MODE == 2
#include lib/recurrent_steps_software
#end
#if MODE == 3
#include lib/recurrent_apart
#end
