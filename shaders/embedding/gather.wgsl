// Rows of a table by their numbers; ids below 0 are padding and give zeros, those beyond the table NaN.
//
// Bindings: table [rows, features], ids i32[count], out [count, features], as 32-bit words.
// Constants: VALUE, the type of one or four words; THREADS.
// Mapping: an invocation for each VALUE of out; a line of workgroups. `size` and `features` in units of it.

struct Params {
  size: u32,
  rows: u32,
  features: u32,
}

@group(0) @binding(0) var<storage, read> table: array<$(VALUE)>;
@group(0) @binding(1) var<storage, read> ids: array<i32>;
@group(0) @binding(2) var<storage, read_write> out: array<$(VALUE)>;
@group(0) @binding(3) var<uniform> params: Params;

fn element(i: u32) {
  let number = ids[i / params.features];
  // A negative one becomes a large number.
  let row = u32(number);
  var value = $(VALUE)(select(0x7fc00000u, 0u, number < 0));
  if (row < params.rows) {
    value = table[row * params.features + i % params.features];
  }
  out[i] = value;
}

#include lib/line with count = "params.size"
