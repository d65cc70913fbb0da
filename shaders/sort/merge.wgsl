// Neighbouring runs become one that is twice as long; of equals those of the first run come first.
//
// Bindings: keys u32[rows, n] and order i32[rows, n] in runs; merged_order, and where KEYS merged_keys, the same.
// Constants: KEYS; ITEMS, of the result for each invocation; THREADS.
// Mapping: an invocation for ITEMS neighbours of a row's result; a line of workgroups. It finds how many of the elements
//   before its own are of the first run by bisection, and merges from there.
// Source: Green, McColl & Bader 2012 (merge path).

struct Params {
  rows: u32,
  n: u32,
  run: u32,
  parts: u32,
}

@group(0) @binding(0) var<storage, read> keys: array<u32>;
@group(0) @binding(1) var<storage, read> order: array<u32>;
@group(0) @binding(2) var<storage, read_write> merged_order: array<u32>;
#if KEYS
@group(0) @binding(3) var<storage, read_write> merged_keys: array<u32>;
#end
@group(0) @binding($(3 + KEYS)) var<uniform> params: Params;

fn element(i: u32) {
  let row = (i / params.parts) * params.n;
  let at = (i % params.parts) * $(ITEMS)u;
  // Runs are multiples of ITEMS, so that all items are of one pair.
  let first = at - at % (2u * params.run);
  let middle = min(first + params.run, params.n);
  let end = min(middle + params.run, params.n);
  let before = at - first;
  var low = before - min(before, end - middle);
  var high = min(before, middle - first);
  while (low < high) {
    let half = (low + high) / 2u;
    if (keys[row + first + half] <= keys[row + middle + before - 1u - half]) {
      low = half + 1u;
    } else {
      high = half;
    }
  }
  var a = first + low;
  var b = middle + before - low;
  for (var to = at; to < min(at + $(ITEMS)u, end); to++) {
    var source = a;
    if (a >= middle) {
      source = b;
    } else if (b < end && keys[row + b] < keys[row + a]) {
      source = b;
    }
    merged_order[row + to] = order[row + source];
#if KEYS
    merged_keys[row + to] = keys[row + source];
#end
    if (source == a) {
      a++;
    } else {
      b++;
    }
  }
}

#include lib/line with count = "params.rows * params.parts"
