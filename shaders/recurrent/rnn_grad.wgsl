// Gradients of the simple recurrent layer through a whole sequence: the cell. The walk, backwards, is in
// lib/recurrent_grad_steps, recurrent_grad_steps_software or recurrent_grad_step.
//
// Bindings: g_sums f32[T, B, U] (the gradients of the arguments), recurrent f32[U, U] ([k][unit]), states
//   f32[T + 1, B, U], g_h f32[T, B, U] (that of every h from outside; overwritten by all of it where FLOW), g_initial
//   f32[B, U], lengths i32[B] where LENGTHS; params.
// Of LAYERS that are walked together each binding holds those of all layers, g_h of the topmost; `recurrent` also has the
//   weights of the states below, likewise.
// Constants: RELU 0 for tanh, 1 for relu; MODE 0 a step, 1 all steps, 2 all steps on a software adapter; FLOW, LENGTHS,
//   STACKED 0 or 1; CARRIES = LENGTHS; LAYERS, without FLOW; those of the walk.
// Mapping: as in the walk.
// Accumulation: f32, in a fixed order; error ≤ U · 2⁻²⁴ relative to Σ|da||R| a step.
// Source: Werbos 1990; docs/kernels.md, Gradients through time; ops/rnn.ts.

@group(0) @binding(0) var<storage, read_write> g_sums: array<f32>;
@group(0) @binding(1) var<storage, read> recurrent: array<f32>;
@group(0) @binding(2) var<storage, read> states: array<f32>;
#if FLOW
@group(0) @binding(3) var<storage, read_write> g_h: array<f32>;
#else
@group(0) @binding(3) var<storage, read> g_h: array<f32>;
#end
@group(0) @binding(4) var<storage, read_write> g_initial: array<f32>;
#if LENGTHS
@group(0) @binding(5) var<storage, read> lengths: array<i32>;
#end
@group(0) @binding($(5 + LENGTHS)) var<uniform> params: Params;

#include lib/recurrent
#include lib/recurrent_outside

#include lib/recurrent_slots

alias Sums = f32;
// What the steps walked before send back to h.
struct Carry {
  h: f32,
}
struct Back {
  sums: Sums,
  carry: Carry,
}

fn weight(begin: u32, at: u32) -> Sums {
  return recurrent[begin + at];
}

fn gradient_at(at: u32) -> Sums {
  return g_sums[first(G_SUMS) + at];
}

#if STACKED
fn gradient_above(at: u32) -> Sums {
  return g_sums[first_of(layer + 1u, G_SUMS) + at];
}
#end

fn accumulate(sum: f32, a: Sums, b: Sums) -> f32 {
  return sum + a * b;
}

fn carry_at(at: u32, h: f32) -> Carry {
  return Carry(h);
}

fn store_carry(at: u32, carry: Carry) {
}

// Writes the gradient of one cell; returns that of its argument and what does not go through the weights.
fn retreat(at: u32, unit: u32, before: u32, after: u32, later: Carry, live: bool) -> Back {
  let h = states[first(STATES) + after];
  let all_h = later.h + outside_h(at);
  let dh = select(0.0, all_h, live);
#if RELU
  let sums = select(0.0, dh, h > 0.0);
#else
  let sums = dh * (1.0 - h * h);
#end
  g_sums[first(G_SUMS) + at] = sums;
#if FLOW
  g_h[at] = dh;
#end
  return Back(sums, Carry(select(all_h, 0.0, live)));
}

#if MODE == 0
#include lib/recurrent_grad_step
#end
#if MODE == 1
#include lib/recurrent_grad_steps
#end
#if MODE == 2
#include lib/recurrent_grad_steps_software
#end
