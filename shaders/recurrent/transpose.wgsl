// The recurrent weights with both units exchanged, so that neighbouring invocations of the gradient read neighbouring
// vectors: in place of a cache line each, at every step of the sequence.
//
// Bindings: recurrent f32[U, U, 4] ([k][unit][gate]), out f32[U, U, 4] ([unit][k][gate]); params.
// Constants: none.
// Mapping: an invocation per vector of out; workgroup_id.x + y · num_workgroups.x is a block of 64.
// Accumulation: none, the result is exact.
// Source: KERNELS.md 2.

struct Params {
  units: u32,
}

@group(0) @binding(0) var<storage, read> recurrent: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> out: array<vec4<f32>>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let at = (group.x + group.y * groups.x) * 64u + thread;
  if (at >= params.units * params.units) {
    return;
  }
  out[at] = recurrent[(at % params.units) * params.units + at / params.units];
}
