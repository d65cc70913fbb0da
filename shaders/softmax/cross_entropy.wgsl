// Cross-entropy of every row of logits with its label; 0 where the label is negative, NaN where it is no class.
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
    let label = labels[row];
    var loss = 0.0;
    if (label >= i32(params.classes)) {
      loss = nan_of(label);
    } else if (label >= 0) {
      // In this order, so that a confident row keeps the digits of a small loss.
      loss = log_of_sum(sums.total) + (sums.largest - logits[start + u32(label)]);
    }
    out[row] = loss;
  }
}
