// What both modes of the LSTM's gradients have: bindings, and the gradients of one cell.
// Names of the includer: Params. Constants: HAS_CELLS 0 or 1.

@group(0) @binding(0) var<storage, read_write> gates: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> recurrent: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> c0: array<f32>;
@group(0) @binding(3) var<storage, read> cells: array<f32>;
@group(0) @binding(4) var<storage, read> g_y: array<f32>;
#if HAS_CELLS
@group(0) @binding(5) var<storage, read> g_cells: array<f32>;
#end
@group(0) @binding($(5 + HAS_CELLS)) var<storage, read_write> g_h0: array<f32>;
@group(0) @binding($(6 + HAS_CELLS)) var<storage, read_write> g_c0: array<f32>;
@group(0) @binding($(7 + HAS_CELLS)) var<uniform> params: Params;

alias Real = f32;
#include lib/gates

// Gradients of the arguments of the gates i f g o; see ops/recurrent.ts for the equations.
fn argument_gradient(gate: vec4<f32>, before: f32, tanh_c: f32, dh: f32, dc: f32) -> vec4<f32> {
  return vec4<f32>(
    dc * gate.z * gate.x * (1.0 - gate.x),
    dc * before * gate.y * (1.0 - gate.y),
    dc * gate.x * (1.0 - gate.z * gate.z),
    dh * tanh_c * gate.w * (1.0 - gate.w));
}
