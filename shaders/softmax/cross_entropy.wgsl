// Cross-entropy of every row of logits with its label; 0 where the label is no class.
//
// Bindings: logits f32[rows, classes], labels i32[rows], out f32[rows].
// Constants: THREADS, a power of two; ROWS.
// Mapping and accumulation: lib/softmax_rows.

#include lib/softmax_rows

@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read> labels: array<i32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

fn finish(row: u32, lane: u32, sums: Sums) {
  let start = row * params.classes;
  if (lane == 0u) {
    // A negative label becomes a large number.
    let label = u32(labels[row]);
    var loss = 0.0;
    if (label < params.classes) {
      // In this order, so that a confident row keeps the digits of a small loss.
      loss = log(sums.total) + (sums.largest - logits[start + label]);
    }
    out[row] = loss;
  }
}
