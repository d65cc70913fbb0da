// The element of each window that `index` names; 0 where it names none.
//
// Bindings: x f32[N, H, W, C], index i32[N, OH, OW, C] (kh · KW + kw), what an epilogue reads, out f32[N, OH, OW, C]; params.
// Constants: VECTOR 1 where C is a multiple of 4: Value is then four channels, elsewhere one; those of lib/epilogue.
// Mapping: an invocation per output Value in memory order; workgroup_id.x + y · num_workgroups.x is a block of 64.
// Accumulation: none, the result is exact.
// Source: ops/pool.ts.

@group(0) @binding(0) var<storage, read> x: array<Value>;
@group(0) @binding(1) var<storage, read> index: array<Index>;
@group(0) @binding($(2 + EPILOGUE_BINDINGS)) var<storage, read_write> out: array<Value>;
@group(0) @binding($(3 + EPILOGUE_BINDINGS)) var<uniform> params: Params;

struct Total {
  winner: Index,
  found: Value,
}

fn begin(at: u32) -> Total {
  return Total(index[at], Value(0.0));
}

fn visit(total: Total, value: Value, place: i32) -> Total {
  return Total(total.winner, select(total.found, value, total.winner == Index(place)));
}

fn finish(at: u32, total: Total, scale: f32) {
  store(at, total.found);
}

#include lib/pool_windows
