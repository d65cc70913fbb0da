// Gradient of the averages of windows: every input element gathers its share of the windows over it.
//
// Bindings: g f32[N, OH, OW, C], what an epilogue reads, out f32[N, H, W, C]; params.
// Constants: VECTOR 1 where C is a multiple of 4: Value is then four channels, elsewhere one; those of lib/epilogue.
// Mapping: an invocation per output Value in memory order; workgroup_id.x + y · num_workgroups.x is a block of 64.
// Accumulation: f32 in the order of the windows, no atomics: the same bits every time.
// Source: docs/kernels.md, Pooling.

@group(0) @binding(0) var<storage, read> g: array<Value>;
@group(0) @binding($(1 + EPILOGUE_BINDINGS)) var<storage, read_write> out: array<Value>;
@group(0) @binding($(2 + EPILOGUE_BINDINGS)) var<uniform> params: Params;

fn share(window: u32, place: u32, channel: u32, scale: f32) -> Value {
  return g[window] * scale;
}

#include lib/windows_over
