// What happens to a register tile before it is stored: activate(sum + bias_at(column)), four columns at a time.
// Names of the includer: out, params.n, bias f32[n] where BIAS. Constants: BIAS, ACTIVATION, VECTOR_OUT.

alias Real = vec4<f32>;
#include lib/activation
#include lib/store

fn bias_at(column: u32) -> vec4<f32> {
#if BIAS
  let last = params.n - 1u;
  return vec4<f32>(
    bias[min(column, last)],
    bias[min(column + 1u, last)],
    bias[min(column + 2u, last)],
    bias[min(column + 3u, last)]);
#else
  return vec4<f32>(0.0);
#end
}
