// Averages of windows; places of the padding count as zeros.
//
// Bindings: x f32[N, H, W, C], what an epilogue reads, out f32[N, OH, OW, C]; params.
// Constants: VECTOR 1 where C is a multiple of 4: Value is then four channels, elsewhere one; MANY 1 where a window has
//   more than 64 places; those of lib/epilogue.
// Mapping: an invocation per output Value in memory order; workgroup_id.x + y · num_workgroups.x is a block of 64.
// Accumulation: f32 in the order of the places; sixteen at a time where there are many, and sixteen times that many.
// Source: ops/pool.ts.

@group(0) @binding(0) var<storage, read> x: array<Value>;
@group(0) @binding($(1 + EPILOGUE_BINDINGS)) var<storage, read_write> out: array<Value>;
@group(0) @binding($(2 + EPILOGUE_BINDINGS)) var<uniform> params: Params;

#if MANY
struct Total {
  few: Value,
  some: Value,
  more: Value,
}

fn begin(at: u32) -> Total {
  return Total(Value(0.0), Value(0.0), Value(0.0));
}

fn visit(before: Total, value: Value, place: i32) -> Total {
  var total = before;
  total.few += value;
  if ((place & 15) == 15) {
    total.some += total.few;
    total.few = Value(0.0);
  }
  if ((place & 255) == 255) {
    total.more += total.some;
    total.some = Value(0.0);
  }
  return total;
}

fn finish(at: u32, total: Total, scale: f32) {
  store(at, (total.more + (total.some + total.few)) * scale);
}
#else
alias Total = Value;

fn begin(at: u32) -> Total {
  return Total(0.0);
}

fn visit(total: Total, value: Value, place: i32) -> Total {
  return total + value;
}

fn finish(at: u32, total: Total, scale: f32) {
  store(at, total * scale);
}
#end

#include lib/pool_windows
