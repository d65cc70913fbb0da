// Gradient of a depthwise convolution with a stride with respect to the input: every element of x gathers from the
// windows over it, so that nothing is multiplied by inserted zeros.
//
// Bindings: g f32[N, OH, OW, C], w f32[KH, KW, 1, C], what an epilogue reads, out f32[N, H, W, C]; params.
// Constants: VECTOR 1 where C is a multiple of 4: Value is then four channels, elsewhere one; those of
//   lib/epilogue.
// Mapping: an invocation per output Value in memory order; workgroup_id.x + y · num_workgroups.x is a block of 64.
// Accumulation: f32 in the order of the windows; error ≤ ⌈KH/sh⌉·⌈KW/sw⌉ · 2⁻²⁴ relative to Σ|g||w|.
// Source: docs/kernels.md, Convolution.

@group(0) @binding(0) var<storage, read> g: array<Value>;
@group(0) @binding(1) var<storage, read> w: array<Value>;
@group(0) @binding($(2 + EPILOGUE_BINDINGS)) var<storage, read_write> out: array<Value>;
@group(0) @binding($(3 + EPILOGUE_BINDINGS)) var<uniform> params: Params;

fn share(window: u32, place: u32, channel: u32, scale: f32) -> Value {
  return g[window] * w[place * params.channels + channel];
}

#include lib/windows_over
