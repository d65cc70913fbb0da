// LSTM over a whole sequence: the cell. The walk is in lib/recurrent_steps, recurrent_steps_software or recurrent_step.
//
// Bindings: gates f32[T, B, U, 4] (x·W + b, overwritten by the activated gates i f g o), recurrent f32[U, U, 4]
//   ([k][unit][gate]), initials, c0 f32[B, U], states, cells f32[T + 1, B, U] (h and c around every step), lengths i32[B]
//   where LENGTHS; params.
// Of LAYERS that are walked together each binding holds those of all layers; `recurrent` also has the weights of the
//   states below, likewise, and the biases f32[U, 4] of all layers but the lowest.
// Constants: MODE 0 a step, 1 all steps, 2 all steps on a software adapter; LENGTHS, STACKED 0 or 1; LAYERS; those of
//   the walk.
// Mapping: as in the walk.
// Accumulation: f32, k ascending from x·W + b; error ≤ U · 2⁻²⁴ relative to Σ|h||R| a step. tanh and σ to 4 ulp.
// Source: docs/kernels.md, Recurrent layers; ops/lstm.ts.

@group(0) @binding(0) var<storage, read_write> gates: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> recurrent: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> initials: array<f32>;
@group(0) @binding(3) var<storage, read> c0: array<f32>;
@group(0) @binding(4) var<storage, read_write> states: array<f32>;
@group(0) @binding(5) var<storage, read_write> cells: array<f32>;
#if LENGTHS
@group(0) @binding(6) var<storage, read> lengths: array<i32>;
#end
@group(0) @binding($(6 + LENGTHS)) var<uniform> params: Params;

alias Real = f32;
alias Word = u32;
#include lib/gates
#include lib/recurrent

#include lib/recurrent_slots

alias Sums = vec4<f32>;
struct Input {
  sums: Sums,
}
struct State {
  h: f32,
  c: f32,
}

fn input_at(at: u32, unit: u32) -> Input {
#if STACKED
  if (layer > 0u) {
    return Input(recurrent[first(BIAS) + unit]);
  }
#end
  return Input(gates[first(GATES) + at]);
}

fn projected_input(input: Input, unit: u32) -> Input {
  return input;
}

fn weight(begin: u32, at: u32) -> Sums {
  return recurrent[begin + at];
}

fn initial(at: u32) -> State {
  return State(initials[first(H) + at], c0[first(C) + at]);
}

fn state_at(at: u32) -> State {
  return State(states[first(STATES) + at], cells[first(CELLS) + at]);
}

fn store(at: u32, state: State) {
  states[first(STATES) + at] = state.h;
  cells[first(CELLS) + at] = state.c;
}

fn hold(at: u32, after: u32, input: Input) {
  gates[at] = input.sums;
}

fn held(at: u32, after: u32) -> Input {
  return Input(gates[at]);
}

fn advance(at: u32, unit: u32, input: Input, before: State, live: bool) -> State {
  let a = input.sums;
  let gate = vec4<f32>(sigmoid(a.x), sigmoid(a.y), tanh_exact(a.z), sigmoid(a.w));
  gates[first(GATES) + at] = gate;
  let c = gate.y * before.c + gate.x * gate.z;
  let h = gate.w * tanh_exact(c);
  return State(select(before.h, h, live), select(before.c, c, live));
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
