// The gradient of a table: for each row the sum of g over the places where its id stands. The plain kernel.
//
// Bindings: ids i32[count], g [count, features], out [rows, features], f32.
// Constants: THREADS.
// Mapping: an invocation owns one feature of a block of rows: it sets them to zero, then goes through the ids once
//   and adds to its own elements. A line of workgroups.
// Accumulation: in the order of the ids, f32; no atomics, so the same bits each time.

struct Params {
  rows: u32,
  features: u32,
  count: u32,
  blocks: u32,
  block_rows: u32,
}

@group(0) @binding(0) var<storage, read> ids: array<i32>;
@group(0) @binding(1) var<storage, read> g: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

fn element(i: u32) {
  let feature = i % params.features;
  let first = (i / params.features) * params.block_rows;
  let end = min(first + params.block_rows, params.rows);
  for (var row = first; row < end; row++) {
    out[row * params.features + feature] = 0.0;
  }
  for (var n = 0u; n < params.count; n++) {
    // A negative id becomes a large number.
    let row = u32(ids[n]);
    if (row >= first && row < end) {
      out[row * params.features + feature] += g[n * params.features + feature];
    }
  }
}

#include lib/line with count = "params.blocks * params.features"
