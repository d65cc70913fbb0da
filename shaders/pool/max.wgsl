// Maxima of windows, and which place of its window each one is. Places of the padding never win; of equal places the
// first one does; the first NaN wins over all numbers.
//
// Bindings: x f32[N, H, W, C], what an epilogue reads, out f32[N, OH, OW, C], index i32[N, OH, OW, C] (kh · KW + kw); params.
// Constants: VECTOR 1 where C is a multiple of 4: Value is then four channels, elsewhere one; those of lib/epilogue.
// Mapping: an invocation per output Value in memory order; workgroup_id.x + y · num_workgroups.x is a block of 64.
// Accumulation: none, the result is exact.
// Source: ops/pool.ts.

@group(0) @binding(0) var<storage, read> x: array<Value>;
@group(0) @binding($(1 + EPILOGUE_BINDINGS)) var<storage, read_write> out: array<Value>;
@group(0) @binding($(2 + EPILOGUE_BINDINGS)) var<storage, read_write> index: array<Index>;
@group(0) @binding($(3 + EPILOGUE_BINDINGS)) var<uniform> params: Params;

struct Total {
  best: Value,
  winner: Index,
}

fn begin(at: u32) -> Total {
  return Total(Value(params.scalar), Index(-1));
}

fn visit(total: Total, value: Value, place: i32) -> Total {
  // By bits: a compiler may assume that no NaN exists.
  let is_new_nan = (bitcast<Word>(value) & Word(0x7fffffffu)) > Word(0x7f800000u);
  let is_old_nan = (bitcast<Word>(total.best) & Word(0x7fffffffu)) > Word(0x7f800000u);
  let is_better = (total.winner < Index(0)) | (value > total.best) | (is_new_nan & !is_old_nan);
  return Total(select(total.best, value, is_better), select(total.winner, Index(place), is_better));
}

fn finish(at: u32, total: Total, scale: f32) {
  store(at, total.best);
  index[at] = total.winner;
}

#include lib/pool_windows
