// What all recurrent kernels share: parameters, and the places of a step in the tapes.
// Names of the includer: `params`; `lengths` where LENGTHS, which says for each row how many steps it lives.
//
// A tape is [T + 1, B, U]. The walk goes from step 0 upwards, or from step T - 1 downwards where `reverse` is 1; step t
// lies between the tape's rows t and t + 1.

struct Params {
  steps: u32,
  batch: u32,
  units: u32,
  reverse: u32,
  // Steps of the walk before this dispatch's; 0 where one dispatch walks them all.
  walked: u32,
}

// The step after `walked` others.
fn step_at(walked: u32) -> u32 {
  return select(walked, params.steps - 1u - walked, params.reverse == 1u);
}

// Elements of a tape before the states that a step begins with, and before those that it makes.
fn tape_before(step: u32, size: u32) -> u32 {
  return (step + params.reverse) * size;
}
fn tape_after(step: u32, size: u32) -> u32 {
  return (step + 1u - params.reverse) * size;
}

fn is_live(step: u32, row: u32) -> bool {
#if LENGTHS
  return i32(step) < lengths[row];
#else
  return true;
#end
}
