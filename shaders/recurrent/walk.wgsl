// A recurrent cell over a whole sequence. The walk is in lib/recurrent_steps, recurrent_steps_software, recurrent_step or,
// where a step has no product, recurrent_apart; BACKWARD is 0.
//
// Bindings, of one layer: projected f32[T, B, U, I] (x·W + b), tape f32[T, B, U, K], which takes the place of `projected`
//   where K = I, recurrent f32[U, U, G] ([k][unit][sum]), vectors f32[U] each, initials f32[B, U] and states
//   f32[T + 1, B, U] of each state, lengths i32[B]; params. What a cell has not is not bound; tensors of one name share a
//   binding, where SLOTS says that a table finds them. 2 and 4 innermost numbers are vectors.
// Of LAYERS that are walked together each binding holds those of all layers; where they are STACKED, `recurrent` also has
//   the weights of the states below, likewise, and the biases f32[U, I] of all layers but the lowest.
// Constants: MODE 0 a step, 1 all steps, 2 all steps on a software adapter, 3 each unit alone; LENGTHS, STACKED 0 or 1;
//   LAYERS; SLOTS; those of the walk. As text, generated from the cell (lowering/walk): BINDINGS; CELL, what the walk
//   asks for.
// Mapping: as in the walk.
// Accumulation: f32, k ascending from x·W + b; error ≤ U · 2⁻²⁴ relative to Σ|h||R| a step. tanh and σ to 4 ulp.
// Source: docs/kernels.md, Recurrent layers; ops/cells.

#include lib/recurrent
