// What the walks ask of rnn, lstm and gru in common.

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

const INITIAL_0 = H;
const G_INITIAL_0 = H;
const STATE_0 = STATES;

fn add_product(sums: Sums, x: f32, w: Sums) -> Sums {
  return sums + x * w;
}

fn sums_where(is_there: bool, sums: Sums) -> Sums {
  return select(Sums(), sums, is_there);
}
