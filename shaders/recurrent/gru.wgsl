// GRU over a whole sequence: the cell. The walk is in lib/recurrent_steps, recurrent_steps_software or recurrent_step.
//
// Bindings: gates f32[T, B, U, 4] (r z n, activated, and m = h·R_n + bias), projected f32[T, B, U, 3] (x·W + b),
//   recurrent f32[U, U, 3] ([k][unit][gate r z n]), bias f32[U], initials f32[B, U], states f32[T + 1, B, U], lengths i32[B]
//   where LENGTHS; params.
// Of LAYERS that are walked together each binding holds those of all layers; `recurrent` also has the weights of the
//   states below, likewise, the biases f32[U, 3] of all layers but the lowest, and `bias` of all, which is not bound.
// Constants: MODE 0 a step, 1 all steps, 2 all steps on a software adapter; LENGTHS, STACKED 0 or 1; LAYERS; those of
//   the walk.
// Mapping: as in the walk.
// Accumulation: f32, k ascending from x·W + b, or from the bias; error ≤ U · 2⁻²⁴ relative to Σ|h||R| a step. tanh and σ
//   to 4 ulp.
// Source: docs/kernels.md, Recurrent layers; ops/gru.ts.

@group(0) @binding(0) var<storage, read_write> gates: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> projected: array<f32>;
@group(0) @binding(2) var<storage, read> recurrent: array<f32>;
#if LAYERS < 2
@group(0) @binding(3) var<storage, read> bias: array<f32>;
#end
@group(0) @binding($(4 - (LAYERS > 1))) var<storage, read> initials: array<f32>;
@group(0) @binding($(5 - (LAYERS > 1))) var<storage, read_write> states: array<f32>;
#if LENGTHS
@group(0) @binding($(6 - (LAYERS > 1))) var<storage, read> lengths: array<i32>;
#end
@group(0) @binding($(6 - (LAYERS > 1) + LENGTHS)) var<uniform> params: Params;

alias Real = f32;
alias Word = u32;
#include lib/gates
#include lib/recurrent

// r, z and m.
#include lib/recurrent_slots

alias Sums = vec3<f32>;
struct Input {
  sums: Sums,
  n: f32,
}
struct State {
  h: f32,
}

fn candidate_bias(unit: u32) -> f32 {
#if LAYERS > 1
  return recurrent[first(CANDIDATE_BIAS) + unit];
#else
  return bias[unit];
#end
}

fn input_at(at: u32, unit: u32) -> Input {
#if STACKED
  if (layer > 0u) {
    let b = first(BIAS) + 3u * unit;
    return Input(vec3<f32>(recurrent[b], recurrent[b + 1u], recurrent[b + 2u]), 0.0);
  }
#end
  let p = first(PROJECTED) + 3u * at;
  return Input(vec3<f32>(projected[p], projected[p + 1u], candidate_bias(unit)), projected[p + 2u]);
}

// From the sums for r, z and n to those for r, z and m.
fn projected_input(input: Input, unit: u32) -> Input {
  return Input(vec3<f32>(input.sums.xy, candidate_bias(unit)), input.sums.z);
}

fn weight(begin: u32, at: u32) -> Sums {
  let w = begin + 3u * at;
  return vec3<f32>(recurrent[w], recurrent[w + 1u], recurrent[w + 2u]);
}

fn initial(at: u32) -> State {
  return State(initials[first(H) + at]);
}

fn state_at(at: u32) -> State {
  return State(states[first(STATES) + at]);
}

fn store(at: u32, state: State) {
  states[first(STATES) + at] = state.h;
}

fn hold(at: u32, after: u32, input: Input) {
  gates[at] = vec4<f32>(input.sums, input.n);
}

fn held(at: u32, after: u32) -> Input {
  let gate = gates[at];
  return Input(gate.xyz, gate.w);
}

fn advance(at: u32, unit: u32, input: Input, before: State, live: bool) -> State {
  let r = sigmoid(input.sums.x);
  let z = sigmoid(input.sums.y);
  let m = input.sums.z;
  let n = tanh_exact(input.n + r * m);
  gates[first(GATES) + at] = vec4<f32>(r, z, n, m);
  return State(select(before.h, (1.0 - z) * n + z * before.h, live));
}

#if MODE == 0
#include lib/recurrent_step
#end
#if MODE == 1
#include lib/recurrent_steps
#end
#if MODE == 2
#include lib/recurrent_steps_software
#end
