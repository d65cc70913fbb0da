// Gradients of a GRU through a whole sequence: the cell. The walk, backwards, is in lib/recurrent_grad_steps,
// recurrent_grad_steps_software or recurrent_grad_step.
//
// Bindings: gates f32[T, B, U, 4] (r z n, activated, and m), recurrent f32[U, U, 3] ([k][unit][gate r z n]), states
//   f32[T + 1, B, U], g_h f32[T, B, U] (that of every h from outside; overwritten by all of it where FLOW), g_projected,
//   g_sums f32[T, B, U, 3] (gradients of the gates' arguments and of h·R), g_initial f32[B, U], lengths i32[B] where LENGTHS;
//   params.
// Of LAYERS that are walked together each binding holds those of all layers, g_h of the topmost; `recurrent` also has the
//   weights of the states below, likewise.
// Constants: MODE 0 a step, 1 all steps, 2 all steps on a software adapter; FLOW, LENGTHS, STACKED 0 or 1; CARRIES = 1;
//   LAYERS, without FLOW; those of the walk.
// Mapping: as in the walk.
// Accumulation: f32, in a fixed order; error ≤ 3U · 2⁻²⁴ relative to Σ|da||R| a step.
// Source: Werbos 1990; docs/kernels.md, Gradients through time; ops/gru.ts.

@group(0) @binding(0) var<storage, read> gates: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> recurrent: array<f32>;
@group(0) @binding(2) var<storage, read> states: array<f32>;
#if FLOW
@group(0) @binding(3) var<storage, read_write> g_h: array<f32>;
#else
@group(0) @binding(3) var<storage, read> g_h: array<f32>;
#end
@group(0) @binding(4) var<storage, read_write> g_projected: array<f32>;
@group(0) @binding(5) var<storage, read_write> g_sums: array<f32>;
@group(0) @binding(6) var<storage, read_write> g_initial: array<f32>;
#if LENGTHS
@group(0) @binding(7) var<storage, read> lengths: array<i32>;
#end
@group(0) @binding($(7 + LENGTHS)) var<uniform> params: Params;

#include lib/recurrent
#include lib/recurrent_outside

#include lib/recurrent_slots

alias Sums = vec3<f32>;
// What the steps walked before send back to h.
struct Carry {
  h: f32,
}
struct Back {
  sums: Sums,
  carry: Carry,
}

fn weight(begin: u32, at: u32) -> Sums {
  let w = begin + 3u * at;
  return vec3<f32>(recurrent[w], recurrent[w + 1u], recurrent[w + 2u]);
}

fn gradient_at(at: u32) -> Sums {
  let g = first(G_SUMS) + 3u * at;
  return vec3<f32>(g_sums[g], g_sums[g + 1u], g_sums[g + 2u]);
}

#if STACKED
fn gradient_above(at: u32) -> Sums {
  let g = first_of(layer + 1u, PROJECTED) + 3u * at;
  return vec3<f32>(g_projected[g], g_projected[g + 1u], g_projected[g + 2u]);
}
#end

// One chain of FMAs: dot makes a product and a sum more of it.
fn accumulate(sum: f32, a: Sums, b: Sums) -> f32 {
  return sum + a.x * b.x + a.y * b.y + a.z * b.z;
}

fn carry_at(at: u32, h: f32) -> Carry {
  return Carry(h);
}

fn store_carry(at: u32, carry: Carry) {
}

// Writes the gradients of one cell; returns those of h·R and what does not go through the weights.
fn retreat(at: u32, unit: u32, before: u32, after: u32, later: Carry, live: bool) -> Back {
  let gate = gates[first(GATES) + at];
  let all_h = later.h + outside_h(at);
  let dh = select(0.0, all_h, live);
  let dn = dh * (1.0 - gate.y) * (1.0 - gate.z * gate.z);
  let dz = dh * (states[first(STATES) + before] - gate.z) * gate.y * (1.0 - gate.y);
  let dr = dn * gate.w * gate.x * (1.0 - gate.x);
  let sums = vec3<f32>(dr, dz, dn * gate.x);
  let p = first(PROJECTED) + 3u * at;
  g_projected[p] = dr;
  g_projected[p + 1u] = dz;
  g_projected[p + 2u] = dn;
  let s = first(G_SUMS) + 3u * at;
  g_sums[s] = sums.x;
  g_sums[s + 1u] = sums.y;
  g_sums[s + 2u] = sums.z;
#if FLOW
  g_h[at] = dh;
#end
  return Back(sums, Carry(select(all_h, dh * gate.y, live)));
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
