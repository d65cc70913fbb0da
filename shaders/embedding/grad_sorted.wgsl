// The gradient of a table, as grad_columns, for so many rows and ids that comparing all of them takes longer than sorting.
//
// Bindings: keys u32[count], the ids in order, as lib/sort_key writes them; order i32[count], where each is; g [count, features],
//   out [rows, features], f32.
// Constants: THREADS.
// Mapping: an invocation for each element of out; a line of workgroups. It finds the first of its ids by bisection.
// Accumulation: in the order of the ids, f32.

struct Params {
  rows: u32,
  features: u32,
  count: u32,
}

@group(0) @binding(0) var<storage, read> keys: array<u32>;
@group(0) @binding(1) var<storage, read> order: array<u32>;
@group(0) @binding(2) var<storage, read> g: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

fn element(i: u32) {
  let key = (i / params.features) | 0x80000000u;
  let feature = i % params.features;
  var low = 0u;
  var high = params.count;
  while (low < high) {
    let half = (low + high) / 2u;
    if (keys[half] < key) {
      low = half + 1u;
    } else {
      high = half;
    }
  }
  var total = 0.0;
  for (; low < params.count && keys[low] == key; low++) {
    total += g[order[low] * params.features + feature];
  }
  out[i] = total;
}

#include lib/line with count = "params.rows * params.features"
