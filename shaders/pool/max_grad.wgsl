// Gradient of the maxima of windows: every input element gathers the gradients of the ≤ ⌈K/S⌉² windows that it won.
//
// Bindings: g f32[N, OH, OW, C], index i32[N, OH, OW, C] (kh · KW + kw), what an epilogue reads, out f32[N, H, W, C]; params.
// Constants: VECTOR 1 where C is a multiple of 4: Value is then four channels, elsewhere one; those of lib/epilogue.
// Mapping: an invocation per output Value in memory order; workgroup_id.x + y · num_workgroups.x is a block of 64.
// Accumulation: f32 in the order of the windows, no atomics: the same bits every time.
// Source: docs/kernels.md, Pooling.

@group(0) @binding(0) var<storage, read> g: array<Value>;
@group(0) @binding(1) var<storage, read> index: array<Index>;
@group(0) @binding($(2 + EPILOGUE_BINDINGS)) var<storage, read_write> out: array<Value>;
@group(0) @binding($(3 + EPILOGUE_BINDINGS)) var<uniform> params: Params;

fn share(window: u32, place: u32, channel: u32, scale: f32) -> Value {
  return select(Value(0.0), g[window], index[window] == Index(i32(place)));
}

#include lib/windows_over
