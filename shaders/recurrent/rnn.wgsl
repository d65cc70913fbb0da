// The simple recurrent layer over a whole sequence: the cell. The walk is in lib/recurrent_steps,
// recurrent_steps_software or recurrent_step.
//
// Bindings: projected f32[T, B, U] (x·W + b), recurrent f32[U, U] ([k][unit]), initials f32[B, U], states f32[T + 1, B, U],
//   lengths i32[B] where LENGTHS; params.
// Of LAYERS that are walked together each binding holds those of all layers; `recurrent` also has the weights of the
//   states below, likewise, and the biases f32[U] of all layers but the lowest.
// Constants: RELU 0 for tanh, 1 for relu; MODE 0 a step, 1 all steps, 2 all steps on a software adapter; LENGTHS, STACKED
//   0 or 1; LAYERS; those of the walk.
// Mapping: as in the walk.
// Accumulation: f32, k ascending from x·W + b; error ≤ U · 2⁻²⁴ relative to Σ|h||R| a step. tanh to 4 ulp.
// Source: docs/kernels.md, Recurrent layers; ops/rnn.ts.

@group(0) @binding(0) var<storage, read> projected: array<f32>;
@group(0) @binding(1) var<storage, read> recurrent: array<f32>;
@group(0) @binding(2) var<storage, read> initials: array<f32>;
@group(0) @binding(3) var<storage, read_write> states: array<f32>;
#if LENGTHS
@group(0) @binding(4) var<storage, read> lengths: array<i32>;
#end
@group(0) @binding($(4 + LENGTHS)) var<uniform> params: Params;

alias Real = f32;
alias Word = u32;
#include lib/gates
#include lib/recurrent

#include lib/recurrent_slots

alias Sums = f32;
struct Input {
  sums: Sums,
}
struct State {
  h: f32,
}

fn input_at(at: u32, unit: u32) -> Input {
#if STACKED
  if (layer > 0u) {
    return Input(recurrent[first(BIAS) + unit]);
  }
#end
  return Input(projected[first(PROJECTED) + at]);
}

fn projected_input(input: Input, unit: u32) -> Input {
  return input;
}

fn weight(begin: u32, at: u32) -> Sums {
  return recurrent[begin + at];
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
  states[after] = input.sums;
}

fn held(at: u32, after: u32) -> Input {
  return Input(states[after]);
}

fn advance(at: u32, unit: u32, input: Input, before: State, live: bool) -> State {
#if RELU
  let h = max(input.sums, 0.0);
#else
  let h = tanh_exact(input.sums);
#end
  return State(select(before.h, h, live));
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
