// Gradients of a recurrent cell through a whole sequence. The walk is that of walk.wgsl, backwards: BACKWARD is 1.
//
// Bindings, of one layer: recurrent f32[U, U, G] ([k][unit][sum]), vectors f32[U] each, states f32[T + 1, B, U] of each
//   that the gradient reads, tape f32[T, B, U, K], g_projected f32[T, B, U, I], which takes the tape's place where K = I,
//   g_sums f32[T, B, U, G] where those of the inputs are others, g_vectors f32[T, B, U, own], g_states f32[T, B, U] of each
//   state with a gradient from outside, or `flow` f32[T, B, U] of each state, which begins as that and gets all of it,
//   g_initial f32[B, U] of each state, lengths i32[B]; params. See walk.wgsl.
// Of LAYERS that are walked together each binding holds those of all layers; where they are STACKED, `recurrent` also has
//   the weights of the states below, likewise.
// Constants: as in walk.wgsl; CARRIES 1 where a part of the gradient of the first state does not go through the weights.
// Mapping: as in the walk.
// Accumulation: f32, in a fixed order; error ≤ G · U · 2⁻²⁴ relative to Σ|da||R| a step.
// Source: Werbos 1990; docs/kernels.md, Gradients through time; ops/cells.

#include lib/recurrent
