// Averages of windows; cells of the padding count as zeros.
//
// Bindings: x f32[N, H, W, C], out f32[N, OH, OW, C]; params.
// Constants: VECTOR 1 where C is a multiple of 4: Value is then four channels, elsewhere one.
// Mapping: an invocation per output Value in memory order; workgroup_id.x + y · num_workgroups.x is a block of 64.
// Accumulation: f32 in the order of the cells; error ≤ KH · KW · 2⁻²⁴ relative to Σ|x|.
// Source: ops/pool.ts.

@group(0) @binding(0) var<storage, read> x: array<Value>;
@group(0) @binding(1) var<storage, read_write> out: array<Value>;
@group(0) @binding(2) var<uniform> params: Params;

alias Total = Value;

fn begin(at: u32) -> Total {
  return Total(0.0);
}

fn visit(total: Total, value: Value, cell: i32) -> Total {
  return total + value;
}

fn finish(at: u32, total: Total) {
  out[at] = total * params.scalar;
}

#include lib/pool_windows
