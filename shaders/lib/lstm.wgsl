// What both modes of the LSTM have: bindings, and the gates.
// Names of the includer: Params.

@group(0) @binding(0) var<storage, read_write> gates: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> recurrent: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> h0: array<f32>;
@group(0) @binding(3) var<storage, read> c0: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@group(0) @binding(5) var<storage, read_write> cells: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

alias Real = f32;
#include lib/gates

// The gates i f g o of their arguments.
fn activate(a: vec4<f32>) -> vec4<f32> {
  return vec4<f32>(sigmoid(a.x), sigmoid(a.y), tanh_exact(a.z), sigmoid(a.w));
}
