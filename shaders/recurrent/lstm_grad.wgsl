// Gradients of an LSTM through a whole sequence: the cell. The walk, backwards, is in lib/recurrent_grad_steps,
// recurrent_grad_steps_software or recurrent_grad_step.
//
// Bindings: gates f32[T, B, U, 4] (activated, overwritten by the gradients of their arguments), recurrent
//   f32[U, U, 4] ([k][unit][gate]), cells f32[T + 1, B, U], g_h f32[T, B, U] (that of every h from outside; overwritten
//   by all of it where FLOW), g_c f32[T, B, U] where FLOW or OUTSIDE (likewise for c), g_initial, g_c0 f32[B, U], lengths
//   i32[B] where LENGTHS; params.
// Of LAYERS that are walked together each binding holds those of all layers, g_h and g_c of the topmost; `recurrent` also
//   has the weights of the states below, likewise.
// Constants: MODE 0 a step, 1 all steps, 2 all steps on a software adapter; FLOW, LENGTHS, STACKED 0 or 1; OUTSIDE 1
//   where g_c brings a gradient of every c; CARRIES = LENGTHS; LAYERS, without FLOW; those of the walk.
// Mapping: as in the walk.
// Accumulation: f32, in a fixed order; error ≤ 4U · 2⁻²⁴ relative to Σ|da||R| a step.
// Source: Werbos 1990; docs/kernels.md, Gradients through time; ops/lstm.ts.

@group(0) @binding(0) var<storage, read_write> gates: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> recurrent: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> cells: array<f32>;
#if FLOW
@group(0) @binding(3) var<storage, read_write> g_h: array<f32>;
@group(0) @binding(4) var<storage, read_write> g_c: array<f32>;
#else
@group(0) @binding(3) var<storage, read> g_h: array<f32>;
#if OUTSIDE
@group(0) @binding(4) var<storage, read> g_c: array<f32>;
#end
#end
@group(0) @binding($(4 + (FLOW || OUTSIDE))) var<storage, read_write> g_initial: array<f32>;
@group(0) @binding($(5 + (FLOW || OUTSIDE))) var<storage, read_write> g_c0: array<f32>;
#if LENGTHS
@group(0) @binding($(6 + (FLOW || OUTSIDE))) var<storage, read> lengths: array<i32>;
#end
@group(0) @binding($(6 + (FLOW || OUTSIDE) + LENGTHS)) var<uniform> params: Params;

alias Real = f32;
alias Word = u32;
#include lib/gates
#include lib/recurrent
#include lib/recurrent_outside

#include lib/recurrent_slots

alias Sums = vec4<f32>;
// What the steps walked before send back to h and c.
struct Carry {
  h: f32,
  c: f32,
}
struct Back {
  sums: Sums,
  carry: Carry,
}

fn weight(begin: u32, at: u32) -> Sums {
  return recurrent[begin + at];
}

fn gradient_at(at: u32) -> Sums {
  return gates[first(GATES) + at];
}

#if STACKED
fn gradient_above(at: u32) -> Sums {
  return gates[first_of(layer + 1u, GATES) + at];
}
#end

// One chain of FMAs: dot makes a product and a sum more of it.
fn accumulate(sum: f32, a: Sums, b: Sums) -> f32 {
  return sum + a.x * b.x + a.y * b.y + a.z * b.z + a.w * b.w;
}

fn carry_at(at: u32, h: f32) -> Carry {
  return Carry(h, g_c0[first(C) + at]);
}

fn store_carry(at: u32, carry: Carry) {
  g_c0[first(C) + at] = carry.c;
}

#if OUTSIDE
fn outside_c(at: u32) -> f32 {
#if LAYERS > 1
  if (first(G_CELLS) == NONE) {
    return 0.0;
  }
#end
  return g_c[first(G_CELLS) + at];
}
#end

// Writes the gradients of one cell; returns those of the gates' arguments and what does not go through the weights.
fn retreat(at: u32, unit: u32, before: u32, after: u32, later: Carry, live: bool) -> Back {
  let gate = gates[first(GATES) + at];
  let tanh_c = tanh_exact(cells[first(CELLS) + after]);
  let all_h = later.h + outside_h(at);
#if OUTSIDE
  let all_c = later.c + outside_c(at);
#else
  let all_c = later.c;
#end
  let dh = select(0.0, all_h, live);
  let dc = select(0.0, all_c + dh * gate.w * (1.0 - tanh_c * tanh_c), live);
  let sums = vec4<f32>(
    dc * gate.z * gate.x * (1.0 - gate.x),
    dc * cells[first(CELLS) + before] * gate.y * (1.0 - gate.y),
    dc * gate.x * (1.0 - gate.z * gate.z),
    dh * tanh_c * gate.w * (1.0 - gate.w));
  gates[first(GATES) + at] = sums;
#if FLOW
  g_h[at] = dh;
  g_c[at] = dc;
#end
  return Back(sums, Carry(select(all_h, 0.0, live), select(all_c, dc * gate.y, live)));
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
