// What happens to a register tile before it is stored: activate(sum + bias_at(first, column)), four columns at a
// time, where `first` is how many columns lie in front of these n, in other groups of channels.
// Names of the includer: out, params.n, bias f32[n] where BIAS. Constants: BIAS, ACTIVATION, VECTOR_OUT.

alias Real = vec4<f32>;
alias Word = vec4<u32>;
#include lib/activation
#include lib/store

fn bias_at(first: u32, column: u32) -> vec4<f32> {
#if BIAS
  let last = params.n - 1u;
  return vec4<f32>(
    bias[first + min(column, last)],
    bias[first + min(column + 1u, last)],
    bias[first + min(column + 2u, last)],
    bias[first + min(column + 3u, last)]);
#else
  return vec4<f32>(0.0);
#end
}
