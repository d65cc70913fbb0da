// Runs of neighbours in order: an element's place in its run is the number of those that come before it; of equals the
// first one does.
//
// Bindings: x [rows, n], the bits of 32-bit elements; order i32[rows, n], where in its row the element is that belongs
//   there; where KEYS, keys u32[rows, n], of those elements.
// Constants: KEYS; those of lib/sort_key; THREADS.
// Mapping: an invocation for each element; a line of workgroups. Neighbours read the same elements.

#include lib/sort_key

struct Params {
  count: u32,
  n: u32,
  run: u32,
}

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read_write> order: array<u32>;
#if KEYS
@group(0) @binding(2) var<storage, read_write> keys: array<u32>;
#end
@group(0) @binding($(2 + KEYS)) var<uniform> params: Params;

fn element(i: u32) {
  let own = i % params.n;
  let row = i - own;
  let start = own - own % params.run;
  let end = min(start + params.run, params.n);
  let key = key_of(x[i]);
  var place = start;
  for (var j = start; j < own; j++) {
    place += u32(key_of(x[row + j]) <= key);
  }
  for (var j = own + 1u; j < end; j++) {
    place += u32(key_of(x[row + j]) < key);
  }
  order[row + place] = own;
#if KEYS
  keys[row + place] = key;
#end
}

#include lib/line with count = "params.count"
